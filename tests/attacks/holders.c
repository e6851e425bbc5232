// Somebody beside the target comes to hold its file in some WAY, writes into it and reads back:
//   holders WAY [PUNCHES]
// Prints `ready PID`; that is the target, which looks like .NET and does nothing. It waits until
// pages were given back, so that whoever does that has looked round; lets somebody hold the file
// then; ends after pages were given back PUNCHES times more, or after a while where nobody dares
// to. Prints `writes`, `lost` and `punches`. Exit status 1 where a write was lost.
//
// What is written stays for a moment and becomes zero again, so that all pages can be given back at
// some time or other. Wait long between looking at a page and giving it back (a delay that strace
// puts before fallocate), and whoever is not held loses writes for certain.
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGES = 64, STACK = 64 * 1024, USUAL_PUNCHES = 12, LINES = 4, CANNOT = 77 };
enum { HIGH_NUMBER = 900, RESULTS_NUMBER = 901, SOCKET_NUMBER = 902 };

static const char mark = 0x5a;
static const uint64_t look_ns = 500000;
static const uint32_t dwell_ns = 3000000;               // The longest.
static const uint64_t patience_ns = 10000000000;        // Until anybody gives pages back at all.
static const uint64_t time_for_punches_ns = 2000000000; // Where nobody does any more.

/// What all processes share.
typedef struct {
  _Atomic uint64_t writes;
  _Atomic uint64_t lost;
  _Atomic int holders;
  _Atomic bool stop;
} Results;

static Results *results;
static int memfd;

/// How a holder reaches the file: by a mapping, or where that is NULL by a descriptor.
typedef struct {
  char *map;
  int fd;
} Reach;

static void put(const Reach *reach, int page, char value) {
  const off_t at = (off_t)page * ATTACK_PAGE;
  if (reach->map)
    *(volatile char *)(reach->map + at) = value;
  else if (pwrite(reach->fd, &value, 1, at) != 1)
    attack_die("pwrite");
}

static bool lost(const Reach *reach, int page) {
  const off_t at = (off_t)page * ATTACK_PAGE;
  char byte = 0;
  if (reach->map)
    byte = *(volatile char *)(reach->map + at);
  else if (pread(reach->fd, &byte, 1, at) != 1)
    attack_die("pread");
  return byte != mark;
}

static void write_once(const Reach *reach, int first, int end) {
  for (int page = first; page < end; ++page)
    put(reach, page, mark);
  attack_nap(attack_random(dwell_ns));
  for (int page = first; page < end; ++page)
    if (lost(reach, page))
      atomic_fetch_add(&results->lost, 1);
  atomic_fetch_add(&results->writes, (uint64_t)(end - first));
  for (int page = first; page < end; ++page)
    put(reach, page, 0);
}

static void write_always(Reach reach) {
  atomic_fetch_add(&results->holders, 1);
  while (!atomic_load(&results->stop)) {
    write_once(&reach, 1, PAGES);
    attack_nap(attack_random(dwell_ns));
  }
}

