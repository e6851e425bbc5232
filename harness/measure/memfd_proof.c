// What a file of another process is, and opening it: proven first, on the descriptor that is used.
#include "measure/memfd_proof.h"

#include "measure/mounts.h"
#include "measure/process_status.h"
#include "measure/runtime.h"
#include "os/control.h"
#include "os/os.h"
#include "os/process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

/* What it is
 * -------------------------------------------------------------------------------------------------
 */

enum { PATH_SIZE = 64, FDINFO_SIZE = 512 };

WxFileId wx_memfd_id(const struct statx *status) {
  return (WxFileId){status->stx_dev_major, status->stx_dev_minor, status->stx_ino};
}

static uint64_t mount_of(const struct statx *status) {
  return (status->stx_mask & STATX_MNT_ID) ? status->stx_mnt_id : WX_MOUNT_UNKNOWN;
}

bool wx_memfd_is_kernels(const char *link) {
  static const char *const starts[] = {"/memfd:", "/SYSV", "/dev/zero (deleted)"};
  for (size_t i = 0; i < sizeof starts / sizeof *starts; ++i)
    if (wx_text_starts_with(link, starts[i]))
      return true;
  return false;
}

bool wx_memfd_is_shared_memory(const char *path) {
  return wx_memfd_is_kernels(path) || wx_text_starts_with(path, "/dev/shm/");
}

static int place_of_memfds(WxMemfdPlace *place) {
  const int fd = wx_os_memfd_create_data("wxbench-place");
  if (fd < 0)
    return fd;
  struct statx status;
  const int failed = wx_os_statx(fd, &status);
  wx_os_close_reader(fd);
  if (!failed)
    *place = (WxMemfdPlace){
        .major = status.stx_dev_major, .minor = status.stx_dev_minor, .mount = mount_of(&status)};
  return failed;
}

int wx_memfd_place(WxMemfdPlace *place, pid_t pid, const char *link) {
  *place = (WxMemfdPlace){.mount = WX_MOUNT_UNKNOWN};
  if (wx_memfd_is_kernels(link))
    return place_of_memfds(place);
  char path[WX_PROCESS_PATH_SIZE];
  wx_process_path(path, pid, "mountinfo");
  const int failed = wx_process_error(wx_text_read(&place->mounts, path));
  if (failed)
    wx_text_free(&place->mounts);
  return failed;
}

void wx_memfd_place_free(WxMemfdPlace *place) {
  wx_text_free(&place->mounts);
}

bool wx_memfd_place_has(const WxMemfdPlace *place, uint32_t major, uint32_t minor) {
  return place->mounts.data
             ? wx_mounts_have_tmpfs(place->mounts.data, WX_MOUNT_UNKNOWN, major, minor)
             : place->major == major && place->minor == minor;
}

// The path that leads to the file, below /proc/PID or to a descriptor of our own; `folder` is that
// of descriptors.
static void link_path(char path[static WX_PROCESS_PATH_SIZE], const WxMemfd *memfd, pid_t pid,
                      const char *folder) {
  char link[PATH_SIZE];
  const bool ours = memfd->number < 0 && memfd->kept >= 0;
  if (ours || memfd->number >= 0)
    snprintf(link, sizeof link, "%s/%d", folder, ours ? memfd->kept : memfd->number);
  else
    snprintf(link, sizeof link, "map_files/%" PRIx64 "-%" PRIx64, memfd->mapped_start,
             memfd->mapped_end);
  wx_process_path(path, ours ? 0 : pid, link);
}

// The link is not there: is the process?
static int gone_or_stale(int error, pid_t pid) {
  if (error != -ENOENT)
    return error;
  char path[WX_PROCESS_PATH_SIZE];
  wx_process_path(path, pid, "stat");
  struct stat status;
  const int result = wx_os_stat(path, &status);
  return result ? wx_process_error(result) : -ESTALE;
}

