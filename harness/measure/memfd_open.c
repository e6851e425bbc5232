// Opening a file of another process: proven first, on the descriptor that is used.
#include "measure/memfd_proof.h"

#include "measure/process.h"
#include "measure/runtime.h"
#include "os/control.h"
#include "os/os.h"
#include "os/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>

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
