#include "support/frozen.h"

#include "measure/maps.h"
#include "reclaim/find.h"
#include "reclaim/proc.h"
#include "support/double_map.h"

#include <check.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 8, LOOKS = 5000, STACK = 64 * 1024, PATIENCE_SECONDS = 20, COUNTS_OF_A_LIFE = 20 };

static void make_memfd(WxSubject *subject) {
  double_map_as_runtime();
  subject->memfd = memfd_create("doublemapper", MFD_CLOEXEC);
  if (subject->memfd < 0 || ftruncate(subject->memfd, 1LL << 40) ||
      fallocate(subject->memfd, 0, 0, WX_SUBJECT_BYTES))
    abort();
  void *memory =
      mmap(NULL, WX_SUBJECT_BYTES / 2, PROT_READ | PROT_WRITE, MAP_SHARED, subject->memfd, 0);
  if (memory == MAP_FAILED)
    abort();
  subject->page = memory;
  char zeros[4096] = {0}; // Pages that were only allocated count as holes when the file is walked.
  for (off_t at = 0; at < WX_SUBJECT_BYTES; at += (off_t)sizeof zeros)
    if (pwrite(subject->memfd, zeros, sizeof zeros, at) != (ssize_t)sizeof zeros)
      abort();
}

void wx_subject_end(pid_t pid) {
  int status;
  (void)kill(pid, SIGKILL);
  ck_assert_int_eq(waitpid(pid, &status, 0), pid);
}

WxMemfd wx_subject_memfd(pid_t pid) {
  WxMaps maps = {0};
  WxMemfds memfds = {0};
  WxProblem problem = {""};
  ck_assert_msg(wx_reclaim_find(&memfds, pid, &maps, NULL, &problem) == 0, "%s", problem.text);
  const WxMemfd memfd = memfds.items[0];
  wx_memfds_free(&memfds);
  wx_maps_free(&maps);
  return memfd;
}

void wx_subject_runs(WxSubject *subject) {
  const uint64_t before = atomic_load(&subject->count);
  const time_t until = time(NULL) + PATIENCE_SECONDS;
  while (atomic_load(&subject->count) == before) {
    ck_assert_msg(time(NULL) < until, "the process does not run");
    (void)sched_yield();
  }
}

void wx_subject_is_still(WxSubject *subject) {
  const uint64_t before = atomic_load(&subject->count);
  for (int i = 0; i < LOOKS; ++i) {
    ck_assert_uint_eq(atomic_load(&subject->count), before);
    (void)sched_yield();
  }
}

char wx_subject_state(pid_t pid, pid_t task) {
  char path[64];
  WxTaskStat stat;
  (void)snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
  const int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0)
    return 'X';
  const int failed = wx_task_stat(directory, task, &stat);
  (void)close(directory);
  return failed ? 'X' : stat.state;
}

static bool write_file(const char *folder, const char *name, const char *text) {
  char path[256];
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0)
    return false;
  const bool written = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
  (void)close(fd);
  return written;
}

static const char *join_group(pid_t pid, int version) {
  static const char *const roots[][2] = {{"/sys/fs/cgroup/freezer", NULL},
                                         {"/sys/fs/cgroup/unified", "/sys/fs/cgroup"}};
  static char path[128];
  for (int i = 0; i < 2 && roots[version - 1][i]; ++i) {
    char number[16];
    const char *control = version == 1 ? "freezer.state" : "cgroup.freeze";
    char file[256];
    (void)snprintf(path, sizeof path, "%s/wxbench-test-%d", roots[version - 1][i], (int)pid);
    (void)snprintf(number, sizeof number, "%d", (int)pid);
    if (mkdir(path, 0755))
      continue;
    (void)snprintf(file, sizeof file, "%s/%s", path, control);
    if (access(file, W_OK) == 0 && write_file(path, "cgroup.procs", number))
      return path;
    (void)rmdir(path);
  }
  return "";
}

