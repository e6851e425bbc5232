/**
   @file os.h
   The operating-system boundary: every system call of strategy/, measure/ and reclaim/ is made
   here, and nowhere else.

   Common contract: a function returns 0 (or the stated non-negative result) on success and a
   negative errno on failure; errno itself means nothing to callers. Each call that is made is
   counted by kind (count.h). A call that is made to fail by wx_os_inject() is not made at all: the
   state of the process is what it was before, and the same call can be tried again. EINTR is
   retried where Linux leaves no trace of the interrupted call. Sizes are bytes. All functions are
   thread-safe.
*/
#ifndef WX_OS_OS_H
#define WX_OS_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>

/// The system's page size in bytes.
size_t wx_os_page_size(void);

/// `value` rounded up to a multiple of `unit`, a power of two; 0 where the result would not fit.
static inline size_t wx_round_up(size_t value, size_t unit) {
  return (value + unit - 1U) & ~(unit - 1U);
}

/* Files
 * -------------------------------------------------------------------------------------------------
 */

/// Creates an anonymous file of size 0. Returns its descriptor, which the caller closes.
int wx_os_memfd_create(const char *name, unsigned flags);

/// As wx_os_memfd_create(), of one that is never executed and closed by exec: such as every setting
/// of vm.memfd_noexec permits.
int wx_os_memfd_create_data(const char *name);

/// Opens `path`; `mode` matters with O_CREAT only. Returns a descriptor, always close-on-exec.
int wx_os_open(const char *path, int flags, mode_t mode);

/// Opens `path` relative to the directory `directory`. Returns a descriptor, always close-on-exec.
int wx_os_openat(int directory, const char *path, int flags);

/// Opens `path` below the directory `root` as if that were the root directory, with O_PATH, and
/// only where nothing has to be asked for it: each part of the path is known to the kernel, as
/// those of a mapped file are. -EAGAIN where one is not, -ENOSYS before Linux 5.6 and -EINVAL
/// before 5.12.
int wx_os_open_known(int root, const char *path);

/// Closes `fd`. The descriptor is gone whatever is returned, and so it is where a failure was
/// armed: to close it again would close a stranger's.
int wx_os_close(int fd);

/// Closes a descriptor that was only read through: no failure could lose anything, so none is
/// reported.
void wx_os_close_reader(int fd);

/// Creates a POSIX shared-memory object that must not exist. Returns its descriptor.
int wx_os_shm_create(const char *name, mode_t mode);

/// Removes the name of a shared-memory object; its memory lives as long as it is open or mapped.
int wx_os_shm_unlink(const char *name);

/// Makes the directory `path`, and removes an empty one. The files of the kernel in a control group
/// do not count.
int wx_os_make_directory(const char *path, mode_t mode);
int wx_os_remove_directory(const char *path);

/// Sets the size of a file. -EFBIG above RLIMIT_FSIZE: the limit is read first, since the kernel
/// would kill the process by SIGXFSZ (dotnet/runtime 117819).
int wx_os_ftruncate(int fd, uint64_t size);

/// The same without reading the limit first: above it this process is killed, as a .NET runtime is.
int wx_os_ftruncate_or_die(int fd, uint64_t size);

/// Frees the pages of [offset, offset + size) of a shared-memory file; they read as zero
/// afterwards, through every mapping. The file's size stays.
int wx_os_punch_hole(int fd, uint64_t offset, uint64_t size);

int wx_os_fstat(int fd, struct stat *status);
int wx_os_stat(const char *path, struct stat *status);

/// Which file the entry `path` of the open directory `directory` is (a link below /proc/PID/fd
/// followed), and its mode. The file system is asked for nothing (AT_STATX_DONT_SYNC), so that one
/// whose server does not answer cannot keep the caller.
int wx_os_identify(int directory, const char *path, struct stat *status);

/// The entry itself, as of lstat().
int wx_os_lstat_at(int directory, const char *path, struct stat *status);

