/**
   @file recogniser.h
   Recognises, in the calls that one thread makes, how the .NET runtime gives executable memory
   back: a pure state machine that makes no call itself.

   Runtimes 8 to 11 release a block of the double-mapped file by mapping the whole of it again,
   readable and writable, at its own address; filling it with zeros; and unmapping it
   (dotnet/runtime 89776). No other operation of the runtime maps that file at a fixed address for
   writing. So a release is exactly two consecutive mapping calls of one thread:

       mmap(base, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, offset) = base
       munmap(base, size)

   Anything else in between, another size or address, or flags beyond these, is not a release.
*/
#ifndef WX_PRELOAD_RECOGNISER_H
#define WX_PRELOAD_RECOGNISER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// The arguments of one mmap().
typedef struct {
  uintptr_t base;
  size_t size; ///< Bytes.
  int protection;
  int flags;
  int fd;
  uint64_t offset; ///< In the file, bytes.
} WxMapCall;

/// What one thread did last. All zero is the beginning.
typedef struct {
  WxMapCall candidate; ///< A mapping that is half of a release; its size is 0 where there is none.
} WxRecogniser;

/// Whether a call has the form of the first half of a release, the file left aside. Cheap: it is
/// asked for every mmap() of the process.
bool wx_recogniser_may_begin(const WxMapCall *call);

/// The thread mapped something. `doublemapper`: the call succeeded, and its file is the runtime's.
void wx_recogniser_mapped(WxRecogniser *recogniser, const WxMapCall *call, bool doublemapper);

/// The thread is about to unmap [base, base + size). Returns whether that is the second half of a
/// release; then `*release` is the first. Either way the recogniser begins anew.
bool wx_recogniser_unmapping(WxRecogniser *recogniser, uintptr_t base, size_t size,
                             WxMapCall *release);

#endif