pid_t wx_subject_start(WxSubject **started, void (*body)(WxSubject *subject), int version,
                       const char **group) {
  WxSubject *subject =
      mmap(NULL, sizeof *subject, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ck_assert_ptr_ne(subject, MAP_FAILED);
  const pid_t pid = fork();
  if (pid == 0) {
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (!atomic_load(&subject->go))
      (void)sched_yield();
    make_memfd(subject);
    body(subject);
    for (;;)
      (void)pause();
  }
  ck_assert_int_gt(pid, 0);
  *group = version ? join_group(pid, version) : "";
  atomic_store(&subject->go, true);
  while (!atomic_load(&subject->ready))
    (void)sched_yield();
  *started = subject;
  return pid;
}

void wx_subject_ungroup(const char *path) {
  while (*path && rmdir(path)) // The kernel is not done with its last process yet.
    (void)sched_yield();
}

static void *count(void *context) {
  WxSubject *subject = context;
  for (;;)
    atomic_fetch_add(&subject->count, 1);
  return NULL;
}

static void start_thread(void *(*body)(void *), WxSubject *subject) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, body, subject))
    abort();
  (void)pthread_detach(thread);
}

void wx_subject_busy(WxSubject *subject) {
  for (int i = 0; i < THREADS; ++i)
    start_thread(count, subject);
  atomic_store(&subject->ready, true);
}

static void *count_ready(void *context) {
  WxSubject *subject = context;
  while (wx_subject_state(getpid(), getpid()) != 'Z')
    (void)sched_yield();
  atomic_store(&subject->ready, true);
  return count(context);
}

void wx_subject_first_exited(WxSubject *subject) {
  start_thread(count_ready, subject);
  pthread_exit(NULL);
}

static void *live_shortly(void *context) {
  WxSubject *subject = context;
  for (int i = 0; i < COUNTS_OF_A_LIFE; ++i)
    atomic_fetch_add(&subject->count, 1);
  return NULL;
}

void wx_subject_bears(WxSubject *subject) {
  atomic_store(&subject->ready, true);
  for (;;) {
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; ++i)
      if (pthread_create(&threads[i], NULL, live_shortly, subject))
        abort();
    for (int i = 0; i < THREADS; ++i)
      (void)pthread_join(threads[i], NULL);
  }
}

void wx_subject_forks(WxSubject *subject) {
  atomic_store(&subject->ready, true);
  for (;;) {
    const pid_t child = fork();
    if (child == 0) {
      (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
      for (int i = 0; i < 100 * COUNTS_OF_A_LIFE; ++i)
        atomic_fetch_add(&subject->count, 1);
      _exit(0);
    }
    if (child < 0 || waitpid(child, NULL, 0) != child)
      abort();
  }
}

static int wait_for_release(void *context) {
  WxSubject *subject = context;
  atomic_store(&subject->ready, true);
  while (!atomic_load(&subject->release))
    (void)sched_yield();
  _exit(0);
}

void wx_subject_vforks(WxSubject *subject) {
  static char stack[STACK];
  const int child =
      clone(wait_for_release, stack + STACK, CLONE_VM | CLONE_VFORK | SIGCHLD, subject);
  if (child < 0)
    abort();
  (void)count(subject);
}

static WxSubject *receiver;

static void receive(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)context;
  const uint64_t expected = atomic_fetch_add(&receiver->received, 1);
  if (info->si_code != SI_QUEUE || (uint64_t)info->si_value.sival_int != expected)
    atomic_fetch_add(&receiver->wrong, 1);
}

void wx_subject_receives(WxSubject *subject) {
  receiver = subject;
  struct sigaction action = {.sa_sigaction = receive, .sa_flags = SA_SIGINFO | SA_RESTART};
  (void)sigaction(SIGRTMIN + 1, &action, NULL);
  atomic_store(&subject->ready, true);
  (void)count(subject);
}

void wx_subject_waits(WxSubject *subject) {
  atomic_store(&subject->ready, true);
}
