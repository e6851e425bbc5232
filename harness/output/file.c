#include "output/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int wx_file_write_all(int fd, const void *data, size_t size) {
  const char *at = data;
  while (size > 0) {
    const ssize_t written = write(fd, at, size);
    if (written < 0 && errno != EINTR)
      return -errno;
    if (written > 0) {
      at += written;
      size -= (size_t)written;
    }
  }
  return 0;
}

// Where the content goes: the file behind a link, its folder, and the temporary name beside it.
typedef struct {
  char file[PATH_MAX];
  char folder[PATH_MAX];
  char temporary[PATH_MAX];
  bool exists;
  bool in_place; ///< Not a regular file.
  mode_t mode;
} Target;

static int find_target(const char *path, Target *target) {
  struct stat status;
  target->exists = stat(path, &status) == 0;
  if (!target->exists && errno != ENOENT)
    return -errno;
  if (target->exists && S_ISDIR(status.st_mode))
    return -EISDIR;
  target->in_place = target->exists && !S_ISREG(status.st_mode);
  target->mode = target->exists ? status.st_mode & 07777 : 0;
  // A link to nothing has no real path; its own name is then replaced.
  if (!target->exists || target->in_place || !realpath(path, target->file)) {
    if (strlen(path) >= sizeof target->file)
      return -ENAMETOOLONG;
    strcpy(target->file, path);
  }
  const char *slash = strrchr(target->file, '/');
  const int folder = slash ? (int)(slash - target->file) : 0;
  snprintf(target->folder, sizeof target->folder, "%.*s", slash == target->file ? 1 : folder,
           slash ? target->file : "");
  if (!slash)
    strcpy(target->folder, ".");
  const char *base = slash ? slash + 1 : target->file;
  if (*base == '\0')
    return *path ? -EISDIR : -ENOENT;
  // A leading dot keeps it out of globs; the name is cut so that it always fits.
  const int length = snprintf(target->temporary, sizeof target->temporary, "%s/.%.200s.%ld.tmp",
                              target->folder, base, (long)getpid());
  return length < (int)sizeof target->temporary ? 0 : -ENAMETOOLONG;
}

static int write_in_place(const char *path, const void *data, size_t size) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0)
    return -errno;
  const int error = wx_file_write_all(fd, data, size);
  return close(fd) != 0 && !error ? -errno : error;
}

// Fills and closes the temporary file.
static int fill(int fd, const Target *target, const void *data, size_t size) {
  int error = target->exists && fchmod(fd, target->mode) != 0 ? -errno : 0;
  if (!error)
    error = wx_file_write_all(fd, data, size);
  if (!error && fsync(fd) != 0)
    error = -errno;
  return close(fd) != 0 && !error ? -errno : error;
}

int wx_file_write(const char *path, const void *data, size_t size) {
  Target target = {.exists = false};
  int error = find_target(path, &target);
  if (error)
    return error;
  if (target.in_place)
    return write_in_place(path, data, size);
  const int fd = open(target.temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0)
    return -errno;
  error = fill(fd, &target, data, size);
  if (!error && rename(target.temporary, target.file) != 0)
    error = -errno;
  if (error)
    unlink(target.temporary);
  return error;
}

int wx_file_check(const char *path) {
  Target target = {.exists = false};
  const int error = find_target(path, &target);
  if (error)
    return error;
  return access(target.in_place ? path : target.folder, W_OK) == 0 ? 0 : -errno;
}