// Reads of `text` the number after `name`; `otherwise` where there is none.
static uint64_t number_after(const char *text, const char *name, uint64_t otherwise) {
  const char *at = strstr(text, name);
  uint64_t number;
  return at && sscanf(at + strlen(name), "%" SCNu64, &number) == 1 ? number : otherwise;
}

static bool are_other_mounts(uint64_t a, uint64_t b) {
  return a != WX_MOUNT_UNKNOWN && b != WX_MOUNT_UNKNOWN && a != b;
}

// What is known of a file before it is reached for.
static bool may_lie_in(const WxMemfdPlace *place, uint64_t mount) {
  uint32_t major, minor;
  if (!place->mounts.data)
    return !are_other_mounts(mount, place->mount);
  return wx_mounts_find(place->mounts.data, mount, &major, &minor) &&
         wx_mounts_have_tmpfs(place->mounts.data, mount, major, minor);
}

// The descriptor's mount and inode as /proc says them. Where a mount is not the one of memfds the
// file is not even reached for: of some (NFS) that alone asks a server.
static int check_mount(const WxMemfd *memfd, pid_t pid, const WxMemfdPlace *place,
                       struct statx *status, WxRefusal *refusal) {
  char path[WX_PROCESS_PATH_SIZE];
  link_path(path, memfd, pid, "fdinfo");
  const int fd = wx_os_open(path, O_RDONLY, 0);
  if (fd < 0)
    return gone_or_stale(fd, pid);
  char text[FDINFO_SIZE];
  const ssize_t got = wx_os_read(fd, text, sizeof text - 1);
  wx_os_close_reader(fd);
  if (got < 0)
    return gone_or_stale((int)got, pid);
  text[got] = '\0';
  const uint64_t mount = number_after(text, "mnt_id:", WX_MOUNT_UNKNOWN);
  if (may_lie_in(place, mount))
    return 0;
  status->stx_mnt_id = mount;
  status->stx_ino = number_after(text, "ino:", 0);
  *refusal = WX_REFUSED_PLACE;
  return -EPERM;
}

static WxRefusal judge_status(const struct statx *status, const WxMemfdPlace *place) {
  if (!S_ISREG(status->stx_mode))
    return WX_REFUSED_KIND;
  if (!wx_memfd_place_has(place, status->stx_dev_major, status->stx_dev_minor) ||
      !may_lie_in(place, mount_of(status)))
    return WX_REFUSED_PLACE;
  return status->stx_nlink ? WX_REFUSED_LINKED : WX_REFUSED_NOT;
}

// What the file behind our own descriptor is called.
static int check_link(int handle, const char *link, WxRefusal *refusal) {
  char path[PATH_SIZE], target[WX_MEMFD_LINK];
  snprintf(path, sizeof path, "/proc/self/fd/%d", handle);
  const int failed = wx_os_readlink(path, target, sizeof target);
  if (failed && failed != -ENAMETOOLONG)
    return failed;
  if (!failed && strcmp(target, link) == 0)
    return 0;
  *refusal = WX_REFUSED_NAME;
  return -EPERM;
}

static int check_handle(int handle, const WxMemfd *memfd, const WxMemfdPlace *place,
                        struct statx *status, WxRefusal *refusal) {
  const int failed = wx_os_statx(handle, status);
  if (failed)
    return failed;
  *refusal = judge_status(status, place);
  return *refusal ? -EPERM : check_link(handle, memfd->link, refusal);
}

int wx_memfd_reach(const WxMemfd *memfd, pid_t pid, const WxMemfdPlace *place, struct statx *status,
                   WxRefusal *refusal) {
  *status = (struct statx){0};
  *refusal = WX_REFUSED_NOT;
  int failed = memfd->number >= 0 ? check_mount(memfd, pid, place, status, refusal) : 0;
  if (failed)
    return failed;
  char path[WX_PROCESS_PATH_SIZE];
  link_path(path, memfd, pid, "fd");
  const int handle = wx_os_open(path, O_PATH, 0);
  if (handle < 0)
    return gone_or_stale(handle, pid);
  failed = check_handle(handle, memfd, place, status, refusal);
  if (!failed)
    return handle;
  wx_os_close_reader(handle);
  return failed;
}

