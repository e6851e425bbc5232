// Holders that are forked or cloned by the target, or executed by whoever is.
#include "ways.h"

#include "attack.h"
#include "holding.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <unistd.h>

enum { STACK = 64 * 1024, LINES = 4 };

static const uint64_t look_ns = 500000;

// The page that attack_memfd() mapped: with it goes what /proc/PID/maps says of the file.
static void unmap_page(void) {
  char line[256];
  FILE *maps = fopen("/proc/self/maps", "re");
  while (maps && fgets(line, sizeof line, maps))
    if (strstr(line, "/memfd:doublemapper")) {
      const uintptr_t start = (uintptr_t)strtoull(line, NULL, 16);
      (void)munmap((void *)start, ATTACK_PAGE);
    }
  if (maps)
    (void)fclose(maps);
}

static void forked_mapping(void) {
  if (attack_fork() == 0)
    reach_hold(reach_by_mapping(hold_memfd));
}

static void forked_descriptor(void) {
  if (attack_fork() == 0)
    reach_hold(reach_by_descriptor(hold_memfd));
}

static void only_a_descriptor(void) {
  if (attack_fork())
    return;
  unmap_page();
  if (dup3(hold_memfd, HOLD_NUMBER, O_CLOEXEC) < 0 || close(hold_memfd))
    attack_die("dup3");
  reach_hold(reach_by_descriptor(HOLD_NUMBER));
}

static void forked_twice(void) {
  const pid_t child = attack_fork();
  if (child)
    (void)attack_reap(child);
  else if (fork())
    _exit(0);
  else
    reach_hold(reach_by_mapping(hold_memfd));
}

static int hold_mapping(void *map) {
  reach_hold((Reach){.map = map});
}

static int hold_descriptor(void *unused) {
  (void)unused;
  unmap_page();
  reach_hold(reach_by_descriptor(hold_memfd));
}

static void cloned(int (*body)(void *), int flags, void *argument) {
  char *stack =
      mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (stack == MAP_FAILED || clone(body, stack + STACK, flags | SIGCHLD, argument) < 0)
    attack_die("clone");
}

static void shares_memory(void) {
  cloned(hold_mapping, CLONE_VM, reach_by_mapping(dup(hold_memfd)).map);
}

static void shares_descriptors(void) {
  cloned(hold_descriptor, CLONE_FILES, NULL);
}

static pthread_t start(void *(*body)(void *)) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, body, NULL))
    attack_die("pthread_create");
  return thread;
}

static void *wait_for_vforked(void *unused) {
  cloned(hold_mapping, CLONE_VM | CLONE_VFORK, reach_by_mapping(dup(hold_memfd)).map);
  return unused;
}

static void vforked(void) {
  (void)pthread_detach(start(wait_for_vforked));
}

static void *hold_in_thread(void *unused) {
  reach_hold(reach_by_mapping(hold_memfd));
  return unused;
}

// Its first thread has ended: /proc/PID/maps and /proc/PID/fd of the process are empty.
static void without_first_thread(void) {
  if (attack_fork())
    return;
  (void)start(hold_in_thread);
  pthread_exit(NULL);
}

static _Atomic bool has_own_table;

static void *hold_in_own_table(void *unused) {
  if (unshare(CLONE_FILES))
    attack_die("unshare");
  atomic_store(&has_own_table, true);
  reach_hold(reach_by_descriptor(hold_memfd));
  return unused;
}

// A thread has a table of descriptors of its own, and nobody else has the file.
static void in_a_thread_s_own_table(void) {
  if (attack_fork())
    return;
  unmap_page();
  (void)start(hold_in_own_table);
  while (!atomic_load(&has_own_table))
    attack_nap(look_ns);
  (void)close(hold_memfd);
  for (;;)
    (void)pause();
}

static void in_a_namespace(void) {
  if (attack_fork())
    return;
  if (unshare(CLONE_NEWPID | CLONE_NEWNS))
    attack_die("unshare");
  if (attack_fork() == 0)
    reach_hold(reach_by_mapping(hold_memfd));
  for (;;)
    (void)pause();
}

// Somebody else traces it: nobody can hold it, so nothing may be given back.
static void traced(void) {
  const pid_t child = attack_fork();
  if (child == 0)
    reach_hold(reach_by_mapping(hold_memfd));
  if (attack_fork())
    return;
  if (ptrace(PTRACE_SEIZE, child, NULL, NULL))
    attack_die("PTRACE_SEIZE");
  for (;;)
    (void)pause();
}

// Children that live for one write, in several lines; each line has its own page.
static void bear_always(int page) {
  atomic_fetch_add(&hold_results->holders, 1);
  while (!atomic_load(&hold_results->stop)) {
    const pid_t child = attack_fork();
    if (child == 0) {
      const Reach reach = reach_by_mapping(hold_memfd);
      reach_write_once(&reach, page, page + 1);
      _exit(0);
    }
    (void)attack_reap(child);
  }
  _exit(0);
}

static void storm(void) {
  for (int line = 0; line < LINES; ++line)
    if (attack_fork() == 0)
      bear_always(1 + line);
}

// Threads that live for one write.
static void *write_in_thread(void *reach) {
  reach_write_once(reach, 1, HOLD_PAGES);
  return NULL;
}

static void by_short_threads(void) {
  if (attack_fork())
    return;
  Reach reach = reach_by_mapping(hold_memfd);
  atomic_fetch_add(&hold_results->holders, 1);
  while (!atomic_load(&hold_results->stop)) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, write_in_thread, &reach) || pthread_join(thread, NULL))
      attack_die("pthread_create");
  }
  _exit(0);
}

// It executes itself again and again, each time from another thread: the process stays, its threads
// and its mappings do not.
static void *execute_again(void *unused) {
  char *const words[] = {"again", "again", NULL};
  char *const nothing[] = {NULL};
  (void)execve("/proc/self/exe", words, nothing);
  attack_die("execve");
  return unused;
}

_Noreturn void relative_be_executed_again(void) {
  const Reach reach = reach_by_descriptor(HOLD_NUMBER);
  attack_end_with_parent();
  atomic_fetch_add(&hold_results->holders, 1);
  reach_write_once(&reach, 1, HOLD_PAGES);
  if (atomic_load(&hold_results->stop))
    _exit(0);
  (void)start(execute_again);
  for (;;)
    (void)pause();
}

static void executes(void) {
  if (attack_fork())
    return;
  if (dup2(hold_memfd, HOLD_NUMBER) < 0)
    attack_die("dup2");
  (void)execute_again(NULL);
}

const Way relative_ways[] = {
    {"forked_mapping", forked_mapping, false},
    {"forked_descriptor", forked_descriptor, false},
    {"only_a_descriptor", only_a_descriptor, false},
    {"forked_twice", forked_twice, false},
    {"shares_memory", shares_memory, false},
    {"shares_descriptors", shares_descriptors, false},
    {"vforked", vforked, false},
    {"without_first_thread", without_first_thread, false},
    {"in_a_thread_s_own_table", in_a_thread_s_own_table, false},
    {"in_a_namespace", in_a_namespace, false},
    {"traced", traced, false},
    {"storm", storm, false},
    {"by_short_threads", by_short_threads, false},
    {"executes", executes, false},
    {0},
};
