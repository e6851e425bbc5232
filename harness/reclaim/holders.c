#include "reclaim/holders.h"

#include "os/control.h"
#include "os/grow.h"
#include "os/os.h"
#include "os/process.h"
#include "reclaim/find.h"
#include "reclaim/task_stat.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

enum {
  BUFFER_SIZE = 64 * 1024,
  STATUS_SIZE = 8192,
  LINK_SIZE = 64,
  CAP_SETUID_BIT = 7,
  CAP_SYS_PTRACE_BIT = 19,
};

// How often in a row a look may come at a bad moment.
enum { MOST_BAD_MOMENTS = 200, BAD_MOMENT_NS = 1000000 };

// Numbers given out one by one rather than found by listing all processes; rounds of reading until
// nobody was born during one; and how far back a process may be that is still being born.
enum { MOST_NUMBERS = 1024, MOST_WAITS_FOR_YOUNG = 5, MOST_ROUNDS = 4, LOOK_BACK = 256 };

// A process that was forked executes a program soon, or stays what it is. So long it may be about
// to execute one that gets rights from its file, which it does not get while it is traced.
static const uint64_t young_ns = 100000000;

/// WxKnown.kind.
enum {
  UNREAD,
  STRANGER,      ///< Does not hold the file.
  OF_KERNEL,     ///< Never will.
  CRASH_HANDLER, ///< Does not hold it; writes a dump of its parent, whom it has to trace.
  UNREADABLE,    ///< May not be read.
  ENDED,         ///< Or a holder: to be left out.
};

/* One process
 * -------------------------------------------------------------------------------------------------
 */

static void close_holder(WxHolder *holder) {
  if (holder->pidfd >= 0)
    wx_os_close_reader(holder->pidfd);
  if (holder->tasks >= 0)
    wx_os_close_reader(holder->tasks);
  holder->pidfd = holder->tasks = -1;
}

// Whether the process behind the descriptor is there. Then its number was not used again either, so
// that what was read by number meanwhile was read of it.
static bool is_there(const WxHolder *holder) {
  return holder->pidfd < 0 || wx_os_pidfd_signal(holder->pidfd, 0) != -ESRCH;
}

static bool is_holder(const WxHolders *holders, pid_t pid) {
  for (size_t i = 0; i < holders->count; ++i)
    if (holders->items[i].pid == pid)
      return true;
  return false;
}

static int add_holder(WxHolders *holders, pid_t pid, const WxTaskStat *stat, bool leaks,
                      WxReason *reason) {
  if (holders->count == WX_HOLDERS_MOST)
    return wx_reason(reason, -E2BIG, "more than %d processes hold the memfd of process %d",
                     WX_HOLDERS_MOST, (int)holders->pid);
  WxHolder holder = {.pid = pid,
                     .reach = pid,
                     .pidfd = wx_os_pidfd_open(pid),
                     .tasks = -1,
                     .forked = stat->flags & WX_TASK_FORKED,
                     .leaks = leaks,
                     .start_ticks = stat->start_ticks};
  if (holder.pidfd < 0 && holder.pidfd != -ENOSYS)
    return holder.pidfd == -EINVAL || holder.pidfd == -ENOENT ? -ESRCH : holder.pidfd;
  char path[64];
  (void)snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
  holder.tasks = wx_os_open(path, O_RDONLY | O_DIRECTORY, 0);
  const int failed = holder.tasks < 0 ? holder.tasks : is_there(&holder) ? 0 : -ESRCH;
  if (failed) {
    close_holder(&holder);
    return failed == -ENOENT ? -ESRCH : failed;
  }
  holders->items[holders->count++] = holder;
  return 0;
}

static void remove_holder(WxHolders *holders, size_t index) {
  close_holder(&holders->items[index]);
  --holders->count;
  memmove(&holders->items[index], &holders->items[index + 1],
          (holders->count - index) * sizeof *holders->items);
}

// Whether a program executed by `pid` inherits its descriptor `number`. Unknown counts as yes.
static bool survives_exec(const WxHolders *holders, pid_t pid, pid_t number) {
  char path[64];
  char text[512];
  (void)snprintf(path, sizeof path, "%d/fdinfo/%d", (int)pid, (int)number);
  const int fd = wx_os_openat(holders->proc, path, O_RDONLY);
  if (fd < 0)
    return true;
  const ssize_t length = wx_os_read(fd, text, sizeof text - 1);
  wx_os_close_reader(fd);
  text[length > 0 ? length : 0] = '\0';
  const char *flags = strstr(text, "flags:");
  return !flags || !(strtoul(flags + strlen("flags:"), NULL, 8) & O_CLOEXEC);
}

