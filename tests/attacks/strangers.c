// Holders that are no relatives of the target: another program comes to its file.
#include "ways.h"

#include "attack.h"
#include "holding.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CANNOT = 77, SOCKET_NUMBER = 902 };

static int to_stranger; // The socket to it.
static pid_t stranger;

/// How a stranger is to come to the file.
typedef enum { BY_PROC = 'p', BY_SOCKET = 's', BY_PIDFD = 'g', RAID = 'r' } Order;

/// What it is told.
typedef struct {
  Order order;
  pid_t pid;
  int fd;
} Message;

static void send_to(int socket, Message message, int passed) {
  char control[CMSG_SPACE(sizeof passed)] = {0};
  struct iovec part = {&message, sizeof message};
  struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
  if (passed >= 0) {
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    struct cmsghdr *first = CMSG_FIRSTHDR(&header);
    *first = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(sizeof passed), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(first), &passed, sizeof passed);
  }
  if (sendmsg(socket, &header, 0) != (ssize_t)sizeof message)
    attack_die("sendmsg");
}

static Message receive_from(int socket, int *passed) {
  Message message;
  char control[CMSG_SPACE(sizeof *passed)];
  struct iovec part = {&message, sizeof message};
  struct msghdr header = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  if (recvmsg(socket, &header, 0) != (ssize_t)sizeof message)
    _exit(0); // Nobody will tell it anything.
  const struct cmsghdr *first = CMSG_FIRSTHDR(&header);
  if (first)
    memcpy(passed, CMSG_DATA(first), sizeof *passed);
  return message;
}

static int come_to_it(const Message *message, int passed) {
  char path[64];
  switch (message->order) {
  case BY_PROC:
  case RAID:
    (void)snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)message->pid, message->fd);
    return open(path, O_RDWR | O_CLOEXEC);
  case BY_PIDFD: {
    const int process = (int)syscall(SYS_pidfd_open, message->pid, 0);
    return (int)syscall(SYS_pidfd_getfd, process, message->fd, 0);
  }
  case BY_SOCKET:
  default:
    return passed;
  }
}

// It opens the file for one write at a time.
_Noreturn static void raid(const Message *message) {
  atomic_fetch_add(&hold_results->holders, 1);
  while (!atomic_load(&hold_results->stop)) {
    const Reach reach = reach_by_descriptor(come_to_it(message, -1));
    if (reach.fd < 0)
      attack_die("coming to the file");
    reach_write_once(&reach, 1, HOLD_PAGES);
    (void)close(reach.fd);
    attack_nap(attack_random(hold_dwell_ns));
  }
  _exit(0);
}

// The body of a stranger: another program, which got nothing but a socket and the results.
_Noreturn void stranger_be(void) {
  int passed = -1;
  attack_end_with_parent();
  const Message message = receive_from(SOCKET_NUMBER, &passed);
  if (message.order == RAID)
    raid(&message);
  const int fd = come_to_it(&message, passed);
  if (fd < 0 || dup3(fd, HOLD_NUMBER, O_CLOEXEC) < 0 || close(fd))
    attack_die("coming to the file");
  reach_hold(message.order == BY_PIDFD ? reach_by_descriptor(HOLD_NUMBER)
                                       : reach_by_mapping(HOLD_NUMBER));
}

// A copy of this program under another name.
static int copy_of_program(void) {
  const int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  const int to = memfd_create("stranger", MFD_CLOEXEC);
  char bytes[ATTACK_PAGE];
  ssize_t got;
  while ((got = read(from, bytes, sizeof bytes)) > 0)
    if (write(to, bytes, (size_t)got) != got)
      attack_die("write");
  if (from < 0 || to < 0 || got < 0 || close(from))
    attack_die("copying the program");
  return to;
}

void stranger_start(void) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
    attack_die("socketpair");
  to_stranger = ends[0];
  stranger = attack_fork();
  if (stranger == 0) {
    char *const words[] = {"stranger", "stranger", NULL};
    char *const nothing[] = {NULL};
    if (dup2(ends[1], SOCKET_NUMBER) < 0)
      attack_die("dup2");
    (void)fexecve(copy_of_program(), words, nothing);
    attack_die("fexecve");
  }
  (void)close(ends[1]);
}

static void by_proc(void) {
  send_to(to_stranger, (Message){BY_PROC, getpid(), hold_memfd}, -1);
}

static void by_socket(void) {
  send_to(to_stranger, (Message){BY_SOCKET, 0, 0}, hold_memfd);
}

static void by_pidfd(void) {
  send_to(to_stranger, (Message){BY_PIDFD, getpid(), hold_memfd}, -1);
}

static void raids(void) {
  send_to(to_stranger, (Message){RAID, getpid(), hold_memfd}, -1);
}

// The stranger ends; a child of the target gets its number.
static void reused_number(void) {
  const pid_t number = stranger;
  (void)close(to_stranger);
  (void)attack_reap(stranger);
  struct clone_args arguments = {
      .exit_signal = SIGCHLD, .set_tid = (uint64_t)(uintptr_t)&number, .set_tid_size = 1};
  const pid_t pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
  if (pid < 0) {
    fprintf(stderr, "a process of a chosen number: %s\n", strerror(errno));
    _exit(CANNOT);
  }
  if (pid == 0)
    reach_hold(reach_by_mapping(hold_memfd));
}

const Way stranger_ways[] = {
    {"by_proc", by_proc, false},   {"by_socket", by_socket, false},
    {"by_pidfd", by_pidfd, false}, {"reused_number", reused_number, false},
    {"raids", raids, true},        {0},
};
