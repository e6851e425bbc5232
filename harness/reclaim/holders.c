#include "reclaim/holders.h"

#include "os/control.h"
#include "os/os.h"
#include "os/process.h"
#include "reclaim/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
  STATUS_SIZE = 8192,
  CAP_SETUID_BIT = 7,
  CAP_SYS_PTRACE_BIT = 19,
};

// How often in a row a look may come at a bad moment.
enum { MOST_BAD_MOMENTS = 200, BAD_MOMENT_NS = 1000000 };

// Rounds of reading until nobody was born during one, and pauses that wait for the newly forked.
enum { MOST_ROUNDS = 4, MOST_WAITS_FOR_YOUNG = 5 };

// A process that was forked executes a program soon, or stays what it is. So long it may be about
// to execute one that gets rights from its file, which it does not get while it is traced.
static const uint64_t young_ns = 100000000;

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
  WxTaskStat stat;
  return (holder->pidfd >= 0 ? wx_os_pidfd_signal(holder->pidfd, 0)
                             : wx_task_stat(holder->tasks, holder->pid, &stat)) != -ESRCH;
}

bool wx_holders_has(const WxHolders *holders, pid_t pid) {
  for (size_t i = 0; i < holders->count; ++i)
    if (holders->items[i].pid == pid)
      return true;
  return false;
}

