/**
   @file raw.h
   The system calls of the preload libraries, made without a C library: negative errno on failure,
   the caller's errno untouched. A test links its own definitions instead of raw.c.
*/
#ifndef WX_PRELOAD_RAW_H
#define WX_PRELOAD_RAW_H

#include <stddef.h>
#include <stdint.h>

/// What identifies a file, and its size in bytes.
typedef struct {
  uint64_t device;
  uint64_t inode;
  uint64_t size;
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

int wx_raw_fstat(int fd, WxRawFile *file);

/// Reads a symbolic link, without a NUL. Returns its length, cut off at `capacity`.
long wx_raw_readlink(const char *path, char *target, size_t capacity);

long wx_raw_write(int fd, const void *bytes, size_t size);
int wx_raw_getpid(void);

/// Whether a raw result is an error.
static inline int wx_raw_failed(long result) {
  return result < 0 && result >= -4095;
}

#endif