const char *wx_refusal_text(WxRefusal refusal) {
  static const char *const texts[WX_REFUSALS] = {
      [WX_REFUSED_NOT] = "is not refused",
      [WX_REFUSED_PLACE] =
          "is no memfd of ordinary pages: a file of a disk, tmpfs, hugetlbfs, FUSE ...",
      [WX_REFUSED_KIND] = "is no memfd, nor any regular file",
      [WX_REFUSED_LINKED] = "is no memfd: it has a name in a file system",
      [WX_REFUSED_NAME] = "is called otherwise by now",
      [WX_REFUSED_SEALS] = "is no memfd: it cannot have seals",
      [WX_REFUSED_SEALED] = "is sealed against writing: nothing can be given back",
      [WX_REFUSED_NARROW] = "belongs to a 32-bit program: not supported",
      [WX_REFUSED_OWNER] = "belongs to another user than the process",
      [WX_REFUSED_RUNTIME] = "belongs to a process that runs no .NET runtime",
  };
  return texts[refusal];
}

/* Opening it
 * -------------------------------------------------------------------------------------------------
 */

/// A file that was reached.
typedef struct {
  int handle; ///< Of O_PATH.
  int fd;     ///< Open for reading.
  uint32_t user;
} Reached;

// Opens what the handle leads to, whatever the process has exchanged meanwhile.
static int reopen(int handle, int flags) {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", handle);
  return wx_os_open(path, flags | O_NONBLOCK | O_NOCTTY, 0);
}

static void let_go(const Reached *file) {
  if (file->fd >= 0)
    wx_os_close_reader(file->fd);
  if (file->handle >= 0)
    wx_os_close_reader(file->handle);
}

static int refuse(WxRefusal *refusal, WxRefusal why) {
  *refusal = why;
  return why ? -EPERM : 0;
}

// A file without seals answers -EINVAL.
static int check_seals(int fd, bool to_write, WxRefusal *refusal) {
  const int seals = wx_os_get_seals(fd);
  if (seals == -EINVAL)
    return refuse(refusal, WX_REFUSED_SEALS);
  if (seals < 0)
    return seals;
  return refuse(refusal, to_write && seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)
                             ? WX_REFUSED_SEALED
                             : WX_REFUSED_NOT);
}

// Gets hold of the file and opens it for reading.
static int reach(Reached *file, const WxMemfd *memfd, pid_t pid, bool to_write,
                 WxRefusal *refusal) {
  WxMemfdPlace place;
  struct statx status;
  *file = (Reached){-1, -1, 0};
  int failed = wx_memfd_place(&place, pid, memfd->link);
  if (!failed && !wx_memfd_place_has(&place, memfd->id.major, memfd->id.minor))
    failed = refuse(refusal, WX_REFUSED_PLACE);
  if (!failed)
    file->handle = wx_memfd_reach(memfd, pid, &place, &status, refusal);
  wx_memfd_place_free(&place);
  if (failed || file->handle < 0)
    return failed ? failed : file->handle;
  file->user = status.stx_uid;
  failed = wx_file_id_equal(memfd->id, wx_memfd_id(&status)) ? 0 : -ESTALE;
  if (!failed) {
    file->fd = reopen(file->handle, O_RDONLY);
    failed = file->fd < 0 ? file->fd : check_seals(file->fd, to_write, refusal);
  }
  if (failed)
    let_go(file);
  return failed;
}

// Real, effective, saved or of the file system: a program that gave up rights after its start still
// has one of them in common with its file, unless it gave up all for good.
static bool is_user(const WxProcessUsers *users, uint32_t user) {
  for (size_t i = 0; i < WX_PROCESS_USERS; ++i)
    if (users->ids[i] == user)
      return true;
  return false;
}

