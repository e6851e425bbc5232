/**
   @file drafts.h
   What is being written of code that is mapped to run only: the caller writes into a copy, which
   then goes through the file's descriptor. Drafts may overlap, so each writes only the bytes in
   which it differs from what it began with.

   Not thread-safe: the lock of the block covers its drafts.
*/
#ifndef WX_STRATEGY_DRAFTS_H
#define WX_STRATEGY_DRAFTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct WxDraft {
  struct WxDraft *next;
  const void *block; ///< Whose it is.
  size_t at;         ///< Of its first byte in the block.
  size_t size;
  bool shared;  ///< Another one shows some of the same bytes, or did.
  char *before; ///< What was there; NULL: zeros.
  char text[];  ///< The caller's view; as much again, for `before`, follows it where there is one.
} WxDraft;

/// Begins a draft of `size` bytes at `at` of `block`, which now read as at `start`; NULL: as zeros.
/// `*view` is where to write. -ENOMEM.
int wx_drafts_begin(WxDraft **drafts, const void *block, size_t at, const void *start, size_t size,
                    void **view);

/// The link to the draft in whose view `view` lies; to NULL where there is none.
WxDraft **wx_drafts_find(WxDraft **drafts, const void *view);

/// Whether one of `block` is in use.
bool wx_drafts_busy(const WxDraft *drafts, const void *block);

/// Writes what differs to a block that begins at `offset` of `fd`: in one call, or where another
/// draft overlapped each run of bytes by itself. Can be repeated after a failure.
int wx_draft_write(const WxDraft *draft, int fd, uint64_t offset);

/// Ends the draft behind `link`.
void wx_drafts_drop(WxDraft **link);

#endif
