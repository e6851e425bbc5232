#include "output/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_NAMES = 100 };

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

// Where the content goes: the file behind a link, its folder, and its name in there.
typedef struct {
  char file[PATH_MAX];
  char folder[PATH_MAX];
  const char *base;
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
  target->base = slash ? slash + 1 : target->file;
  if (*target->base == '\0')
    return *path ? -EISDIR : -ENOENT;
  return 0;
}

typedef struct {
  int (*put)(int fd, void *context);
  void *context;
} Content;

static int write_in_place(const char *path, const Content *content) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0)
    return -errno;
  const int error = content->put(fd, content->context);
  return close(fd) != 0 && !error ? -errno : error;
}

static int fill(int fd, const Target *target, const Content *content) {
  int error = target->exists && fchmod(fd, target->mode) != 0 ? -errno : 0;
  if (!error)
    error = content->put(fd, content->context);
  return !error && fsync(fd) != 0 ? -errno : error;
}

// Calls `make` with names beside the file until one is free: what a killed run left is in nobody's
// way. A leading dot keeps them out of globs; the name is cut so that it always fits.
static int make_temporary(const Target *target, int (*make)(const char *name, int fd), int fd,
                          char name[static PATH_MAX]) {
  int result = -EEXIST;
  for (int attempt = 0; result == -EEXIST && attempt < MOST_NAMES; ++attempt) {
    uint64_t random;
    if (getrandom(&random, sizeof random, 0) != sizeof random)
      return -EIO;
    const int length = snprintf(name, PATH_MAX, "%s/.%.200s.%016" PRIx64 ".tmp", target->folder,
                                target->base, random);
    if (length >= PATH_MAX)
      return -ENAMETOOLONG;
    result = make(name, fd);
  }
  return result;
}

static int create(const char *name, int unused) {
  (void)unused;
  const int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  return fd < 0 ? -errno : fd;
}

static int give_name(const char *name, int fd) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  return linkat(AT_FDCWD, link, AT_FDCWD, name, AT_SYMLINK_FOLLOW) != 0 ? -errno : 0;
}

// Puts the content into a file without a name, which gets one when it is whole: a run that is
// killed meanwhile leaves nothing. Sets `possible` where file system and kernel let it.
static int write_nameless(const Target *target, const Content *content, char *name,
                          bool *possible) {
  const int fd = open(target->folder, O_WRONLY | O_TMPFILE | O_CLOEXEC, 0666);
  *possible = fd >= 0;
  if (fd < 0)
    return -errno;
  int error = fill(fd, target, content);
  if (!error) {
    error = make_temporary(target, give_name, fd, name);
    *possible = !error;
  }
  return close(fd) != 0 && !error ? -errno : error;
}

static int write_named(const Target *target, const Content *content, char *name) {
  const int fd = make_temporary(target, create, -1, name);
  if (fd < 0)
    return fd;
  int error = fill(fd, target, content);
  if (close(fd) != 0 && !error)
    error = -errno;
  if (error)
    unlink(name);
  return error;
}

int wx_file_write_by(const char *path, int (*put)(int fd, void *context), void *context) {
  const Content content = {put, context};
  Target target = {.exists = false};
  int error = find_target(path, &target);
  if (error)
    return error;
  if (target.in_place)
    return write_in_place(path, &content);
  char name[PATH_MAX];
  bool possible;
  error = write_nameless(&target, &content, name, &possible);
  if (!possible)
    error = write_named(&target, &content, name);
  if (!error && rename(name, target.file) != 0) {
    error = -errno;
    unlink(name);
  }
  return error;
}

typedef struct {
  const void *data;
  size_t size;
} Bytes;

static int put_bytes(int fd, void *context) {
  const Bytes *bytes = context;
  return wx_file_write_all(fd, bytes->data, bytes->size);
}

int wx_file_write(const char *path, const void *data, size_t size) {
  return wx_file_write_by(path, put_bytes, &(Bytes){data, size});
}

int wx_file_check(const char *path) {
  Target target = {.exists = false};
  const int error = find_target(path, &target);
  if (error)
    return error;
  return access(target.in_place ? path : target.folder, W_OK) == 0 ? 0 : -errno;
}

int wx_file_problem(const char *folder, const char *name, int error, WxProblem *problem) {
  return wx_problem(problem, -EINVAL, "cannot write '%s/%s': %s", folder, name, strerror(-error));
}

int wx_file_write_in(const char *folder, const char *name, const void *data, size_t size,
                     WxProblem *problem) {
  char path[PATH_MAX];
  const int wanted = snprintf(path, sizeof path, "%s/%s", folder, name);
  const int failed = wanted < PATH_MAX ? wx_file_write(path, data, size) : -ENAMETOOLONG;
  return failed ? wx_file_problem(folder, name, failed, problem) : 0;
}