static int judge_process(const WxMemfd *memfd, pid_t pid, const WxProcessUsers *users,
                         uint32_t owner, const WxMaps *maps, WxRefusal *refusal) {
  if (wx_maps_are_narrow(maps))
    return refuse(refusal, WX_REFUSED_NARROW);
  if (!is_user(users, owner))
    return refuse(refusal, WX_REFUSED_OWNER);
  const int runs = memfd->vouched ? 1 : wx_runtime_runs(pid, maps);
  return runs < 0 ? runs : refuse(refusal, runs ? WX_REFUSED_NOT : WX_REFUSED_RUNTIME);
}

/// A process that is looked at for a while. Its number may be used again meanwhile.
typedef struct {
  int pidfd; ///< -1 before Linux 5.3.
  WxProcessUsers users;
} Subject;

static int hold(Subject *subject, pid_t pid, WxText *text) {
  subject->pidfd = -1;
  const int failed = wx_process_users(&subject->users, pid, text);
  if (failed)
    return failed;
  const int pidfd = wx_os_pidfd_open(subject->users.process);
  if (pidfd < 0)
    return pidfd == -ENOSYS ? 0 : pidfd;
  subject->pidfd = pidfd;
  return 0;
}

// What was read by number since hold() was read of one process, where that is still there and the
// number is still its or one of its threads'.
static int check_identity(const Subject *subject, pid_t pid, WxText *text) {
  WxProcessUsers users;
  const int failed = wx_process_users(&users, pid, text);
  if (failed)
    return failed;
  const bool ended = subject->pidfd >= 0 && wx_os_pidfd_signal(subject->pidfd, 0) == -ESRCH;
  return ended || users.process != subject->users.process ? -ESRCH : 0;
}

static int judge_reached(const WxMemfd *memfd, pid_t pid, const Subject *subject,
                         const Reached *file, const WxMaps *maps, WxRefusal *refusal) {
  WxMaps own = {0};
  int failed = maps ? 0 : wx_process_error(wx_maps_read(&own, pid));
  if (!failed)
    failed = judge_process(memfd, pid, &subject->users, file->user, maps ? maps : &own, refusal);
  wx_maps_free(&own);
  return failed;
}

// Reaches the file, to be punched; `maps` may be NULL.
static int reach_to_write(Reached *file, const WxMemfd *memfd, pid_t pid, const WxMaps *maps,
                          WxRefusal *refusal) {
  Subject subject;
  WxText text = {0};
  *file = (Reached){-1, -1, 0};
  int failed = hold(&subject, pid, &text);
  if (!failed)
    failed = reach(file, memfd, pid, true, refusal);
  if (!failed) {
    failed = judge_reached(memfd, pid, &subject, file, maps, refusal);
    const int other = check_identity(&subject, pid, &text);
    failed = other ? other : failed;
    if (failed)
      let_go(file);
  }
  if (subject.pidfd >= 0)
    wx_os_close_reader(subject.pidfd);
  wx_text_free(&text);
  return failed;
}

int wx_memfd_judge(const WxMemfd *memfd, pid_t pid, const WxMaps *maps, WxRefusal *refusal) {
  Reached file;
  *refusal = WX_REFUSED_NOT;
  const int failed = reach_to_write(&file, memfd, pid, maps, refusal);
  if (!failed)
    let_go(&file);
  return failed == -EPERM && *refusal ? 0 : failed;
}

int wx_memfd_open(const WxMemfd *memfd, pid_t pid, int flags, WxRefusal *refusal) {
  Reached file;
  WxRefusal why = WX_REFUSED_NOT;
  const bool to_write = (flags & O_ACCMODE) != O_RDONLY;
  int result = to_write ? reach_to_write(&file, memfd, pid, NULL, &why)
                        : reach(&file, memfd, pid, false, &why);
  if (!result) {
    result = to_write ? reopen(file.handle, flags) : file.fd;
    if (!to_write)
      file.fd = -1;
    let_go(&file);
  }
  if (refusal)
    *refusal = why;
  return result;
}
