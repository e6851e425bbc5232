#include "attack.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BROKEN = 3 };

static const uint64_t second_ns = 1000000000;

void attack_die(const char *what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  _exit(BROKEN);
}

void attack_say(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  (void)vprintf(format, arguments);
  va_end(arguments);
  (void)fflush(stdout);
}

uint64_t attack_now(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * second_ns + (uint64_t)now.tv_nsec;
}

void attack_nap(uint64_t ns) {
  struct timespec left = {.tv_sec = (time_t)(ns / second_ns), .tv_nsec = (long)(ns % second_ns)};
  while (nanosleep(&left, &left) && errno == EINTR) {
  }
}

uint32_t attack_random(uint32_t limit) {
  static uint32_t state = 1;
  state = state * 1664525U + 1013904223U;
  return (uint32_t)(((uint64_t)state * limit) >> 32);
}

static void *finalizer(void *unused) {
  sigset_t all;
  (void)sigfillset(&all);
  (void)pthread_sigmask(SIG_BLOCK, &all, NULL);
  (void)prctl(PR_SET_NAME, ".NET Finalizer");
  *(_Atomic bool *)unused = true;
  for (;;)
    (void)pause();
  return NULL;
}

void attack_look_like_dotnet(void) {
  static _Atomic bool named;
  pthread_t thread;
  if (pthread_create(&thread, NULL, finalizer, (void *)&named))
    attack_die("pthread_create");
  (void)pthread_detach(thread);
  while (!named)
    attack_nap(1000);
}

int attack_memfd(int pages) {
  const int fd = memfd_create("doublemapper", MFD_CLOEXEC);
  if (fd < 0 || ftruncate(fd, (off_t)1 << 30))
    attack_die("memfd_create");
  if (mmap(NULL, ATTACK_PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0) == MAP_FAILED)
    attack_die("mmap");
  attack_fill(fd, 0, pages);
  return fd;
}

void attack_fill(int fd, int first, int count) {
  static const char zeros[256 * ATTACK_PAGE];
  const size_t size = (size_t)count * ATTACK_PAGE;
  const off_t start = (off_t)first * ATTACK_PAGE;
  for (size_t at = 0; at < size;) {
    const size_t part = size - at < sizeof zeros ? size - at : sizeof zeros;
    const ssize_t put = pwrite(fd, zeros, part, start + (off_t)at);
    if (put <= 0 && errno != EINTR)
      attack_die("pwrite");
    at += put > 0 ? (size_t)put : 0;
  }
}

uint64_t attack_allocated(int fd) {
  struct stat status;
  if (fstat(fd, &status))
    attack_die("fstat");
  return (uint64_t)status.st_blocks * 512;
}

void attack_end_with_parent(void) {
  const pid_t parent = getppid();
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent)
    attack_die("PR_SET_PDEATHSIG");
}

pid_t attack_fork(void) {
  const pid_t pid = fork();
  if (pid < 0)
    attack_die("fork");
  if (pid == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL))
    _exit(BROKEN);
  return pid;
}

int attack_reap(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, __WALL) != pid)
    if (errno != EINTR)
      attack_die("waitpid");
  return status;
}

bool attack_write(const char *path, const char *text) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0)
    return false;
  const bool written = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
  return close(fd) == 0 && written;
}

char attack_state(pid_t pid, pid_t task) {
  char text[512];
  (void)snprintf(text, sizeof text, "/proc/%d/task/%d/stat", (int)pid, (int)task);
  const int fd = open(text, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return 'X';
  const ssize_t got = read(fd, text, sizeof text - 1);
  (void)close(fd);
  if (got <= 0)
    return 'X';
  text[got] = '\0';
  const char *end = strrchr(text, ')');
  return end ? end[2] : 'X';
}

bool attack_is_held(pid_t pid) {
  char path[64];
  (void)snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
  DIR *tasks = opendir(path);
  if (!tasks)
    return false;
  bool held = false;
  for (const struct dirent *entry; !held && (entry = readdir(tasks));) {
    const char state = attack_state(pid, (pid_t)atoi(entry->d_name));
    held = state == 't' || state == 'T';
  }
  (void)closedir(tasks);
  return held;
}