// Whether the descriptor `number` below the open directory is one of the file that can be written
// to. The link is read first: it asks no file system, and only a memfd has such a one.
static int is_writable_one(const WxHolders *holders, int directory, pid_t number) {
  char name[16];
  char link[LINK_SIZE];
  struct stat status;
  (void)snprintf(name, sizeof name, "%d", (int)number);
  int failed = wx_os_readlink_at(directory, name, link, sizeof link);
  if (failed == -ENAMETOOLONG || failed == -ENOENT || failed == -ESRCH)
    return 0;
  if (failed)
    return failed;
  if (strncmp(link, "/memfd:", strlen("/memfd:")) != 0)
    return 0;
  failed = wx_os_identify(directory, name, &status);
  const WxFileId file = {major(status.st_dev), minor(status.st_dev), status.st_ino};
  if (failed || !wx_file_id_equal(file, holders->file))
    return failed == -ENOENT || failed == -ESRCH ? 0 : failed;
  failed = wx_os_lstat_at(directory, name, &status);
  return failed ? (failed == -ENOENT ? 0 : failed) : (status.st_mode & S_IWUSR) != 0;
}

// As has_descriptor(), in the table that one task has.
static int table_has_it(WxHolders *holders, pid_t task, bool *leaks) {
  char path[32];
  (void)snprintf(path, sizeof path, "%d/fd", (int)task);
  const int directory = wx_os_openat(holders->proc, path, O_RDONLY | O_DIRECTORY);
  if (directory < 0)
    return directory;
  WxListing *listing = &holders->listed_descriptors;
  int result = wx_listing_read_growing(listing, directory);
  int any = 0;
  for (size_t i = 0; i < listing->count && result >= 0; ++i) {
    result = is_writable_one(holders, directory, listing->numbers[i]);
    if (result > 0) {
      any = 1;
      *leaks |= survives_exec(holders, task, listing->numbers[i]);
    }
  }
  wx_os_close_reader(directory);
  return result < 0 ? result : any;
}

static int list_tasks(WxHolders *holders, pid_t pid) {
  char path[32];
  (void)snprintf(path, sizeof path, "%d/task", (int)pid);
  const int directory = wx_os_openat(holders->proc, path, O_RDONLY | O_DIRECTORY);
  if (directory < 0)
    return directory;
  const int failed = wx_listing_read_growing(&holders->listed_tasks, directory);
  wx_os_close_reader(directory);
  return failed;
}

// Of a task that has ended nothing is left; until its parent takes notice its entry belongs to
// root.
static bool has_ended(const WxHolders *holders, pid_t task) {
  WxTaskStat stat;
  return !wx_task_stat(holders->proc, task, &stat) && stat.state == 'Z';
}

// Whether `pid` has a descriptor of the file that it can write to; `*leaks`: and one that a program
// executed by it would inherit. A task may have a table of its own (unshare(CLONE_FILES)).
static int has_descriptor(WxHolders *holders, pid_t pid, bool *leaks) {
  int any = table_has_it(holders, pid, leaks);
  const int failed = any < 0 ? any : list_tasks(holders, pid);
  if (failed)
    return failed;
  for (size_t i = 0; i < holders->listed_tasks.count; ++i) {
    const pid_t task = holders->listed_tasks.numbers[i];
    if (task == pid || wx_os_shares_descriptors(pid, task) > 0)
      continue;
    const int result = table_has_it(holders, task, leaks);
    if (result < 0 && result != -ENOENT && result != -ESRCH && !has_ended(holders, task))
      return result;
    any |= result > 0;
  }
  return any;
}

// Looks for `wanted` in the rest of the file, keeping what could be its beginning from one part to
// the next.
static int file_has(int fd, const char *wanted, char *buffer) {
  const size_t overlap = strlen(wanted) - 1;
  size_t kept = 0;
  for (;;) {
    const ssize_t got = wx_os_read(fd, buffer + kept, BUFFER_SIZE - kept);
    if (got <= 0)
      return (int)got;
    const size_t length = kept + (size_t)got;
    if (memmem(buffer, length, wanted, overlap + 1))
      return 1;
    kept = length < overlap ? length : overlap;
    memmove(buffer, buffer + length - kept, kept);
  }
}

