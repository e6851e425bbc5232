#include "os/count.h"
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8U
#endif

int wx_os_memfd_create(const char *name, unsigned flags) {
  const int failed = wx_os_begin(WX_OS_MEMFD_CREATE);
  if (failed)
    return failed;
  const int fd = memfd_create(name, flags);
  return fd < 0 ? -errno : fd;
}

int wx_os_memfd_create_data(const char *name) {
  const int fd = wx_os_memfd_create(name, MFD_CLOEXEC | MFD_NOEXEC_SEAL);
  return fd == -EINVAL ? wx_os_memfd_create(name, MFD_CLOEXEC) : fd; // Before Linux 6.3.
}

int wx_os_openat(int directory, const char *path, int flags) {
  const int failed = wx_os_begin(WX_OS_OPEN);
  if (failed)
    return failed;
  const int fd = openat(directory, path, flags | O_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

int wx_os_open(const char *path, int flags, mode_t mode) {
  const int failed = wx_os_begin(WX_OS_OPEN);
  if (failed)
    return failed;
  const int fd = open(path, flags | O_CLOEXEC, mode);
  return fd < 0 ? -errno : fd;
}

int wx_os_open_known(int root, const char *path) {
  const int failed = wx_os_begin(WX_OS_OPENAT2);
  if (failed)
    return failed;
  struct open_how how = {.flags = O_PATH | O_CLOEXEC,
                         .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | RESOLVE_CACHED};
  const long fd = syscall(SYS_openat2, root, path, &how, sizeof how);
  return fd < 0 ? -errno : (int)fd;
}

int wx_os_close(int fd) {
  const int failed = wx_os_begin(WX_OS_CLOSE);
  const int result = close(fd) ? -errno : 0;
  return failed ? failed : result;
}

void wx_os_close_reader(int fd) {
  (void)wx_os_close(fd);
}

int wx_os_shm_create(const char *name, mode_t mode) {
  const int failed = wx_os_begin(WX_OS_OPEN);
  if (failed)
    return failed;
  const int fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  return fd < 0 ? -errno : fd;
}

int wx_os_shm_unlink(const char *name) {
  const int failed = wx_os_begin(WX_OS_UNLINK);
  if (failed)
    return failed;
  return shm_unlink(name) ? -errno : 0;
}

int wx_os_make_directory(const char *path, mode_t mode) {
  const int failed = wx_os_begin(WX_OS_MKDIR);
  if (failed)
    return failed;
  return mkdir(path, mode) ? -errno : 0;
}

int wx_os_remove_directory(const char *path) {
  const int failed = wx_os_begin(WX_OS_RMDIR);
  if (failed)
    return failed;
  return rmdir(path) ? -errno : 0;
}

int wx_os_ftruncate(int fd, uint64_t size) {
  struct rlimit limit;
  const int failed = wx_os_getrlimit(RLIMIT_FSIZE, &limit);
  if (failed)
    return failed;
  if (limit.rlim_cur != RLIM_INFINITY && size > limit.rlim_cur)
    return -EFBIG;
  return wx_os_ftruncate_or_die(fd, size);
}

int wx_os_ftruncate_or_die(int fd, uint64_t size) {
  const int failed = wx_os_begin(WX_OS_FTRUNCATE);
  if (failed)
    return failed;
  return ftruncate(fd, (off_t)size) ? -errno : 0;
}

int wx_os_punch_hole(int fd, uint64_t offset, uint64_t size) {
  const int failed = wx_os_begin(WX_OS_FALLOCATE);
  if (failed)
    return failed;
  const int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
  return fallocate(fd, mode, (off_t)offset, (off_t)size) ? -errno : 0;
}

int wx_os_fstat(int fd, struct stat *status) {
  const int failed = wx_os_begin(WX_OS_FSTAT);
  if (failed)
    return failed;
  return fstat(fd, status) ? -errno : 0;
}

int wx_os_stat(const char *path, struct stat *status) {
  const int failed = wx_os_begin(WX_OS_STAT);
  if (failed)
    return failed;
  return stat(path, status) ? -errno : 0;
}

int wx_os_identify(int directory, const char *path, struct stat *status) {
  const int failed = wx_os_begin(WX_OS_STATX);
  if (failed)
    return failed;
  struct statx known;
  if (statx(directory, path, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_INO | STATX_TYPE, &known))
    return -errno;
  *status = (struct stat){.st_dev = makedev(known.stx_dev_major, known.stx_dev_minor),
                          .st_ino = known.stx_ino,
                          .st_mode = known.stx_mode};
  return 0;
}

int wx_os_lstat_at(int directory, const char *path, struct stat *status) {
  const int failed = wx_os_begin(WX_OS_STAT);
  if (failed)
    return failed;
  return fstatat(directory, path, status, AT_SYMLINK_NOFOLLOW) ? -errno : 0;
}

int wx_os_statx(int fd, struct statx *status) {
  const int failed = wx_os_begin(WX_OS_STATX);
  if (failed)
    return failed;
  const int flags = AT_EMPTY_PATH | AT_STATX_DONT_SYNC;
  return statx(fd, "", flags, STATX_BASIC_STATS | STATX_MNT_ID, status) ? -errno : 0;
}

int64_t wx_os_seek(int fd, uint64_t offset, int whence) {
  const int failed = wx_os_begin(WX_OS_LSEEK);
  if (failed)
    return failed;
  const off_t found = lseek(fd, (off_t)offset, whence);
  return found < 0 ? -errno : found;
}

ssize_t wx_os_read(int fd, void *buffer, size_t size) {
  const int failed = wx_os_begin(WX_OS_READ);
  if (failed)
    return failed;
  ssize_t got;
  do
    got = read(fd, buffer, size);
  while (got < 0 && errno == EINTR);
  return got < 0 ? -errno : got;
}

ssize_t wx_os_pread(int fd, void *buffer, size_t size, uint64_t offset) {
  size_t done = 0;
  while (done < size) {
    const int failed = wx_os_begin(WX_OS_PREAD);
    if (failed)
      return failed;
    const ssize_t got = pread(fd, (char *)buffer + done, size - done, (off_t)(offset + done));
    if (got == 0)
      break;
    if (got < 0 && errno != EINTR)
      return -errno;
    if (got > 0)
      done += (size_t)got;
  }
  return (ssize_t)done;
}

ssize_t wx_os_write(int fd, const void *buffer, size_t size) {
  const int failed = wx_os_begin(WX_OS_WRITE);
  if (failed)
    return failed;
  ssize_t put;
  do
    put = write(fd, buffer, size);
  while (put < 0 && errno == EINTR);
  return put < 0 ? -errno : put;
}

int wx_os_pwrite(int fd, const void *buffer, size_t size, uint64_t offset) {
  size_t done = 0;
  while (done < size) {
    const int failed = wx_os_begin(WX_OS_PWRITE);
    if (failed)
      return failed;
    const ssize_t put =
        pwrite(fd, (const char *)buffer + done, size - done, (off_t)(offset + done));
    if (put < 0 && errno != EINTR)
      return -errno;
    if (put > 0)
      done += (size_t)put;
  }
  return 0;
}

// What a call that wrote less has left.
static int put_rest(int fd, const struct iovec *parts, int count, uint64_t offset, size_t done) {
  int result = 0;
  for (int i = 0; i < count && result == 0; ++i) {
    const size_t size = parts[i].iov_len;
    if (done < size)
      result = wx_os_pwrite(fd, (const char *)parts[i].iov_base + done, size - done, offset + done);
    done = done < size ? 0 : done - size;
    offset += size;
  }
  return result;
}

int wx_os_pwritev(int fd, const struct iovec *parts, int count, uint64_t offset) {
  const int failed = wx_os_begin(WX_OS_PWRITEV);
  if (failed)
    return failed;
  const ssize_t put = pwritev(fd, parts, count, (off_t)offset);
  if (put < 0 && errno != EINTR)
    return -errno;
  size_t size = 0;
  for (int i = 0; i < count; ++i)
    size += parts[i].iov_len;
  const size_t done = put > 0 ? (size_t)put : 0;
  return done == size ? 0 : put_rest(fd, parts, count, offset, done);
}

int wx_os_readlink(const char *path, char *target, size_t capacity) {
  return wx_os_readlink_at(AT_FDCWD, path, target, capacity);
}

int wx_os_readlink_at(int directory, const char *path, char *target, size_t capacity) {
  const int failed = wx_os_begin(WX_OS_READLINK);
  if (failed)
    return failed;
  const ssize_t length = readlinkat(directory, path, target, capacity);
  if (length < 0)
    return -errno;
  if ((size_t)length >= capacity)
    return -ENAMETOOLONG;
  target[length] = '\0';
  return 0;
}

ssize_t wx_os_splice_to_pipe(int fd, uint64_t offset, int pipe, size_t size) {
  const int failed = wx_os_begin(WX_OS_SPLICE);
  if (failed)
    return failed;
  loff_t from = (loff_t)offset;
  ssize_t moved;
  do
    moved = splice(fd, &from, pipe, NULL, size, SPLICE_F_NONBLOCK);
  while (moved < 0 && errno == EINTR);
  return moved < 0 ? -errno : moved;
}

int wx_os_lock_file(int fd) {
  const int failed = wx_os_begin(WX_OS_FLOCK);
  if (failed)
    return failed;
  return flock(fd, LOCK_EX | LOCK_NB) ? -errno : 0;
}

ssize_t wx_os_getdents(int directory, void *buffer, size_t size) {
  const int failed = wx_os_begin(WX_OS_GETDENTS);
  if (failed)
    return failed;
  const long got = syscall(SYS_getdents64, directory, buffer, size);
  return got < 0 ? -errno : got;
}

int wx_os_getrlimit(int resource, struct rlimit *limit) {
  const int failed = wx_os_begin(WX_OS_GETRLIMIT);
  if (failed)
    return failed;
  return getrlimit((__rlimit_resource_t)resource, limit) ? -errno : 0;
}
