#include "os/control.h"

#include "os/count.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <linux/futex.h>
#include <linux/kcmp.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

long wx_os_ptrace(int request, pid_t thread, void *address, void *data) {
  const int failed = wx_os_begin(WX_OS_PTRACE);
  if (failed)
    return failed;
  const long result = ptrace((enum __ptrace_request)request, thread, address, data);
  return result == -1 ? -errno : result;
}

int wx_os_pidfd_signal(int pidfd, int signal) {
  const int failed = wx_os_begin(WX_OS_PIDFD_SIGNAL);
  if (failed)
    return failed;
  return syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0U) ? -errno : 0;
}

int wx_os_shares_descriptors(pid_t task, pid_t other) {
  const int failed = wx_os_begin(WX_OS_KCMP);
  if (failed)
    return failed;
  const long result = syscall(SYS_kcmp, task, other, KCMP_FILES, 0UL, 0UL);
  return result < 0 ? -errno : result == 0;
}

int wx_os_await_word(_Atomic uint32_t *word, uint32_t value, uint64_t nanoseconds) {
  const int failed = wx_os_begin(WX_OS_FUTEX);
  if (failed)
    return failed;
  const struct timespec most = {.tv_sec = (time_t)(nanoseconds / 1000000000U),
                                .tv_nsec = (long)(nanoseconds % 1000000000U)};
  if (!syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, &most, NULL, 0))
    return 0;
  return errno == EAGAIN || errno == EINTR || errno == ETIMEDOUT ? 0 : -errno;
}

void wx_os_wake(_Atomic uint32_t *word) {
  (void)wx_os_begin(WX_OS_FUTEX);
  (void)syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

int wx_os_sleep_ns(uint64_t nanoseconds) {
  const int failed = wx_os_begin(WX_OS_SLEEP);
  if (failed)
    return failed;
  const struct timespec wanted = {.tv_sec = (time_t)(nanoseconds / 1000000000U),
                                  .tv_nsec = (long)(nanoseconds % 1000000000U)};
  const int error = clock_nanosleep(CLOCK_MONOTONIC, 0, &wanted, NULL);
  return error == EINTR ? 0 : -error;
}

int wx_os_set_scheduler(int policy, int priority) {
  const int failed = wx_os_begin(WX_OS_SCHEDULER);
  if (failed)
    return failed;
  const struct sched_param wanted = {.sched_priority = priority};
  return sched_setscheduler(0, policy | SCHED_RESET_ON_FORK, &wanted) ? -errno : 0;
}

int wx_os_cpu_clock(pid_t pid, uint64_t *used_ns) {
  const int failed = wx_os_begin(WX_OS_CLOCK);
  if (failed)
    return failed;
  enum {
    SCHEDULED = 2,
    SHIFT = 3
  }; // As clock_getcpuclockid() makes it, which asks the kernel too.
  const clockid_t clock = (clockid_t)((~(unsigned)pid << SHIFT) | SCHEDULED);
  struct timespec used;
  if (clock_gettime(clock, &used))
    return -errno;
  *used_ns = (uint64_t)used.tv_sec * 1000000000U + (uint64_t)used.tv_nsec;
  return 0;
}

int wx_os_death_clock_make(timer_t *clock) {
  const int failed = wx_os_begin(WX_OS_TIMER_CREATE);
  if (failed)
    return failed;
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL};
  return timer_create(CLOCK_MONOTONIC, &event, clock) ? -errno : 0;
}

int wx_os_death_clock_set(timer_t clock, uint64_t nanoseconds) {
  const int failed = wx_os_begin(WX_OS_TIMER_SET);
  if (failed)
    return failed;
  const struct itimerspec when = {.it_value = {.tv_sec = (time_t)(nanoseconds / 1000000000U),
                                               .tv_nsec = (long)(nanoseconds % 1000000000U)}};
  return timer_settime(clock, 0, &when, NULL) ? -errno : 0;
}

void wx_os_death_clock_free(timer_t clock) {
  (void)wx_os_begin(WX_OS_TIMER_DELETE);
  (void)timer_delete(clock);
}

int wx_os_set_nice(int nice) {
  const int failed = wx_os_begin(WX_OS_SETPRIORITY);
  if (failed)
    return failed;
  return setpriority(PRIO_PROCESS, 0, nice) ? -errno : 0;
}

// The segments of the program or of one of its libraries, read in now.
static int lock_object(struct dl_phdr_info *object, size_t size, void *context) {
  (void)size;
  (void)context;
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
    const void *start = (const char *)object->dlpi_addr + segment->p_vaddr;
    if (segment->p_type == PT_LOAD && mlock(start, segment->p_memsz))
      return -errno;
  }
  return 0;
}

int wx_os_lock_memory(void) {
  const int failed = wx_os_begin(WX_OS_MLOCKALL);
  if (failed)
    return failed;
  const int all = mlockall(MCL_CURRENT | MCL_ONFAULT) ? -errno : 0;
  const int code = dl_iterate_phdr(lock_object, NULL);
  return all ? all : code;
}

int wx_os_new_session(void) {
  const int failed = wx_os_begin(WX_OS_SETSID);
  if (failed)
    return failed;
  return setsid() < 0 ? -errno : 0;
}

int wx_os_set_name(const char *name) {
  const int failed = wx_os_begin(WX_OS_PRCTL);
  if (failed)
    return failed;
  return prctl(PR_SET_NAME, name) ? -errno : 0;
}

int wx_os_namespace_owner(int fd, uint32_t *user) {
  const int failed = wx_os_begin(WX_OS_IOCTL);
  if (failed)
    return failed;
  uid_t owner;
  if (ioctl(fd, NS_GET_OWNER_UID, &owner))
    return -errno;
  *user = owner;
  return 0;
}

int wx_os_namespace_parent(int fd) {
  const int failed = wx_os_begin(WX_OS_IOCTL);
  if (failed)
    return failed;
  const int parent = ioctl(fd, NS_GET_PARENT); // Close-on-exec.
  return parent < 0 ? -errno : parent;
}

int wx_os_get_seals(int fd) {
  const int failed = wx_os_begin(WX_OS_FCNTL);
  if (failed)
    return failed;
  const int seals = fcntl(fd, F_GET_SEALS);
  return seals < 0 ? -errno : seals;
}
