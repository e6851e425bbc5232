/**
   @file stats.h
   Says in a file what the library did in one process, for `WXRECLAIM=stats:PATH`.

   Never on a standard stream: a build server reads those of its children. The file is PATH.PID and
   begins with the first release that was recognised; where there was none there is no file. It is
   written anew at each release, so that it is true however the process ends, and it is open only
   meanwhile: a program that closes descriptors it does not know is not disturbed. Mapping it would
   be cheaper, but whoever cuts such a file short kills the program.

   Whatever fails here is passed over: the program does not depend on it.
*/
#ifndef WX_PRELOAD_STATS_H
#define WX_PRELOAD_STATS_H

#include "preload/giveback.h"

enum { WX_STATS_PATH = 4096 };

/// All zero says nothing.
typedef struct {
  char path[WX_STATS_PATH]; ///< Absolute, without the process.
  size_t length;            ///< Of it.
  _Atomic bool begun;
  _Atomic bool on;         ///< The path is there.
  _Atomic uint64_t dealt;  ///< WxGiveback.dealt when it was last looked.
  _Atomic uint64_t wanted; ///< The process, and in the low half how often the file is to be written
                           ///< anew. Whoever makes that 1 writes, the others leave it to them.
  /* Of the thread that writes: */
  WxGivebackCounts seen;   ///< With those of the parents of a forked child, which are
  WxGivebackCounts before; ///< these.
  bool created;
  uint64_t device; ///< The file's, so that another one in its place is not written to.
  uint64_t inode;
} WxStats;

/// Reads the value of WXRECLAIM, NULL without: `stats:PATH`, or `stats` for `libwxreclaim` in the
/// folder `temporary` (the value of TMPDIR; NULL: /tmp). What is relative is taken from the current
/// folder. Only the first call counts.
void wx_stats_begin(WxStats *stats, const char *value, const char *temporary);

/// Writes the file where something was dealt with since the last call. Cheap where nothing was. A
/// forked child writes a file of its own.
void wx_stats_follow(WxStats *stats, const WxGiveback *state);

#endif
