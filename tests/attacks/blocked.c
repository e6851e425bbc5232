#include "blocked.h"

#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LONG_MS = 3600 * 1000, STACK = 64 * 1024, TURNS = 2000, CODE = 7, CHILD_NS = 2000000 };

static const struct timespec an_hour = {.tv_sec = 3600};
static const struct timespec soon = {.tv_nsec = 20000000};

void (*blocked_take)(int value);

int blocked_taken_signal(void) {
  return SIGRTMIN + 3;
}

static bool interrupted(long result) {
  return result == -1 && errno == EINTR;
}

// Each thread makes its own resource at its first call.
#define OWN(type, name, make)                                                                      \
  static _Thread_local type name = -1;                                                             \
  if ((name) == -1 && ((name) = (make)) == -1)                                                     \
  attack_die(#make)

static int reading_end(void) {
  int ends[2];
  return pipe2(ends, O_CLOEXEC) ? -1 : ends[0];
}

// The writing end of a pipe into which nothing fits any more.
static int full_end(void) {
  static const char bytes[ATTACK_PAGE];
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
    return -1;
  while (write(ends[1], bytes, sizeof bytes) > 0 || errno == EINTR) {
  }
  return fcntl(ends[1], F_SETFL, 0) ? -1 : ends[1];
}

static int one_end(void) {
  int ends[2];
  return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) ? -1 : ends[0];
}

static int impatient_end(void) {
  const struct timeval patience = {.tv_sec = LONG_MS / 1000};
  const int end = one_end();
  return setsockopt(end, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) ? -1 : end;
}

static int listener(void) {
  const struct sockaddr_un nameless = {.sun_family = AF_UNIX}; // The kernel finds a name.
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  return bind(fd, (const void *)&nameless, sizeof nameless.sun_family) || listen(fd, 1) ? -1 : fd;
}

static int epoll_of_nothing(void) {
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN};
  return epoll_ctl(epoll, EPOLL_CTL_ADD, reading_end(), &event) ? -1 : epoll;
}

static int late_timer(void) {
  const struct itimerspec late = {.it_value = an_hour};
  const int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  return timerfd_settime(timer, 0, &late, NULL) ? -1 : timer;
}

static int message_queue(void) {
  char name[64];
  (void)snprintf(name, sizeof name, "/wxbench-attack-%d-%ld", (int)getpid(), syscall(SYS_gettid));
  const mqd_t queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600, NULL);
  (void)mq_unlink(name);
  return (int)queue;
}

// A file that another description of it has locked.
static int locked_file(void) {
  char path[64];
  const int fd = memfd_create("locked", MFD_CLOEXEC);
  (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  const int again = open(path, O_RDWR | O_CLOEXEC);
  struct flock lock = {.l_type = F_WRLCK};
  return flock(fd, LOCK_EX) || fcntl(fd, F_OFD_SETLK, &lock) ? -1 : again;
}

static bool in_futex(void) {
  static _Thread_local uint32_t word;
  return interrupted(syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL));
}

static bool in_futex_with_timeout(void) {
  static _Thread_local uint32_t word;
  return interrupted(syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, &an_hour));
}

static bool in_sem_wait(void) {
  static _Thread_local sem_t semaphore;
  return interrupted(sem_wait(&semaphore));
}

static bool in_nanosleep(void) {
  struct timespec left;
  return interrupted(nanosleep(&an_hour, &left)) && left.tv_sec >= an_hour.tv_sec - LONG_MS / 2000;
}

static bool in_short_nanosleep(void) {
  const uint64_t before = attack_now();
  if (nanosleep(&soon, NULL) == 0)
    return attack_now() - before >= (uint64_t)soon.tv_nsec;
  return errno == EINTR;
}

static bool in_clock_nanosleep(void) {
  struct timespec until;
  (void)clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_sec += an_hour.tv_sec;
  return clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR;
}

static bool in_pause(void) {
  return interrupted(pause());
}

static bool in_sigsuspend(void) {
  sigset_t mask;
  (void)pthread_sigmask(SIG_BLOCK, NULL, &mask);
  return interrupted(sigsuspend(&mask));
}

