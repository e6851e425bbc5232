/**
   @file giveback.h
   Gives each block that the runtime releases back to the kernel, right after the runtime's own
   munmap() and still under the runtime's own lock.

   The runtime relies on a released block being zero and has filled it with zeros; a hole reads as
   zero. So giving it back changes no byte that anyone can read, and it is done only where that is
   certain: the descriptor is still the file that was recognised, the block lies inside it, and
   every byte of it was zero when it was unmapped. Whatever fails, the program gets the result of
   its own call, and the block stays as the runtime left it.

   Each function makes the program's call and returns what the kernel returned (raw.h). They are
   thread-safe without a lock, and work on in a forked child.
*/
#ifndef WX_PRELOAD_GIVEBACK_H
#define WX_PRELOAD_GIVEBACK_H

#include "preload/files.h"
#include "preload/recogniser.h"

#include <stdatomic.h>
#include <stdbool.h>

/// What one process has done. All zero is the beginning.
typedef struct {
  WxFiles files;
  _Atomic bool seen;           ///< The runtime's file was there.
  _Atomic bool aside;          ///< The program gives its memory back itself: leave it alone.
  _Atomic uint64_t releases;   ///< Blocks recognised.
  _Atomic uint64_t given_back; ///< Bytes of them that were punched.
  _Atomic uint64_t empty;      ///< Blocks that held no memory any more.
  _Atomic uint64_t dirty;      ///< Blocks left alone: not all zero, or not inside the file.
  _Atomic uint64_t failed;     ///< Blocks that the kernel did not take.
  _Atomic int error;           ///< The errno of the first of them.
  _Atomic uint64_t dealt;      ///< Changes whenever all of these are complete anew.
} WxGiveback;

/// The counts at one moment.
typedef struct {
  uint64_t releases, given_back, empty, dirty, failed;
  int error;
  bool aside;
} WxGivebackCounts;

/// `recogniser` is the calling thread's.
long wx_giveback_mmap(WxGiveback *state, WxRecogniser *recogniser, const WxMapCall *call);
int wx_giveback_munmap(WxGiveback *state, WxRecogniser *recogniser, uintptr_t base, size_t size);
int wx_giveback_ftruncate(WxGiveback *state, int fd, int64_t size);
int wx_giveback_fallocate(WxGiveback *state, int fd, int mode, int64_t offset, int64_t size);

WxGivebackCounts wx_giveback_counts(const WxGiveback *state);

/// What came to be between the two.
WxGivebackCounts wx_giveback_less(const WxGivebackCounts *now, const WxGivebackCounts *before);

/// Room for any report.
enum { WX_GIVEBACK_LINE = 512 };

/// Writes what was done as one line with its newline into `text`; a failure with its errno and what
/// to do. Returns its length, never above `capacity`; the line is cut off there.
size_t wx_giveback_report(const WxGivebackCounts *counts, uint32_t pid, char *text,
                          size_t capacity);

#endif
