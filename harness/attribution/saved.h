/**
   @file saved.h
   A file that somebody saved, to be read more than once: what comes through a pipe (`-`,
   `/dev/stdin`, `<(ssh host cat ...)`) can be read a single time, and is copied first.
*/
#ifndef WX_ATTRIBUTION_SAVED_H
#define WX_ATTRIBUTION_SAVED_H

enum { WX_SAVED_PATH = 32 };

/// Start with wx_saved_open(), end with wx_saved_close(), also after a failure.
typedef struct {
  const char *path; ///< Where it can be read from its beginning as often as one likes.
  int copy;         ///< A copy in memory, or -1.
  char own[WX_SAVED_PATH];
} WxSaved;

/// `path`, or standard input where that is "-". A regular file stays what it is; of anything else a
/// copy of at most 256 MiB is made. Returns 0, -EFBIG where it is longer, -EISDIR, or another
/// negative errno where it cannot be read.
int wx_saved_open(WxSaved *saved, const char *path);

void wx_saved_close(WxSaved *saved);

#endif