static int has_mapping(const WxHolders *holders, pid_t pid) {
  char path[32];
  (void)snprintf(path, sizeof path, "%d/maps", (int)pid);
  const int fd = wx_os_openat(holders->proc, path, O_RDONLY);
  if (fd < 0)
    return fd;
  // As the kernel prints device and inode of a mapping. A path that holds the same text only makes
  // a stranger stop with the others.
  char wanted[64];
  (void)snprintf(wanted, sizeof wanted, " %02x:%02x %llu ", holders->file.major,
                 holders->file.minor, (unsigned long long)holders->file.inode);
  const int result = file_has(fd, wanted, holders->buffer);
  wx_os_close_reader(fd);
  return result;
}

static int holds(WxHolders *holders, pid_t pid, bool *leaks) {
  const int descriptor = has_descriptor(holders, pid, leaks);
  if (descriptor < 0)
    return descriptor;
  const int mapping = has_mapping(holders, pid);
  return mapping ? mapping : descriptor;
}

// To be asked after all else of a process was read: one that was forked to become one, and had the
// file until then, has its name by now if it has not got the file any more.
static bool is_crash_handler(const WxHolders *holders, pid_t pid) {
  WxTaskStat stat;
  return !wx_task_stat(holders->proc, pid, &stat) && strcmp(stat.command, "createdump") == 0;
}

// Whether a thread other than the first has executed a program while the process was read, or was
// about to: the first one has nothing any more from its end on until that thread takes its place.
// `gone`: it could not be read.
static bool was_replaced(const WxHolders *holders, pid_t pid, const WxTaskStat *before, bool gone) {
  WxTaskStat after;
  if (wx_task_stat(holders->proc, pid, &after))
    return false;
  if (gone)
    return after.state != 'Z' || after.threads > 1;
  return after.state != 'Z' &&
         (before->state == 'Z' || after.flags & WX_TASK_ENDING || after.threads == 1 ||
          (after.stack && before->stack != after.stack));
}

// Reads a process that is no holder yet, and notes what it is. Its descriptors come before its
// mappings, since that is the way in which a file comes in.
static int read_process(WxHolders *holders, WxKnown *known, WxReason *reason) {
  WxTaskStat stat;
  const pid_t pid = known->pid;
  known->kind = ENDED;
  if (wx_os_cpu_clock(pid, &known->used_ns) == -EINVAL)
    return 0;
  int result = wx_task_stat(holders->proc, pid, &stat);
  if (result)
    return result == -ESRCH ? 0 : result;
  known->forked = stat.flags & WX_TASK_FORKED;
  known->start_ticks = stat.start_ticks;
  known->parent = stat.parent;
  known->kind = OF_KERNEL;
  if (stat.flags & WX_TASK_OF_KERNEL || pid == getpid())
    return 0;
  bool leaks = false;
  result = holds(holders, stat.state == 'Z' ? wx_reclaim_reach(pid) : pid, &leaks);
  known->kind = is_crash_handler(holders, pid) ? CRASH_HANDLER : STRANGER;
  if (result > 0)
    result = add_holder(holders, pid, &stat, leaks, reason);
  if (is_holder(holders, pid)) {
    known->kind = ENDED;
    return 0;
  }
  const bool denied = result == -EACCES || result == -EPERM;
  const bool gone = result == -ESRCH || result == -ENOENT || (denied && has_ended(holders, pid));
  if ((gone || stat.threads > 1) && was_replaced(holders, pid, &stat, gone)) {
    known->kind = UNREAD;
    return wx_reason(reason, -EAGAIN, "process %d is starting a program", (int)pid);
  }
  if (gone || denied) {
    known->kind = gone ? ENDED : UNREADABLE;
    return 0;
  }
  return result;
}

static bool must_be_read(const WxKnown *known) {
  uint64_t used_ns;
  if (known->kind == UNREAD)
    return true;
  if (known->kind == OF_KERNEL)
    return false;
  return wx_os_cpu_clock(known->pid, &used_ns) || used_ns != known->used_ns;
}

/* All processes
 * -------------------------------------------------------------------------------------------------
 */

// The number that was given to a process or thread last, 0 where it cannot be known; `*runnable`
// (may be NULL): how many tasks had or wanted a processor.
static pid_t last_given(const WxHolders *holders, unsigned *runnable) {
  char text[128]; // As `0.20 0.18 0.12 1/80 11206`: three loads, runnable of all, the number.
  const ssize_t length = wx_os_pread(holders->last, text, sizeof text - 1, 0);
  if (length <= 0)
    return 0;
  text[length] = '\0';
  const char *slash = strchr(text, '/');
  const char *number = slash ? strchr(slash, ' ') : NULL;
  if (!number)
    return 0;
  while (slash > text && slash[-1] != ' ')
    --slash;
  if (runnable)
    *runnable = (unsigned)strtoul(slash, NULL, 10);
  return (pid_t)strtol(number, NULL, 10);
}

