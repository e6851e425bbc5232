/**
   @file wxreclaim.c
   libwxreclaim.so: LD_PRELOAD=libwxreclaim.so gives the memory that an unmodified .NET runtime
   releases back to the kernel, with W^X left on. `WXRECLAIM=stats:PATH` says in PATH.PID what it
   did.

   It stands in for the five functions the runtime calls (two under two names, and fallocate to see
   a runtime that punches itself) and makes the system call directly, so a preload that forwards to
   the next one has to come before it. Two differences from the C library remain: fallocate is no
   cancellation point, and munmap under musl does not wait for a process-shared mutex that another
   thread is unlocking at that moment.
*/
#include "preload/giveback.h"
#include "preload/libc.h"
#include "preload/stats.h"

#define EXPORT         __attribute__((visibility("default")))
#define ALSO(ORIGINAL) __attribute__((visibility("default"), alias(#ORIGINAL)))

static WxGiveback state;
static WxStats stats;
static _Thread_local __attribute__((tls_model("initial-exec"))) WxRecogniser recogniser;

EXPORT void *mmap(void *hint, size_t size, int protection, int flags, int fd, long offset) {
  const WxMapCall call = {(uintptr_t)hint, size, protection, flags, fd, (uint64_t)offset};
  return (void *)wx_libc_result(wx_giveback_mmap(&state, &recogniser, &call));
}
void *mmap64(void *hint, size_t size, int protection, int flags, int fd, long offset) ALSO(mmap);

EXPORT int munmap(void *start, size_t size) {
  const int result = wx_giveback_munmap(&state, &recogniser, (uintptr_t)start, size);
  wx_stats_follow(&stats, &state);
  return (int)wx_libc_result(result);
}

EXPORT int ftruncate(int fd, long size) {
  const int result = wx_giveback_ftruncate(&state, fd, size);
  if (atomic_load(&state.seen) && !atomic_load(&stats.begun))
    wx_stats_begin(&stats, wx_libc_environment("WXRECLAIM"), wx_libc_environment("TMPDIR"));
  return (int)wx_libc_result(result);
}
int ftruncate64(int fd, long size) ALSO(ftruncate);

EXPORT int fallocate(int fd, int mode, long offset, long size) {
  const int result = wx_giveback_fallocate(&state, fd, mode, offset, size);
  wx_stats_follow(&stats, &state);
  return (int)wx_libc_result(result);
}
int fallocate64(int fd, int mode, long offset, long size) ALSO(fallocate);
