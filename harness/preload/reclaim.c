/**
   @file reclaim.c
   libwxreclaim.so: LD_PRELOAD=libwxreclaim.so gives the memory that an unmodified .NET runtime
   releases back to the kernel, with W^X left on. `WXRECLAIM=stats` says at exit what it did.

   It stands in for the five functions the runtime calls (two under two names, and fallocate to see
   a runtime that punches itself) and makes the system call directly, so a preload that forwards to
   the next one has to come before it. Two differences from the C library remain: fallocate is no
   cancellation point, and munmap under musl does not wait for a process-shared mutex that another
   thread is unlocking at that moment.
*/
#include "preload/giveback.h"
#include "preload/libc.h"

#define EXPORT         __attribute__((visibility("default")))
#define ALSO(ORIGINAL) __attribute__((visibility("default"), alias(#ORIGINAL)))

static WxGiveback state;
static int first_pid; // Of the program; a forked child that only exits has nothing to report.
static _Thread_local __attribute__((tls_model("initial-exec"))) WxRecogniser recogniser;

EXPORT void *mmap(void *hint, size_t size, int protection, int flags, int fd, long offset) {
  const WxMapCall call = {(uintptr_t)hint, size, protection, flags, fd, (uint64_t)offset};
  return (void *)wx_libc_result(wx_giveback_mmap(&state, &recogniser, &call));
}
void *mmap64(void *hint, size_t size, int protection, int flags, int fd, long offset) ALSO(mmap);

EXPORT int munmap(void *start, size_t size) {
  return (int)wx_libc_result(wx_giveback_munmap(&state, &recogniser, (uintptr_t)start, size));
}

EXPORT int ftruncate(int fd, long size) {
  return (int)wx_libc_result(wx_giveback_ftruncate(&state, fd, size));
}
int ftruncate64(int fd, long size) ALSO(ftruncate);

EXPORT int fallocate(int fd, int mode, long offset, long size) {
  return (int)wx_libc_result(wx_giveback_fallocate(&state, fd, mode, offset, size));
}
int fallocate64(int fd, int mode, long offset, long size) ALSO(fallocate);

static __attribute__((constructor)) void begin(void) {
  first_pid = wx_raw_getpid();
}

static __attribute__((destructor)) void report(void) {
  char line[320];
  const int pid = wx_raw_getpid();
  const char *wanted = wx_libc_environment("WXRECLAIM");
  if (pid == first_pid && wanted && wx_libc_equal(wanted, "stats"))
    (void)wx_raw_write(2, line, wx_giveback_report(&state, pid, line, sizeof line));
}
