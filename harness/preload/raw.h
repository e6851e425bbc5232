/**
   @file raw.h
   The system calls of the preload libraries, made without a C library: negative errno on failure,
   the caller's errno untouched. A test links its own definitions instead of raw.c.
*/
#ifndef WX_PRELOAD_RAW_H
#define WX_PRELOAD_RAW_H

#include <stddef.h>
#include <stdint.h>

/// What identifies a file, its size and what it has allocated, in bytes.
typedef struct {
  uint64_t device;
  uint64_t inode;
  uint64_t size;
  uint64_t allocated;
} WxRawFile;

/// Returns the address, or a negative errno: [-4095, -1] as every raw call.
long wx_raw_mmap(void *hint, size_t size, int protection, int flags, int fd, uint64_t offset);
int wx_raw_munmap(void *start, size_t size);
int wx_raw_ftruncate(int fd, int64_t size);
int wx_raw_fallocate(int fd, int mode, int64_t offset, int64_t size);

/// Frees [offset, offset + size) of a shared-memory file; its size stays.
int wx_raw_punch_hole(int fd, uint64_t offset, uint64_t size);

/// The first allocated byte of the file at or after `offset`; -ENXIO where there is none.
int64_t wx_raw_seek_data(int fd, uint64_t offset);

/// The first byte at or after `offset` that is not allocated; at most the file's size.
int64_t wx_raw_seek_hole(int fd, uint64_t offset);

int wx_raw_fstat(int fd, WxRawFile *file);

/// Reads a symbolic link, without a NUL. Returns its length, cut off at `capacity`.
long wx_raw_readlink(const char *path, char *target, size_t capacity);

int wx_raw_getpid(void);

/// Opens a file, close-on-exec. Returns the descriptor.
int wx_raw_open(const char *path, int flags, int mode);
int wx_raw_close(int fd);
int wx_raw_unlink(const char *path);

/// The current folder with its NUL, which counts in the length that is returned.
long wx_raw_getcwd(char *path, size_t capacity);
int wx_raw_mprotect(void *start, size_t size, int protection);
int wx_raw_madvise(void *start, size_t size, int advice);

/// Sleeps while `*word` is `expected`, or wakes one or more that sleep on it.
void wx_raw_wait(const uint32_t *word, uint32_t expected);
void wx_raw_wake(const uint32_t *word);

long wx_raw_pwrite(int fd, const void *bytes, size_t size, uint64_t offset);

/// The size above which a file of this process must not grow (RLIMIT_FSIZE).
uint64_t wx_raw_file_limit(void);

/// Nanoseconds of the monotonic clock.
uint64_t wx_raw_now_ns(void);

/// Ends the process.
_Noreturn void wx_raw_exit(int status);

/// Whether a raw result is an error.
static inline int wx_raw_failed(long result) {
  return result < 0 && result >= -4095;
}

#endif