static Reach by_mapping(int fd) {
  char *map = mmap(NULL, (size_t)PAGES * ATTACK_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (map == MAP_FAILED || close(fd))
    attack_die("mmap");
  return (Reach){.map = map};
}

static Reach by_descriptor(int fd) {
  return (Reach){.fd = fd};
}

_Noreturn static void hold(Reach reach) {
  write_always(reach);
  _exit(0);
}

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

// Ways of fork and clone.

static void forked_mapping(void) {
  if (attack_fork() == 0)
    hold(by_mapping(memfd));
}

static void forked_descriptor(void) {
  if (attack_fork() == 0)
    hold(by_descriptor(memfd));
}

static void only_a_descriptor(void) {
  if (attack_fork())
    return;
  unmap_page();
  if (dup3(memfd, HIGH_NUMBER, O_CLOEXEC) < 0 || close(memfd))
    attack_die("dup3");
  hold(by_descriptor(HIGH_NUMBER));
}

static void forked_twice(void) {
  const pid_t child = attack_fork();
  if (child)
    (void)attack_reap(child);
  else if (fork())
    _exit(0);
  else
    hold(by_mapping(memfd));
}

static int hold_mapping(void *map) {
  hold((Reach){.map = map});
}

static int hold_descriptor(void *unused) {
  (void)unused;
  unmap_page();
  hold(by_descriptor(memfd));
}

static void cloned(int (*body)(void *), int flags, void *argument) {
  char *stack =
      mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (stack == MAP_FAILED || clone(body, stack + STACK, flags | SIGCHLD, argument) < 0)
    attack_die("clone");
}

static void shares_memory(void) {
  cloned(hold_mapping, CLONE_VM, by_mapping(dup(memfd)).map);
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
  cloned(hold_mapping, CLONE_VM | CLONE_VFORK, by_mapping(dup(memfd)).map);
  return unused;
}

static void vforked(void) {
  (void)pthread_detach(start(wait_for_vforked));
}

static void *hold_in_thread(void *unused) {
  hold(by_mapping(memfd));
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
  hold(by_descriptor(memfd));
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
  (void)close(memfd);
  for (;;)
    (void)pause();
}

static void in_a_namespace(void) {
  if (attack_fork())
    return;
  if (unshare(CLONE_NEWPID | CLONE_NEWNS))
    attack_die("unshare");
  if (attack_fork() == 0)
    hold(by_mapping(memfd));
  for (;;)
    (void)pause();
}

// Somebody else traces it: nobody can hold it, so nothing may be given back.
static void traced(void) {
  const pid_t child = attack_fork();
  if (child == 0)
    hold(by_mapping(memfd));
  if (attack_fork())
    return;
  if (ptrace(PTRACE_SEIZE, child, NULL, NULL))
    attack_die("PTRACE_SEIZE");
  for (;;)
    (void)pause();
}

// Children that live for one write, in several lines; each line has its own page.
static void bear_always(int page) {
  atomic_fetch_add(&results->holders, 1);
  while (!atomic_load(&results->stop)) {
    const pid_t child = attack_fork();
    if (child == 0) {
      const Reach reach = by_mapping(memfd);
      write_once(&reach, page, page + 1);
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
  write_once(reach, 1, PAGES);
  return NULL;
}

static void by_short_threads(void) {
  if (attack_fork())
    return;
  Reach reach = by_mapping(memfd);
  atomic_fetch_add(&results->holders, 1);
  while (!atomic_load(&results->stop)) {
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

_Noreturn static void be_executed_again(void) {
  const Reach reach = by_descriptor(HIGH_NUMBER);
  attack_end_with_parent();
  atomic_fetch_add(&results->holders, 1);
  write_once(&reach, 1, PAGES);
  if (atomic_load(&results->stop))
    _exit(0);
  (void)start(execute_again);
  for (;;)
    (void)pause();
}

static void executes(void) {
  if (attack_fork())
    return;
  if (dup2(memfd, HIGH_NUMBER) < 0)
    attack_die("dup2");
  (void)execute_again(NULL);
}

// Ways of other programs. They are there before anybody looks round, hold nothing, and wait.

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
  atomic_fetch_add(&results->holders, 1);
  while (!atomic_load(&results->stop)) {
    const Reach reach = by_descriptor(come_to_it(message, -1));
    if (reach.fd < 0)
      attack_die("coming to the file");
    write_once(&reach, 1, PAGES);
    (void)close(reach.fd);
    attack_nap(attack_random(dwell_ns));
  }
  _exit(0);
}

// The body of a stranger: another program, which got nothing but a socket and the results.
static int be_a_stranger(void) {
  int passed = -1;
  attack_end_with_parent();
  const Message message = receive_from(SOCKET_NUMBER, &passed);
  if (message.order == RAID)
    raid(&message);
  const int fd = come_to_it(&message, passed);
  if (fd < 0 || dup3(fd, HIGH_NUMBER, O_CLOEXEC) < 0 || close(fd))
    attack_die("coming to the file");
  hold(message.order == BY_PIDFD ? by_descriptor(HIGH_NUMBER) : by_mapping(HIGH_NUMBER));
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

static void start_stranger(void) {
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
  send_to(to_stranger, (Message){BY_PROC, getpid(), memfd}, -1);
}

static void by_socket(void) {
  send_to(to_stranger, (Message){BY_SOCKET, 0, 0}, memfd);
}

static void by_pidfd(void) {
  send_to(to_stranger, (Message){BY_PIDFD, getpid(), memfd}, -1);
}

static void raids(void) {
  send_to(to_stranger, (Message){RAID, getpid(), memfd}, -1);
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
    hold(by_mapping(memfd));
}

/// A way to come to hold the file.
typedef struct {
  const char *name;
  void (*get)(void);
  bool stranger; ///< Another program is there before.
  bool open;     ///< It comes in the middle of a pause: no list of holders can have it.
} Way;

static const Way ways[] = {
    {"forked_mapping", forked_mapping, false, false},
    {"forked_descriptor", forked_descriptor, false, false},
    {"only_a_descriptor", only_a_descriptor, false, false},
    {"forked_twice", forked_twice, false, false},
    {"shares_memory", shares_memory, false, false},
    {"shares_descriptors", shares_descriptors, false, false},
    {"vforked", vforked, false, false},
    {"without_first_thread", without_first_thread, false, false},
    {"in_a_thread_s_own_table", in_a_thread_s_own_table, false, false},
    {"in_a_namespace", in_a_namespace, false, false},
    {"traced", traced, false, false},
    {"storm", storm, false, false},
    {"by_short_threads", by_short_threads, false, false},
    {"executes", executes, false, false},
    {"by_proc", by_proc, true, false},
    {"by_socket", by_socket, true, false},
    {"by_pidfd", by_pidfd, true, false},
    {"reused_number", reused_number, true, false},
    {"raids", raids, true, true},
};

static const Way *find_way(const char *name) {
  for (size_t i = 0; i < sizeof ways / sizeof *ways; ++i)
    if (strcmp(ways[i].name, name) == 0)
      return &ways[i];
  return NULL;
}

// Those in which no write may be lost.
static int list_ways(void) {
  for (size_t i = 0; i < sizeof ways / sizeof *ways; ++i)
    if (!ways[i].open)
      puts(ways[i].name);
  return 0;
}

// A mapping under a number that all inherit.
static void share_results(void) {
  int fd = fcntl(RESULTS_NUMBER, F_GETFD) < 0 ? -1 : RESULTS_NUMBER;
  if (fd < 0) {
    const int fresh = memfd_create("results", 0);
    if (fresh < 0 || ftruncate(fresh, sizeof *results))
      attack_die("results");
    fd = dup2(fresh, RESULTS_NUMBER);
    (void)close(fresh);
  }
  results = mmap(NULL, sizeof *results, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (results == MAP_FAILED)
    attack_die("results");
}

// Pages of the holder's part of the file that are allocated.
static int allocated_pages(void) {
  const off_t end = (off_t)PAGES * ATTACK_PAGE;
  off_t sum = 0;
  off_t data = 0;
  while ((data = lseek(memfd, data, SEEK_DATA)) >= 0 && data < end) {
    const off_t hole = lseek(memfd, data, SEEK_HOLE);
    sum += (hole < end ? hole : end) - data;
    data = hole;
  }
  return (int)(sum / ATTACK_PAGE);
}

// Whether all was given back. Whoever does that has looked round.
static bool was_given_back(void) {
  const uint64_t until = attack_now() + patience_ns;
  while (allocated_pages() > 1) {
    if (attack_now() > until)
      return false;
    attack_nap(look_ns);
  }
  return true;
}

// Whoever holds the file allocates pages by writing; each time that there are fewer again, some
// were given back. The target's own part of the file gives a reason to look at it.
static int watch_punches(int wanted) {
  const uint64_t until = attack_now() + time_for_punches_ns;
  int before = allocated_pages();
  int punches = 0;
  while (punches < wanted && attack_now() < until) {
    attack_fill(memfd, PAGES, PAGES);
    attack_nap(look_ns);
    const int now = allocated_pages();
    punches += now < before;
    before = now;
  }
  return punches;
}

static int run(const Way *way, int wanted) {
  if (way->stranger)
    start_stranger();
  memfd = attack_memfd(PAGES);
  attack_look_like_dotnet();
  attack_say("ready %d\n", (int)getpid());
  if (!was_given_back()) {
    fprintf(stderr, "nobody gives anything back\n");
    return 3;
  }
  way->get();
  for (const uint64_t until = attack_now() + patience_ns; !atomic_load(&results->holders);) {
    if (attack_now() > until)
      attack_die("nobody came to hold the file");
    attack_nap(look_ns);
  }
  const int punches = watch_punches(wanted);
  atomic_store(&results->stop, true);
  attack_nap(2 * dwell_ns);
  attack_say("writes %" PRIu64 "\nlost %" PRIu64 "\npunches %d\n", atomic_load(&results->writes),
             atomic_load(&results->lost), punches);
  return atomic_load(&results->lost) != 0;
}

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "list") == 0)
    return list_ways();
  share_results();
  if (argc == 2 && strcmp(argv[0], "stranger") == 0)
    return be_a_stranger();
  if (argc == 2 && strcmp(argv[0], "again") == 0)
    be_executed_again();
  const Way *way = argc >= 2 ? find_way(argv[1]) : NULL;
  if (!way)
    return 2;
  attack_end_with_parent();
  _exit(run(way, argc > 2 ? atoi(argv[2]) : USUAL_PUNCHES));
}