static bool in_sigtimedwait(void) {
  siginfo_t info;
  sigset_t wanted;
  (void)sigemptyset(&wanted);
  (void)sigaddset(&wanted, blocked_taken_signal());
  const int got = sigtimedwait(&wanted, &info, &an_hour);
  if (got == blocked_taken_signal())
    blocked_take(info.si_value.sival_int);
  return got == blocked_taken_signal() || interrupted(got);
}

static int taker(void) {
  sigset_t wanted;
  (void)sigemptyset(&wanted);
  (void)sigaddset(&wanted, blocked_taken_signal());
  return signalfd(-1, &wanted, SFD_CLOEXEC);
}

static bool in_signalfd(void) {
  struct signalfd_siginfo info;
  OWN(int, fd, taker());
  const ssize_t got = read(fd, &info, sizeof info);
  if (got == sizeof info)
    blocked_take(info.ssi_int);
  return got == sizeof info || interrupted(got);
}

static bool in_read_of_a_pipe(void) {
  char byte;
  OWN(int, fd, reading_end());
  return interrupted(read(fd, &byte, 1));
}

static bool in_write_to_a_full_pipe(void) {
  static const char bytes[ATTACK_PAGE];
  OWN(int, fd, full_end());
  return interrupted(write(fd, bytes, sizeof bytes));
}

static bool in_splice(void) {
  OWN(int, fd, reading_end());
  OWN(int, into, full_end());
  return interrupted(splice(fd, NULL, into, NULL, ATTACK_PAGE, 0));
}

static bool in_poll(void) {
  OWN(int, fd, reading_end());
  struct pollfd one = {.fd = fd, .events = POLLIN};
  return interrupted(poll(&one, 1, LONG_MS));
}

static bool in_ppoll(void) {
  OWN(int, fd, reading_end());
  struct pollfd one = {.fd = fd, .events = POLLIN};
  return interrupted(ppoll(&one, 1, &an_hour, NULL));
}

static bool in_select(void) {
  return interrupted(select(0, NULL, NULL, NULL, NULL));
}

static bool in_pselect(void) {
  return interrupted(pselect(0, NULL, NULL, NULL, &an_hour, NULL));
}

static bool in_epoll_wait(void) {
  struct epoll_event event;
  OWN(int, fd, epoll_of_nothing());
  return interrupted(epoll_wait(fd, &event, 1, -1));
}

static bool in_accept(void) {
  OWN(int, fd, listener());
  return interrupted(accept(fd, NULL, NULL));
}

static bool in_recv(void) {
  char byte;
  OWN(int, fd, one_end());
  return interrupted(recv(fd, &byte, 1, 0));
}

static bool in_recv_with_timeout(void) {
  char byte;
  OWN(int, fd, impatient_end());
  return interrupted(recv(fd, &byte, 1, 0));
}

static bool in_msgrcv(void) {
  struct {
    long type;
    char text[1];
  } message;
  OWN(int, queue, msgget(IPC_PRIVATE, 0600));
  return interrupted(msgrcv(queue, &message, sizeof message.text, 0, 0));
}

static bool in_semop(void) {
  struct sembuf take = {.sem_op = -1};
  OWN(int, set, semget(IPC_PRIVATE, 1, 0600));
  return interrupted(semop(set, &take, 1));
}

static bool in_mq_receive(void) {
  static _Thread_local char text[8192];
  OWN(int, queue, message_queue());
  return interrupted(mq_receive(queue, text, sizeof text, NULL));
}

static bool in_read_of_an_eventfd(void) {
  uint64_t value;
  OWN(int, fd, eventfd(0, EFD_CLOEXEC));
  return interrupted(read(fd, &value, sizeof value));
}

static bool in_read_of_a_timerfd(void) {
  uint64_t value;
  OWN(int, fd, late_timer());
  return interrupted(read(fd, &value, sizeof value));
}

static bool in_read_of_inotify(void) {
  char event[ATTACK_PAGE];
  OWN(int, fd, inotify_init1(IN_CLOEXEC));
  return interrupted(read(fd, event, sizeof event));
}