/// What is known of the file behind `fd`, which may be one of O_PATH, without asking its file
/// system: a FUSE daemon or a server that does not answer cannot hold the caller. The mount
/// (stx_mnt_id) is there since Linux 5.8.
int wx_os_statx(int fd, struct statx *status);

/// lseek() with SEEK_DATA or SEEK_HOLE. Returns the offset found; -ENXIO where there is no more
/// data.
int64_t wx_os_seek(int fd, uint64_t offset, int whence);

/// Reads up to `size` bytes. Returns the number read, 0 at the end of the file.
ssize_t wx_os_read(int fd, void *buffer, size_t size);

/// Reads at `offset` until `size` bytes are there or the file ends. Returns the number read.
ssize_t wx_os_pread(int fd, void *buffer, size_t size, uint64_t offset);

/// Writes up to `size` bytes. Returns the number written.
ssize_t wx_os_write(int fd, const void *buffer, size_t size);

/// Writes all of `size` bytes at `offset`, or fails.
int wx_os_pwrite(int fd, const void *buffer, size_t size, uint64_t offset);

/// A part of what wx_os_pwritev() writes.
static inline struct iovec wx_os_part(const void *bytes, size_t size) {
  return (struct iovec){(void *)(uintptr_t)bytes, size};
}

/// Writes all of `count` parts, one after the other, at `offset`, or fails.
int wx_os_pwritev(int fd, const struct iovec *parts, int count, uint64_t offset);

/// Reads a symbolic link into `target` (NUL-terminated). -ENAMETOOLONG where `capacity` is too
/// small.
int wx_os_readlink(const char *path, char *target, size_t capacity);

/// As wx_os_readlink(), relative to the open directory `directory`.
int wx_os_readlink_at(int directory, const char *path, char *target, size_t capacity);

/// Moves up to `size` bytes at `offset` of a file into a pipe: of a shared-memory file the pages
/// themselves, by reference. Never blocks. Returns the bytes moved.
ssize_t wx_os_splice_to_pipe(int fd, uint64_t offset, int pipe, size_t size);

/// Takes the lock of an open file for this open file description alone (flock()); -EWOULDBLOCK
/// where another has it. It ends with the last descriptor.
int wx_os_lock_file(int fd);

/// Fills `buffer` with directory entries (struct linux_dirent64). Returns the bytes filled, 0 at
/// the end.
ssize_t wx_os_getdents(int directory, void *buffer, size_t size);

/// Reads a resource limit of this process.
int wx_os_getrlimit(int resource, struct rlimit *limit);

/* Memory
 * ------------------------------------------------------------------------------------------------
 */

/// Maps `size` > 0 bytes at, or with MAP_FIXED exactly at, `hint`. On success `*mapped` is the
/// address; on failure it is untouched.
int wx_os_mmap(void *hint, size_t size, int protection, int flags, int fd, uint64_t offset,
               void **mapped);
int wx_os_munmap(void *start, size_t size);

/// Unmaps memory that this program made for itself: there is nothing that could be done about a
/// failure, so none is reported. One that was armed for it is used up, and it is unmapped all the
/// same.
void wx_os_munmap_own(void *start, size_t size);
int wx_os_mprotect(void *start, size_t size, int protection);
int wx_os_madvise(void *start, size_t size, int advice);

/// Takes a protection key; the calling thread has `rights` to it (0, PKEY_DISABLE_WRITE). -ENOSPC
/// also where the processor has none, -ENOSYS where the kernel has none.
int wx_os_pkey_alloc(unsigned rights);
int wx_os_pkey_free(int key);

/// As wx_os_mprotect(), and tags the pages with `key`; 0 is that of all other memory.
int wx_os_pkey_mprotect(void *start, size_t size, int protection, int key);

/// Sets the rights of the calling thread to a key that it has. No system call.
void wx_os_pkey_set(int key, unsigned rights);

#endif
