#include "preload/raw.h"

#include "preload/syscall.h"

#include <asm/stat.h>
#include <linux/falloc.h>
#include <linux/fcntl.h>

enum { SEEK_TO_DATA = 3 };

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

int wx_raw_fstat(int fd, WxRawFile *file) {
  struct stat status;
  const int failure = (int)wx_syscall(__NR_fstat, fd, pointer(&status), 0, 0, 0, 0);
  if (failure)
    return failure;
  file->device = status.st_dev;
  file->inode = status.st_ino;
  file->size = (uint64_t)status.st_size;
  return 0;
}

long wx_raw_readlink(const char *path, char *target, size_t capacity) {
  return wx_syscall(__NR_readlinkat, AT_FDCWD, pointer(path), pointer(target), (long)capacity, 0,
                    0);
}

long wx_raw_write(int fd, const void *bytes, size_t size) {
  return wx_syscall(__NR_write, fd, pointer(bytes), (long)size, 0, 0, 0);
}

int wx_raw_getpid(void) {
  return (int)wx_syscall(__NR_getpid, 0, 0, 0, 0, 0, 0);
}