static bool in_flock(void) {
  OWN(int, fd, locked_file());
  return interrupted(flock(fd, LOCK_EX));
}

static bool in_fcntl_lock(void) {
  struct flock lock = {.l_type = F_WRLCK};
  OWN(int, fd, locked_file());
  return interrupted(fcntl(fd, F_OFD_SETLKW, &lock));
}

static pid_t waiting_child(void) {
  const pid_t pid = attack_fork();
  while (pid == 0)
    (void)pause();
  return pid;
}

static bool in_wait4(void) {
  OWN(pid_t, pid, waiting_child());
  return interrupted(wait4(pid, NULL, 0, NULL));
}

static bool in_waitid(void) {
  siginfo_t info;
  OWN(pid_t, pid, waiting_child());
  return interrupted(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT));
}

static int short_life(void *unused) {
  (void)unused;
  attack_nap(CHILD_NS);
  _exit(CODE);
}

// Its parent waits where no signal reaches it, until it has exited.
static bool in_vfork(void) {
  static _Thread_local char *stack;
  int status;
  sigset_t all;
  sigset_t before;
  if (!stack && !(stack = malloc(STACK)))
    attack_die("malloc");
  (void)sigfillset(&all);
  (void)pthread_sigmask(SIG_BLOCK, &all, &before); // The child must not run our handlers.
  const pid_t pid = clone(short_life, stack + STACK, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
  (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (pid < 0)
    attack_die("vfork");
  while (waitpid(pid, &status, 0) != pid)
    if (errno != EINTR)
      return false;
  return WIFEXITED(status) && WEXITSTATUS(status) == CODE;
}

static void *born(void *unused) {
  return unused;
}

static bool in_birth_of_threads(void) {
  pthread_t thread;
  void *result = NULL;
  char own;
  if (pthread_create(&thread, NULL, born, &own) || pthread_join(thread, &result))
    return false;
  return result == &own;
}

static bool in_yield(void) {
  for (int i = 0; i < TURNS; ++i)
    (void)sched_yield();
  return true;
}

static bool computing(void) {
  for (volatile int i = 0; i < TURNS; ++i) {
  }
  return true;
}

const BlockedCall blocked_calls[] = {
    {"futex", in_futex, false, false},
    {"futex with a timeout", in_futex_with_timeout, false, false},
    {"sem_wait", in_sem_wait, false, false},
    {"nanosleep", in_nanosleep, false, false},
    {"short nanosleep", in_short_nanosleep, false, true},
    {"clock_nanosleep", in_clock_nanosleep, false, false},
    {"pause", in_pause, false, false},
    {"sigsuspend", in_sigsuspend, false, false},
    {"sigtimedwait", in_sigtimedwait, true, false},
    {"read of a signalfd", in_signalfd, true, false},
    {"read of a pipe", in_read_of_a_pipe, false, false},
    {"write to a full pipe", in_write_to_a_full_pipe, false, false},
    {"splice", in_splice, false, false},
    {"poll", in_poll, false, false},
    {"ppoll", in_ppoll, false, false},
    {"select", in_select, false, false},
    {"pselect", in_pselect, false, false},
    {"epoll_wait", in_epoll_wait, false, false},
    {"accept", in_accept, false, false},
    {"recv", in_recv, false, false},
    {"recv with a timeout", in_recv_with_timeout, false, false},
    {"msgrcv", in_msgrcv, false, false},
    {"semop", in_semop, false, false},
    {"mq_receive", in_mq_receive, false, false},
    {"read of an eventfd", in_read_of_an_eventfd, false, false},
    {"read of a timerfd", in_read_of_a_timerfd, false, false},
    {"read of inotify", in_read_of_inotify, false, false},
    {"flock", in_flock, false, false},
    {"lock by fcntl", in_fcntl_lock, false, false},
    {"wait4", in_wait4, false, false},
    {"waitid", in_waitid, false, false},
    {"vfork", in_vfork, false, true},
    {"births of threads", in_birth_of_threads, false, true},
    {"sched_yield", in_yield, false, true},
    {"computing", computing, false, true},
};
const size_t blocked_call_count = sizeof blocked_calls / sizeof *blocked_calls;
