#include "preload/raw.h"

#include "preload/syscall.h"

#include <asm/stat.h>
#include <linux/falloc.h>
#include <linux/fcntl.h>
#include <linux/futex.h>
#include <linux/resource.h>
#include <linux/time.h>

enum { SEEK_TO_DATA = 3, SEEK_TO_HOLE = 4, BLOCK = 512 };

static long pointer(const void *address) {
  return (long)(uintptr_t)address;
}

long wx_raw_mmap(void *hint, size_t size, int protection, int flags, int fd, uint64_t offset) {
  return wx_syscall(__NR_mmap, pointer(hint), (long)size, protection, flags, fd, (long)offset);
}

int wx_raw_munmap(void *start, size_t size) {
  return (int)wx_syscall(__NR_munmap, pointer(start), (long)size, 0, 0, 0, 0);
}

int wx_raw_ftruncate(int fd, int64_t size) {
  return (int)wx_syscall(__NR_ftruncate, fd, size, 0, 0, 0, 0);
}

int wx_raw_fallocate(int fd, int mode, int64_t offset, int64_t size) {
  return (int)wx_syscall(__NR_fallocate, fd, mode, offset, size, 0, 0);
}

int wx_raw_punch_hole(int fd, uint64_t offset, uint64_t size) {
  return wx_raw_fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (int64_t)offset,
                          (int64_t)size);
}

int64_t wx_raw_seek_data(int fd, uint64_t offset) {
  return wx_syscall(__NR_lseek, fd, (long)offset, SEEK_TO_DATA, 0, 0, 0);
}

int64_t wx_raw_seek_hole(int fd, uint64_t offset) {
  return wx_syscall(__NR_lseek, fd, (long)offset, SEEK_TO_HOLE, 0, 0, 0);
}

int wx_raw_fstat(int fd, WxRawFile *file) {
  struct stat status;
  const int failure = (int)wx_syscall(__NR_fstat, fd, pointer(&status), 0, 0, 0, 0);
  if (failure)
    return failure;
  // NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): the kernel has filled it.
  file->device = status.st_dev;
  file->inode = status.st_ino;
  file->size = (uint64_t)status.st_size;
  file->allocated = (uint64_t)status.st_blocks * BLOCK;
  return 0;
}

long wx_raw_readlink(const char *path, char *target, size_t capacity) {
  return wx_syscall(__NR_readlinkat, AT_FDCWD, pointer(path), pointer(target), (long)capacity, 0,
                    0);
}

int wx_raw_getpid(void) {
  return (int)wx_syscall(__NR_getpid, 0, 0, 0, 0, 0, 0);
}

int wx_raw_open(const char *path, int flags, int mode) {
  return (int)wx_syscall(__NR_openat, AT_FDCWD, pointer(path), flags | O_CLOEXEC, mode, 0, 0);
}

int wx_raw_close(int fd) {
  return (int)wx_syscall(__NR_close, fd, 0, 0, 0, 0, 0);
}

int wx_raw_unlink(const char *path) {
  return (int)wx_syscall(__NR_unlinkat, AT_FDCWD, pointer(path), 0, 0, 0, 0);
}

long wx_raw_getcwd(char *path, size_t capacity) {
  return wx_syscall(__NR_getcwd, pointer(path), (long)capacity, 0, 0, 0, 0);
}

int wx_raw_mprotect(void *start, size_t size, int protection) {
  return (int)wx_syscall(__NR_mprotect, pointer(start), (long)size, protection, 0, 0, 0);
}

int wx_raw_madvise(void *start, size_t size, int advice) {
  return (int)wx_syscall(__NR_madvise, pointer(start), (long)size, advice, 0, 0, 0);
}

long wx_raw_pwrite(int fd, const void *bytes, size_t size, uint64_t offset) {
  return wx_syscall(__NR_pwrite64, fd, pointer(bytes), (long)size, (long)offset, 0, 0);
}

uint64_t wx_raw_file_limit(void) {
  struct rlimit64 limit;
  const long failed = wx_syscall(__NR_prlimit64, 0, RLIMIT_FSIZE, 0, pointer(&limit), 0, 0);
  // NOLINTNEXTLINE(clang-analyzer-core.uninitialized.UndefReturn): the kernel has filled it.
  return failed ? UINT64_MAX : limit.rlim_cur;
}

uint64_t wx_raw_now_ns(void) {
  struct timespec now;
  wx_syscall(__NR_clock_gettime, CLOCK_MONOTONIC, pointer(&now), 0, 0, 0, 0);
  // NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): the kernel has filled it.
  return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

void wx_raw_wait(const uint32_t *word, uint32_t expected) {
  wx_syscall(__NR_futex, pointer(word), FUTEX_WAIT_PRIVATE, expected, 0, 0, 0);
}

void wx_raw_wake(const uint32_t *word) {
  wx_syscall(__NR_futex, pointer(word), FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
}

void wx_raw_exit(int status) {
  for (;;)
    wx_syscall(__NR_exit_group, status, 0, 0, 0, 0, 0);
}