static int grow_known(WxHolders *holders) {
  WxKnown *grown =
      wx_grown(holders->known, &holders->known_capacity, holders->known_count, sizeof *grown);
  if (!grown)
    return -ENOMEM;
  holders->known = grown;
  return 0;
}

// The place of `pid` among the known, or where it belongs.
static size_t place_of(const WxHolders *holders, pid_t pid) {
  size_t low = 0;
  size_t high = holders->known_count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (holders->known[middle].pid < pid)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static int insert_unread(WxHolders *holders, pid_t pid) {
  const size_t at = place_of(holders, pid);
  if (at < holders->known_count && holders->known[at].pid == pid)
    return 0;
  const int failed = grow_known(holders);
  if (failed)
    return failed;
  memmove(&holders->known[at + 1], &holders->known[at],
          (holders->known_count - at) * sizeof *holders->known);
  holders->known[at] = (WxKnown){.pid = pid, .kind = UNREAD};
  ++holders->known_count;
  return 0;
}

// Takes over what is known of those that are still listed by the same entry; the others are unread.
// The kernel lists processes in ascending order.
static int take_listing(WxHolders *holders) {
  const WxListing *listing = &holders->listed_processes;
  WxKnown *known = calloc(listing->count + 1, sizeof *known);
  if (!known)
    return -ENOMEM;
  size_t count = 0;
  for (size_t i = 0; i < listing->count; ++i) {
    const pid_t pid = listing->numbers[i];
    const size_t at = place_of(holders, pid);
    const bool same = at < holders->known_count && holders->known[at].pid == pid &&
                      holders->known[at].inode == listing->inodes[i];
    if (is_holder(holders, pid))
      continue;
    known[count] = same ? holders->known[at] : (WxKnown){.pid = pid, .kind = UNREAD};
    known[count++].inode = listing->inodes[i];
  }
  free(holders->known);
  holders->known = known;
  holders->known_count = count;
  holders->known_capacity = listing->count + 1;
  return 0;
}

static void note_absent(WxHolders *holders, pid_t number) {
  for (size_t i = 0; i < holders->absent_count; ++i)
    if (holders->absent[i] == number)
      return;
  if (holders->absent_count < WX_HOLDERS_MOST_ABSENT)
    holders->absent[holders->absent_count++] = number;
  else
    holders->absent_missed = true;
}

// A number was given out that no listed process has: notes its process; -EAGAIN where it is that of
// a process or thread that is being born and cannot be seen yet. (Where the kernel says that nobody
// has it, that may be so, too.)
static int take_number(WxHolders *holders, pid_t number) {
  if (is_holder(holders, number))
    return 0;
  const size_t at = place_of(holders, number);
  if (at < holders->known_count && holders->known[at].pid == number)
    return 0;
  const int pidfd = wx_os_pidfd_open(number);
  if (pidfd >= 0) {
    wx_os_close_reader(pidfd);
    return insert_unread(holders, number);
  }
  if (pidfd == -ESRCH || (pidfd == -ENOSYS && wx_os_kill(number, 0) == -ESRCH)) {
    note_absent(holders, number);
    return 0;
  }
  if (pidfd != -EINVAL && pidfd != -ENOENT)
    return pidfd;
  return wx_os_kill(number, 0) == -ESRCH ? -EAGAIN : 0; // Else a thread.
}

static int list_all(WxHolders *holders) {
  int result = wx_listing_read_growing(&holders->listed_processes, holders->proc);
  return result ? result : take_listing(holders);
}

// Before Linux 5.3 a number cannot be asked for its process: who is listed, then.
static int take_or_list(WxHolders *holders, pid_t number, bool *must_list) {
  const int result = take_number(holders, number);
  *must_list |= result == -ENOSYS;
  return result == -ENOSYS ? 0 : result;
}

// Asks again for those that nobody had.
static int take_absent(WxHolders *holders) {
  const size_t count = holders->absent_count;
  bool must_list = false;
  int result = 0;
  holders->absent_count = 0;
  for (size_t i = 0; i < count; ++i) {
    const pid_t number = holders->absent[i]; // Before its place is taken.
    if (!result)
      result = take_or_list(holders, number, &must_list);
    if (result)
      note_absent(holders, number);
  }
  return must_list && !result ? list_all(holders) : result;
}

// Takes in who was born after the last update, when `last` is the number given last. Where numbers
// began anew, or were too many, all are listed, and who is being born is known only once all have
// stood still.
static int take_born(WxHolders *holders, pid_t last, bool all) {
  const bool first = holders->given == 0;
  const pid_t look_back = last > LOOK_BACK ? last - LOOK_BACK : 0;
  const bool lost = !first && (last < holders->given || last - holders->given > MOST_NUMBERS);
  bool must_list = all || first || lost || holders->must_list;
  int result = 0;
  for (pid_t number = first || lost ? look_back : holders->given; number < last && !result;)
    result = take_or_list(holders, ++number, &must_list);
  holders->absent_missed |= lost;
  if (must_list && !result)
    result = list_all(holders);
  holders->must_list = result != 0 && must_list;
  return result;
}

static int read_those(WxHolders *holders, bool born_only, WxReason *reason) {
  for (size_t i = 0; i < holders->known_count; ++i) {
    WxKnown *known = &holders->known[i];
    // A child of a holder may have become a crash handler at the last moment.
    const bool wanted = born_only && !is_holder(holders, known->parent) ? known->kind == UNREAD
                                                                        : must_be_read(known);
    const int failed = wanted ? read_process(holders, known, reason) : 0;
    if (failed)
      return failed;
  }
  size_t kept = 0;
  for (size_t i = 0; i < holders->known_count; ++i)
    if (holders->known[i].kind != ENDED)
      holders->known[kept++] = holders->known[i];
  holders->known_count = kept;
  return 0;
}

/* What forbids a pause
 * -------------------------------------------------------------------------------------------------
 */

// The text behind `key` in /proc/PID/status, read into `text`; NULL where it is not there.
static const char *status_of(const WxHolders *holders, pid_t pid, const char *key,
                             char text[static STATUS_SIZE]) {
  char path[32];
  (void)snprintf(path, sizeof path, "%d/status", (int)pid);
  const int fd = wx_os_openat(holders->proc, path, O_RDONLY);
  if (fd < 0)
    return NULL;
  const ssize_t length = wx_os_read(fd, text, STATUS_SIZE - 1);
  wx_os_close_reader(fd);
  text[length > 0 ? length : 0] = '\0';
  const char *line = strstr(text, key);
  return line ? line + strlen(key) : NULL;
}

static uint64_t hexadecimal_after(const char *text, const char *key) {
  const char *line = strstr(text, key);
  return line ? strtoull(line + strlen(key), NULL, 16) : 0;
}

static bool has_capability(const WxHolders *holders, pid_t pid, int bit) {
  char text[STATUS_SIZE];
  const char *set = status_of(holders, pid, "\nCapEff:", text);
  return set && strtoull(set, NULL, 16) >> bit & 1;
}

// Whether a process that may not be read, and has executed no program since it was forked, can have
// been forked from a holder: by its user, unless a holder may change its own.
static bool may_be_fork(const WxHolders *holders, pid_t pid) {
  char text[STATUS_SIZE];
  const char *user = status_of(holders, pid, "\nUid:", text);
  const long own = user ? strtol(user, NULL, 10) : -1;
  for (size_t i = 0; i < holders->count && user; ++i) {
    const pid_t holder = holders->items[i].pid;
    user = status_of(holders, holder, "\nUid:", text);
    if (!user || strtol(user, NULL, 10) == own || has_capability(holders, holder, CAP_SETUID_BIT))
      return true;
  }
  return false;
}

static bool may_have_inherited(const WxHolders *holders, const WxKnown *known) {
  for (size_t i = 0; i < holders->count; ++i)
    if (holders->items[i].leaks && known->start_ticks >= holders->items[i].start_ticks)
      return true;
  return false;
}

static bool is_young(uint64_t start_ticks) {
  struct timespec now;
  const uint64_t hertz = (uint64_t)sysconf(_SC_CLK_TCK);
  (void)clock_gettime(CLOCK_BOOTTIME, &now);
  const uint64_t born = start_ticks * (1000000000U / hertz);
  const uint64_t since = (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
  return since < born + young_ns;
}

static int check_known(WxHolders *holders, WxReason *reason) {
  holders->unreadable = 0;
  for (size_t i = 0; i < holders->known_count; ++i) {
    const WxKnown *known = &holders->known[i];
    if (known->kind == CRASH_HANDLER && is_holder(holders, known->parent))
      return wx_reason(reason, -EBUSY,
                       "process %d writes a dump of process %d, which is left alone meanwhile",
                       (int)known->pid, (int)known->parent);
    if (known->kind != UNREADABLE)
      continue;
    // One that was forked executes a program soon, as a rule, and while it does nobody may read it.
    const bool soon = known->forked || is_young(known->start_ticks);
    if (may_have_inherited(holders, known) || (known->forked && may_be_fork(holders, known->pid)))
      return wx_reason(reason, soon ? -EAGAIN : -EBUSY,
                       "process %d may hold the memfd of process %d as well, but may not be looked "
                       "at: run as root or with CAP_SYS_PTRACE",
                       (int)known->pid, (int)holders->pid);
    ++holders->unreadable;
  }
  return 0;
}

// Signals that end a process with a core.
static uint64_t core_signals(void) {
  const int signals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGQUIT, SIGTRAP, SIGSYS};
  uint64_t set = 0;
  for (size_t i = 0; i < sizeof signals / sizeof *signals; ++i)
    set |= (uint64_t)1 << (signals[i] - 1);
  return set;
}

// An interrupt would end the writing of a core into a pipe.
static int check_dying(const WxHolders *holders, const WxHolder *holder, WxReason *reason) {
  char text[STATUS_SIZE] = "";
  const char *dumping = status_of(holders, holder->pid, "\nCoreDumping:", text);
  const uint64_t pending =
      hexadecimal_after(text, "\nSigPnd:") | hexadecimal_after(text, "\nShdPnd:");
  if (dumping && (strtol(dumping, NULL, 10) || pending & core_signals()))
    return wx_reason(reason, -EBUSY, "a core of process %d is being written", (int)holder->pid);
  return 0;
}

// One that was forked has executed a program since, and may hold nothing any more.
static int check_forked(WxHolders *holders, size_t index) {
  WxTaskStat stat;
  const pid_t pid = holders->items[index].pid;
  const int failed = wx_task_stat(holders->proc, pid, &stat);
  if (failed != -ESRCH && (failed || stat.flags & WX_TASK_FORKED))
    return failed;
  remove_holder(holders, index);
  return failed ? 0 : insert_unread(holders, pid);
}

static int check_holders(WxHolders *holders, WxReason *reason) {
  for (size_t i = holders->count; i-- > 0;) {
    int failed = 0;
    if (!is_there(&holders->items[i]))
      remove_holder(holders, i);
    else if (holders->items[i].forked)
      failed = check_forked(holders, i);
    else
      failed = check_dying(holders, &holders->items[i], reason);
    if (failed)
      return failed;
  }
  return 0;
}

// One that was forked a moment ago, also one found only now, is about to execute a program:
// attaching waits for that, and without CAP_SYS_PTRACE it must not happen while it is traced.
static int check_young(WxHolders *holders, WxReason *reason) {
  for (size_t i = 0; i < holders->count; ++i) {
    const WxHolder *holder = &holders->items[i];
    if (holder->forked && is_young(holder->start_ticks) &&
        (!holders->may_trace_any || holders->waited_for_young++ < MOST_WAITS_FOR_YOUNG))
      return wx_reason(reason, -EAGAIN, "process %d is starting a program", (int)holder->pid);
  }
  return 0;
}

/* Together
 * -------------------------------------------------------------------------------------------------
 */

int wx_holders_open(WxHolders *holders, pid_t pid, WxFileId file, WxReason *reason) {
  *holders = (WxHolders){.file = file, .pid = pid, .proc = -1, .last = -1};
  holders->buffer = malloc(BUFFER_SIZE);
  int failed = holders->buffer ? 0 : -ENOMEM;
  if (!failed) {
    holders->proc = wx_os_open("/proc", O_RDONLY | O_DIRECTORY, 0);
    failed = holders->proc < 0 ? holders->proc : 0;
  }
  if (!failed) {
    holders->last = wx_os_open("/proc/loadavg", O_RDONLY, 0);
    failed = holders->last < 0 ? holders->last : 0;
  }
  WxTaskStat stat;
  bool leaks = false;
  if (!failed)
    failed = wx_task_stat(holders->proc, pid, &stat);
  if (!failed &&
      has_descriptor(holders, stat.state == 'Z' ? wx_reclaim_reach(pid) : pid, &leaks) < 0)
    leaks = true; // Unknown.
  if (!failed)
    failed = add_holder(holders, pid, &stat, leaks, reason);
  if (failed)
    wx_holders_close(holders);
  else
    holders->may_trace_any = has_capability(holders, getpid(), CAP_SYS_PTRACE_BIT);
  return failed;
}

static int update(WxHolders *holders, bool all, bool born_only, WxReason *reason) {
  int result = check_holders(holders, reason);
  if (!result)
    result = take_absent(holders);
  for (int round = 0; round < MOST_ROUNDS && !result; ++round) {
    const pid_t last = last_given(holders, &holders->runnable);
    if (round && last == holders->given)
      break;
    result = take_born(holders, last, all && round == 0);
    if (!result)
      result = read_those(holders, born_only || round, reason);
    if (!result)
      holders->given = last;
  }
  if (!result)
    result = check_known(holders, reason);
  return result ? result : check_young(holders, reason);
}

int wx_holders_update(WxHolders *holders, WxReason *reason) {
  return update(holders, false, false, reason);
}

int wx_holders_update_born(WxHolders *holders, WxReason *reason) {
  return update(holders, false, true, reason);
}

// Adds what a holder maps of the file. Returns whether it still holds it.
static int add_mapped(WxHolders *holders, WxHolder *holder) {
  holder->reach = wx_reclaim_reach(holder->pid);
  int result = wx_maps_read(&holders->maps, holder->reach);
  if (!result && !is_there(holder))
    result = -ESRCH;
  bool any = false;
  for (size_t at = 0; at < holders->maps.count && !result; ++at) {
    const WxMapping *mapping = &holders->maps.items[at];
    if (!wx_mapping_is_of(mapping, holders->file))
      continue;
    any = true;
    result = wx_extents_add(&holders->mapped, mapping->offset,
                            mapping->offset + (mapping->end - mapping->start));
  }
  if (result)
    return result;
  holder->leaks = false;
  const int open = has_descriptor(holders, holder->reach, &holder->leaks);
  return open < 0 ? open : any || open;
}

// Reads what the holders map of the file and drops those that do not hold it any more. One that
// could not be read may have executed a program, perhaps with rights of its own, and is judged by
// the next update.
static int read_mapped(WxHolders *holders, WxReason *reason) {
  holders->mapped.count = 0;
  for (size_t i = holders->count; i-- > 0;) {
    const pid_t pid = holders->items[i].pid;
    int result = add_mapped(holders, &holders->items[i]);
    if (result == 1)
      continue;
    if (result == -EBUSY)
      return wx_reason(reason, result, "the mappings of process %d change while they are read",
                       (int)pid);
    const bool gone = result == -ESRCH || result == -ENOENT;
    if (result && !gone && result != -EACCES && result != -EPERM)
      return result;
    remove_holder(holders, i);
    result = insert_unread(holders, pid);
    if (result)
      return result;
  }
  wx_extents_normalize(&holders->mapped);
  return holders->count ? 0 : -ESRCH;
}

// Room for what can come up under the freeze: as much again as there is now.
static int make_room(WxHolders *holders) {
  size_t count = 0;
  for (size_t i = 0; i < holders->count; ++i) {
    const int failed = wx_listing_read_growing(&holders->listed_tasks, holders->items[i].tasks);
    if (failed && failed != -ESRCH)
      return failed;
    count += failed ? 0 : holders->listed_tasks.count;
  }
  const size_t wanted = 2 * count + 256;
  const int failed = wx_listing_reserve(&holders->listed_tasks, wanted);
  if (failed || wanted <= holders->task_capacity)
    return failed;
  WxHeldTask *tasks = reallocarray(holders->tasks, wanted, sizeof *tasks);
  if (!tasks)
    return -ENOMEM;
  memset(tasks, 0, wanted * sizeof *tasks); // Its pages are there before the first pause.
  holders->tasks = tasks;
  holders->task_capacity = wanted;
  return 0;
}

static int look_once(WxHolders *holders, WxReason *reason) {
  wx_holders_begin(holders);
  int result = update(holders, true, false, reason);
  if (!result)
    result = read_mapped(holders, reason);
  return result ? result : make_room(holders);
}

// A process that is just being born or starts a program can be told a moment later.
int wx_holders_look(WxHolders *holders, WxReason *reason) {
  int result = look_once(holders, reason);
  for (int i = 0; i < MOST_BAD_MOMENTS && result == -EAGAIN; ++i) {
    result = wx_os_sleep_ns(BAD_MOMENT_NS);
    if (!result)
      result = look_once(holders, reason);
  }
  return result == -EAGAIN ? -EBUSY : result;
}

void wx_holders_close(WxHolders *holders) {
  while (holders->count)
    remove_holder(holders, holders->count - 1);
  if (holders->proc >= 0)
    wx_os_close_reader(holders->proc);
  if (holders->last >= 0)
    wx_os_close_reader(holders->last);
  holders->proc = holders->last = -1;
  free(holders->tasks);
  free(holders->known);
  free(holders->buffer);
  wx_listing_free(&holders->listed_processes);
  wx_listing_free(&holders->listed_tasks);
  wx_listing_free(&holders->listed_descriptors);
  wx_extents_free(&holders->mapped);
  wx_maps_free(&holders->maps);
  holders->tasks = NULL;
  holders->known = NULL;
  holders->buffer = NULL;
}

/* Their tasks
 * -------------------------------------------------------------------------------------------------
 */

void wx_holders_begin(WxHolders *holders) {
  holders->task_count = 0;
  holders->waited_for_young = 0;
  holders->outside = 0;
}

// The index of a task of `holder`, or task_count. The kernel lists tasks in the order in which they
// were found before, so that the search begins behind the last one found.
static size_t find_task(const WxHolders *holders, size_t holder, pid_t id, size_t from) {
  for (size_t passed = 0; passed < holders->task_count; ++passed) {
    const size_t at = (from + passed) % holders->task_count;
    if (holders->tasks[at].id == id && holders->tasks[at].holder == holder)
      return at;
  }
  return holders->task_count;
}

static int add_tasks(WxHolders *holders, size_t holder) {
  int added = 0;
  size_t next = 0;
  for (size_t i = 0; i < holders->listed_tasks.count; ++i) {
    const pid_t id = holders->listed_tasks.numbers[i];
    const size_t at = find_task(holders, holder, id, next);
    next = at + 1;
    if (at < holders->task_count)
      continue;
    if (holders->task_count == holders->task_capacity)
      return -ENOBUFS;
    holders->tasks[holders->task_count++] = (WxHeldTask){.id = id, .holder = (uint16_t)holder};
    ++added;
  }
  return added;
}

int wx_holders_find_tasks(WxHolders *holders) {
  int added = 0;
  for (size_t i = 0; i < holders->count; ++i) {
    int found = wx_listing_read(&holders->listed_tasks, holders->items[i].tasks);
    if (found == -ESRCH) // It has ended: nothing of it runs.
      continue;
    if (!found)
      found = add_tasks(holders, i);
    if (found < 0)
      return found;
    added += found;
  }
  return added;
}

static bool is_task(const WxHolders *holders, pid_t id) {
  for (size_t i = 0; i < holders->task_count; ++i)
    if (holders->tasks[i].id == id)
      return true;
  return false;
}

bool wx_holders_has_newborn(const WxHolders *holders) {
  const pid_t last = last_given(holders, NULL);
  pid_t unknown = last - holders->given;
  if (last == 0 || unknown < 0)
    return true;
  for (size_t i = 0; i < holders->task_count && unknown; ++i)
    unknown -= holders->tasks[i].id > holders->given && holders->tasks[i].id <= last;
  for (size_t i = 0; i < holders->absent_count && !unknown; ++i)
    unknown = wx_os_kill(holders->absent[i], 0) != -ESRCH && !is_task(holders, holders->absent[i]);
  return unknown != 0;
}

bool wx_holders_settle(WxHolders *holders) {
  const bool missed = holders->absent_missed;
  const bool newborn = missed || wx_holders_has_newborn(holders);
  if (holders->outside || (newborn && !missed))
    return newborn;
  holders->absent_count = 0;
  holders->absent_missed = false;
  if (missed)
    holders->given = last_given(holders, NULL);
  holders->must_list = missed;
  return newborn;
}

bool wx_holders_is_crowded(const WxHolders *holders) {
  return holders->runnable > holders->task_count + 1;
}

WxFigure wx_holders_used_ns(const WxHolders *holders) {
  WxFigure sum = 0;
  for (size_t i = 0; i < holders->count; ++i) {
    uint64_t used_ns;
    if (wx_os_cpu_clock(holders->items[i].pid, &used_ns))
      return WX_UNKNOWN;
    sum += (WxFigure)used_ns;
  }
  return sum;
}

// A task that runs reaches the clock when it leaves its processor, or is counted as running.
bool wx_holders_is_at_rest(const WxHolders *holders, WxFigure used_ns) {
  unsigned runnable;
  return wx_known(used_ns) && last_given(holders, &runnable) && runnable <= 1 &&
         wx_holders_used_ns(holders) == used_ns;
}
