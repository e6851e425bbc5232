/**
   @file wxrecord.c
   libwxrecord.so: LD_PRELOAD=libwxrecord.so WXRECORD=/absolute/FILE records what the program's
   .NET runtime asks of its executable memory into FILE (trace/trace_format.h).

   It forwards each call to the next library that defines it, so it comes before others that do
   not forward, and records what came of it.
*/
#include "preload/libc.h"
#include "preload/recorder.h"

#define EXPORT          __attribute__((visibility("default")))
#define NEXT            ((void *)-1L) // RTLD_NEXT of glibc and musl.
#define LOCAL_TO_THREAD _Thread_local __attribute__((tls_model("initial-exec")))

typedef void *Mmap(void *hint, size_t size, int protection, int flags, int fd, long offset);
typedef int Munmap(void *start, size_t size);
typedef int Mprotect(void *start, size_t size, int protection);
typedef int Ftruncate(int fd, long size);

extern void *dlsym(void *handle, const char *name) __attribute__((weak));

static WxRecorder recorder;
static LOCAL_TO_THREAD WxRecorderThread thread;

/* Without the next library, or before this one is set up: the system call itself
 * -------------------------------------------------------------------------------------------------
 */

static void *call_mmap(void *hint, size_t size, int protection, int flags, int fd, long offset) {
  return (void *)wx_libc_result(wx_raw_mmap(hint, size, protection, flags, fd, (uint64_t)offset));
}
static int call_munmap(void *start, size_t size) {
  return (int)wx_libc_result(wx_raw_munmap(start, size));
}
static int call_mprotect(void *start, size_t size, int protection) {
  return (int)wx_libc_result(wx_raw_mprotect(start, size, protection));
}
static int call_ftruncate(int fd, long size) {
  return (int)wx_libc_result(wx_raw_ftruncate(fd, size));
}

static Mmap *next_mmap = call_mmap;
static Mmap *next_mmap64 = call_mmap;
static Munmap *next_munmap = call_munmap;
static Mprotect *next_mprotect = call_mprotect;
static Ftruncate *next_ftruncate = call_ftruncate;
static Ftruncate *next_ftruncate64 = call_ftruncate;

static __attribute__((constructor)) void begin(void) {
  const struct {
    const char *name;
    void *function;
  } nexts[] = {{"mmap", &next_mmap},           {"mmap64", &next_mmap64},
               {"munmap", &next_munmap},       {"mprotect", &next_mprotect},
               {"ftruncate", &next_ftruncate}, {"ftruncate64", &next_ftruncate64}};
  for (size_t i = 0; dlsym && i < sizeof nexts / sizeof *nexts; i++) {
    void *found = dlsym(NEXT, nexts[i].name);
    if (found)
      __builtin_memcpy(nexts[i].function, &found, sizeof found);
  }
}

/* The functions
 * -------------------------------------------------------------------------------------------------
 */

static void *do_mmap(Mmap *next, const WxMapCall *call) {
  void *mapped = next((void *)call->base, call->size, call->protection, call->flags, call->fd,
                      (long)call->offset);
  if (mapped != (void *)-1L)
    wx_recorder_mapped(&recorder, &thread, call, (uintptr_t)mapped);
  return mapped;
}

EXPORT void *mmap(void *hint, size_t size, int protection, int flags, int fd, long offset) {
  const WxMapCall call = {(uintptr_t)hint, size, protection, flags, fd, (uint64_t)offset};
  return do_mmap(next_mmap, &call);
}

EXPORT void *mmap64(void *hint, size_t size, int protection, int flags, int fd, long offset) {
  const WxMapCall call = {(uintptr_t)hint, size, protection, flags, fd, (uint64_t)offset};
  return do_mmap(next_mmap64, &call);
}

EXPORT int munmap(void *start, size_t size) {
  WxUnmapping unmapping;
  wx_recorder_unmapping(&recorder, &thread, (uintptr_t)start, size, &unmapping);
  const int result = next_munmap(start, size);
  wx_recorder_unmapped(&recorder, &thread, &unmapping, result == 0);
  return result;
}

EXPORT int mprotect(void *start, size_t size, int protection) {
  const int result = next_mprotect(start, size, protection);
  if (result == 0)
    wx_recorder_protected(&recorder, &thread, (uintptr_t)start, size, protection);
  return result;
}

static int do_ftruncate(Ftruncate *next, int fd, long size) {
  const int result = next(fd, size);
  const char *path = recorder.path ? recorder.path : wx_libc_environment("WXRECORD");
  if (result == 0 && path && *path == '/') {
    if (!recorder.path)
      wx_recorder_begin(&recorder, path);
    wx_recorder_sized(&recorder, &thread, fd);
  }
  return result;
}

EXPORT int ftruncate(int fd, long size) {
  return do_ftruncate(next_ftruncate, fd, size);
}

EXPORT int ftruncate64(int fd, long size) {
  return do_ftruncate(next_ftruncate64, fd, size);
}

static __attribute__((destructor)) void end(void) {
  wx_recorder_end(&recorder, &thread);
}

static _Noreturn void end_at_once(int status) {
  wx_recorder_end(&recorder, &thread);
  wx_raw_exit(status);
}

EXPORT _Noreturn void _exit(int status) {
  end_at_once(status);
}
EXPORT _Noreturn void _Exit(int status) {
  end_at_once(status);
}