static int add_holder(WxHolders *holders, pid_t pid, const WxTaskStat *stat, bool leaks,
                      WxProblem *problem) {
  if (holders->count == WX_HOLDERS_MOST)
    return wx_problem(problem, -E2BIG, "more than %d processes hold the memfd of process %d",
                      WX_HOLDERS_MOST, (int)holders->pid);
  WxHolder holder = {.pid = pid,
                     .memory_task = pid,
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

// To be asked after all else of a process was read: one that was forked to become one, and had the
// file until then, has its name by now if it has not got the file any more.
static bool is_crash_handler(const WxHolders *holders, pid_t pid) {
  WxTaskStat stat;
  return !wx_task_stat(holders->proc, pid, &stat) && strcmp(stat.command, "createdump") == 0;
}

// Whether a thread other than the first has executed a program while the process was read, or was
// about to: the first one has nothing any more from its end on until that thread takes its place.
// Unknown counts as yes.
// `gone`: it could not be read.
static bool was_replaced(const WxHolders *holders, pid_t pid, const WxTaskStat *before, bool gone) {
  WxTaskStat after;
  const int failed = wx_task_stat(holders->proc, pid, &after);
  if (failed)
    return failed != -ESRCH;
  if (gone)
    return after.state != 'Z' || after.threads > 1;
  return after.state != 'Z' &&
         (before->state == 'Z' || after.flags & WX_TASK_ENDING || after.threads == 1 ||
          (after.stack && before->stack != after.stack));
}

// Reads a process that is no holder yet, and notes what it is. Its descriptors come before its
// mappings, since that is the way in which a file comes in.
static int read_process(WxHolders *holders, WxKnown *known, WxProblem *problem) {
  WxTaskStat stat;
  const pid_t pid = known->pid;
  known->kind = WX_ENDED;
  if (wx_os_cpu_clock(pid, &known->used_ns) == -EINVAL)
    return 0;
  int result = wx_task_stat(holders->proc, pid, &stat);
  if (result)
    return result == -ESRCH ? 0 : result;
  known->forked = stat.flags & WX_TASK_FORKED;
  known->start_ticks = stat.start_ticks;
  known->parent = stat.parent;
  known->kind = WX_OF_KERNEL;
  if (stat.flags & WX_TASK_OF_KERNEL || pid == getpid())
    return 0;
  bool leaks = false;
  result = wx_holds(holders, stat.state == 'Z' ? wx_task_with_memory(pid) : pid, &leaks);
  known->kind = is_crash_handler(holders, pid) ? WX_CRASH_HANDLER : WX_STRANGER;
  if (result > 0)
    result = add_holder(holders, pid, &stat, leaks, problem);
  if (wx_holders_has(holders, pid)) {
    known->kind = WX_ENDED;
    return 0;
  }
  const bool denied = result == -EACCES || result == -EPERM;
  const bool gone =
      result == -ESRCH || result == -ENOENT || (denied && wx_task_has_ended(holders->proc, pid));
  if ((gone || stat.threads > 1) && was_replaced(holders, pid, &stat, gone))
    return wx_problem(problem, -EAGAIN, "process %d is starting a program", (int)pid);
  if (gone || denied) {
    known->kind = gone ? WX_ENDED : WX_UNREADABLE;
    return 0;
  }
  return result;
}

static bool must_be_read(const WxKnown *known) {
  uint64_t used_ns;
  if (known->kind == WX_UNREAD)
    return true;
  if (known->kind == WX_OF_KERNEL)
    return false;
  return wx_os_cpu_clock(known->pid, &used_ns) || used_ns != known->used_ns;
}

// What could not be read is read the next time; who became a holder before that is left out.
static int read_those(WxHolders *holders, bool born_only, WxProblem *problem) {
  int failed = 0;
  for (size_t i = 0; i < holders->known_count && !failed; ++i) {
    WxKnown *known = &holders->known[i];
    // A child of a holder may have become a crash handler at the last moment.
    const bool wanted = born_only && !wx_holders_has(holders, known->parent)
                            ? known->kind == WX_UNREAD
                            : must_be_read(known);
    failed = wanted ? read_process(holders, known, problem) : 0;
    if (failed)
      known->kind = WX_UNREAD;
  }
  size_t kept = 0;
  for (size_t i = 0; i < holders->known_count; ++i)
    if (holders->known[i].kind != WX_ENDED)
      holders->known[kept++] = holders->known[i];
  holders->known_count = kept;
  return failed;
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

static int check_known(WxHolders *holders, WxProblem *problem) {
  holders->unreadable = 0;
  for (size_t i = 0; i < holders->known_count; ++i) {
    const WxKnown *known = &holders->known[i];
    if (known->kind == WX_CRASH_HANDLER && wx_holders_has(holders, known->parent))
      return wx_problem(problem, -EBUSY,
                        "process %d writes a dump of process %d, which is left alone meanwhile",
                        (int)known->pid, (int)known->parent);
    if (known->kind != WX_UNREADABLE)
      continue;
    // One that was forked executes a program soon, as a rule, and while it does nobody may read it.
    const bool soon = known->forked || is_young(known->start_ticks);
    if (may_have_inherited(holders, known) || (known->forked && may_be_fork(holders, known->pid)))
      return wx_problem(
          problem, soon ? -EAGAIN : -EBUSY,
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
static int check_dying(const WxHolders *holders, const WxHolder *holder, WxProblem *problem) {
  char text[STATUS_SIZE] = "";
  const char *dumping = status_of(holders, holder->pid, "\nCoreDumping:", text);
  const uint64_t pending =
      hexadecimal_after(text, "\nSigPnd:") | hexadecimal_after(text, "\nShdPnd:");
  if (dumping && (strtol(dumping, NULL, 10) || pending & core_signals()))
    return wx_problem(problem, -EBUSY, "a core of process %d is being written", (int)holder->pid);
  return 0;
}

// One that was forked has executed a program since, and may hold nothing any more.
static int check_forked(WxHolders *holders, size_t index) {
  WxTaskStat stat;
  const pid_t pid = holders->items[index].pid;
  const int failed = wx_task_stat(holders->proc, pid, &stat);
  if (failed != -ESRCH && (failed || stat.flags & WX_TASK_FORKED))
    return failed;
  const int lost = failed ? 0 : wx_census_insert(holders, pid);
  if (!lost)
    remove_holder(holders, index);
  return lost;
}

static int check_holders(WxHolders *holders, WxProblem *problem) {
  for (size_t i = holders->count; i-- > 0;) {
    int failed = 0;
    if (!is_there(&holders->items[i]))
      remove_holder(holders, i);
    else if (holders->items[i].forked)
      failed = check_forked(holders, i);
    else
      failed = check_dying(holders, &holders->items[i], problem);
    if (failed)
      return failed;
  }
  return 0;
}

/* Together
 * -------------------------------------------------------------------------------------------------
 */

// Over /proc/loadavg a container may have a file of another file system (lxcfs), whose last number
// is old or of another PID namespace; the other file tells that number only.
static int open_last(WxHolders *holders, WxProblem *problem) {
  static const char *const files[] = {"/proc/loadavg", "/proc/sys/kernel/ns_last_pid"};
  struct stat proc, last;
  int failed = wx_os_fstat(holders->proc, &proc);
  for (size_t i = 0; i < sizeof files / sizeof *files && !failed; ++i) {
    holders->last = wx_os_open(files[i], O_RDONLY, 0);
    if (holders->last < 0) {
      failed = holders->last == -ENOENT ? 0 : holders->last;
      continue;
    }
    failed = wx_os_fstat(holders->last, &last);
    if (failed || proc.st_dev == last.st_dev)
      return failed;
    wx_os_close_reader(holders->last);
    holders->last = -1;
  }
  if (failed)
    return failed;
  return wx_problem(problem, -ENOTSUP,
                    "neither /proc/loadavg nor /proc/sys/kernel/ns_last_pid is the kernel's own "
                    "(lxcfs?), so that nobody can tell whether a process was started: run on the "
                    "host");
}

int wx_holders_open(WxHolders *holders, pid_t pid, WxFileId file, WxProblem *problem) {
  *holders = (WxHolders){.file = file, .pid = pid, .proc = -1, .last = -1};
  holders->buffer = malloc(WX_HOLDS_BUFFER);
  int failed = holders->buffer ? 0 : -ENOMEM;
  if (!failed) {
    holders->proc = wx_os_open("/proc", O_RDONLY | O_DIRECTORY, 0);
    failed = holders->proc < 0 ? holders->proc : 0;
  }
  if (!failed)
    failed = open_last(holders, problem);
  WxTaskStat stat;
  bool leaks = false;
  if (!failed)
    failed = wx_task_stat(holders->proc, pid, &stat);
  if (!failed &&
      wx_holds_descriptor(holders, stat.state == 'Z' ? wx_task_with_memory(pid) : pid, &leaks) < 0)
    leaks = true; // Unknown.
  if (!failed)
    failed = add_holder(holders, pid, &stat, leaks, problem);
  if (failed)
    wx_holders_close(holders);
  else
    holders->may_trace_any = has_capability(holders, getpid(), CAP_SYS_PTRACE_BIT);
  return failed;
}

static int update(WxHolders *holders, bool all, bool born_only, WxProblem *problem) {
  int result = check_holders(holders, problem);
  if (!result)
    result = wx_census_again(holders);
  for (int round = 0; round < MOST_ROUNDS && !result; ++round) {
    const pid_t last = wx_census_last(holders, &holders->runnable);
    if (round && last == holders->given)
      break;
    result = wx_census_born(holders, last, all && round == 0);
    if (!result)
      result = read_those(holders, born_only || round, problem);
    if (!result)
      holders->given = last;
  }
  return result ? result : check_known(holders, problem);
}

int wx_holders_update(WxHolders *holders, WxProblem *problem) {
  return update(holders, false, false, problem);
}

int wx_holders_update_born(WxHolders *holders, WxProblem *problem) {
  return update(holders, false, true, problem);
}

// Adds what a holder maps of the file. Returns whether it still holds it.
static int add_mapped(WxHolders *holders, WxHolder *holder) {
  holder->memory_task = wx_task_with_memory(holder->pid);
  int result = wx_maps_read(&holders->maps, holder->memory_task);
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
  const int open = wx_holds_descriptor(holders, holder->memory_task, &holder->leaks);
  return open < 0 ? open : any || open;
}

// Reads what the holders map of the file and drops those that do not hold it any more. One that
// could not be read may have executed a program, perhaps with rights of its own, and is judged by
// the next update.
static int read_mapped(WxHolders *holders, WxProblem *problem) {
  holders->mapped.count = 0;
  for (size_t i = holders->count; i-- > 0;) {
    const pid_t pid = holders->items[i].pid;
    int result = add_mapped(holders, &holders->items[i]);
    if (result == 1)
      continue;
    if (result == -EBUSY)
      return wx_problem(problem, result, "the mappings of process %d change while they are read",
                        (int)pid);
    const bool gone = result == -ESRCH || result == -ENOENT;
    if (result && !gone && result != -EACCES && result != -EPERM)
      return result;
    result = wx_census_insert(holders, pid);
    if (result)
      return result;
    remove_holder(holders, i);
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

static int look_once(WxHolders *holders, WxProblem *problem) {
  wx_holders_begin(holders);
  int result = update(holders, true, false, problem);
  if (!result)
    result = read_mapped(holders, problem);
  return result ? result : make_room(holders);
}

// A process that starts a program can be told a moment later.
int wx_holders_look(WxHolders *holders, WxProblem *problem) {
  int result = look_once(holders, problem);
  for (int i = 0; i < MOST_BAD_MOMENTS && result == -EAGAIN; ++i) {
    result = wx_os_sleep_ns(BAD_MOMENT_NS);
    if (!result)
      result = look_once(holders, problem);
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

int wx_holders_check_young(WxHolders *holders, WxProblem *problem) {
  for (size_t i = 0; i < holders->count; ++i) {
    const WxHolder *holder = &holders->items[i];
    if (holder->forked && is_young(holder->start_ticks) &&
        (!holders->may_trace_any || holders->waited_for_young++ < MOST_WAITS_FOR_YOUNG))
      return wx_problem(problem, -EAGAIN, "process %d is starting a program", (int)holder->pid);
  }
  holders->waited_for_young = 0;
  return 0;
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
  return wx_known(used_ns) && wx_census_last(holders, &runnable) && runnable == 1 &&
         wx_holders_used_ns(holders) == used_ns;
}
