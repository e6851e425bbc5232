// Holds a descriptor that reads `/memfd:doublemapper (deleted)` and is no memfd of a .NET runtime:
//   false_memfd KIND [FILE]
// Prints `ready PID DESCRIPTOR`, then waits until the program that started it ends.
//
// A name is no proof: whoever makes a user and a mount namespace of his own (any user may) names
// every file there as he likes, and O_PATH needs no right to it.
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

enum { PAGES = 64, NUMBER = 177, CANNOT = 77, HUGE_PAGE = 2 << 20 };

static const char name[] = "memfd:doublemapper (deleted)";

// Root in a user namespace of its own, where it is not root already.
static void become_root(void) {
  char map[64];
  const unsigned user = getuid();
  const unsigned group = getgid();
  if (user == 0)
    return;
  if (unshare(CLONE_NEWUSER))
    attack_die("unshare");
  (void)snprintf(map, sizeof map, "0 %u 1", user);
  bool mapped = attack_write("/proc/self/setgroups", "deny");
  mapped = attack_write("/proc/self/uid_map", map) && mapped;
  (void)snprintf(map, sizeof map, "0 %u 1", group);
  if (!attack_write("/proc/self/gid_map", map) || !mapped)
    attack_die("uid_map");
}

// An empty root file system of its own, for as long as it lives; `file` of the old one, if any, is
// bound to the name.
static void stage(const char *file) {
  char path[64];
  become_root();
  if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
    attack_die("a mount namespace of its own");
  const int source = file ? open(file, O_PATH | O_CLOEXEC) : -1;
  if ((file && source < 0) || mount("stage", "/tmp", "tmpfs", 0, NULL) || chdir("/tmp"))
    attack_die(file ? file : "tmpfs");
  if (file) {
    const int fd = open(name, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", source);
    if (fd < 0 || close(fd) || mount(path, name, NULL, MS_BIND, NULL) || close(source))
      attack_die("bind");
  }
  if (syscall(SYS_pivot_root, ".", ".") || umount2(".", MNT_DETACH))
    attack_die("pivot_root");
}

// Any file of the system, whether it may open it or not.
static int bound(const char *file) {
  stage(file);
  return open(name, O_PATH);
}

// Its own file, open and mapped like the real one.
static int mapped(const char *file) {
  stage(file);
  const int fd = open(name, O_RDWR);
  if (fd < 0 || mmap(NULL, ATTACK_PAGE, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED)
    attack_die("mmap");
  return fd;
}

// A deleted file of a temporary file system; the kernel itself writes ` (deleted)`.
static int deleted(const char *file) {
  (void)file;
  stage(NULL);
  const int fd = open("memfd:doublemapper", O_CREAT | O_RDWR, 0600);
  if (fd < 0 || unlink("memfd:doublemapper"))
    attack_die("a deleted file");
  attack_fill(fd, 0, PAGES);
  if (mmap(NULL, ATTACK_PAGE, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED)
    attack_die("mmap");
  return fd;
}

// The same with another name left.
static int linked(const char *file) {
  (void)file;
  stage(NULL);
  const int fd = open("memfd:doublemapper", O_CREAT | O_RDWR, 0600);
  if (fd < 0 || link("memfd:doublemapper", "database") || unlink("memfd:doublemapper"))
    attack_die("a file with two names");
  attack_fill(fd, 0, PAGES);
  if (mmap(NULL, ATTACK_PAGE, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED)
    attack_die("mmap");
  return fd;
}

static int fifo(const char *file) {
  (void)file;
  stage(NULL);
  return mkfifo(name, 0666) ? -1 : open(name, O_PATH);
}

static int listening(const char *file) {
  (void)file;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", name);
  stage(NULL);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  return bind(fd, (const void *)&address, sizeof address) || listen(fd, 1) ? -1
                                                                           : open(name, O_PATH);
}

// A memfd of the name in a program that has no .NET runtime.
static int plain(const char *file) {
  (void)file;
  return attack_memfd(PAGES);
}

static int sealed(const char *file) {
  (void)file;
  const int fd = memfd_create("doublemapper", MFD_ALLOW_SEALING);
  if (fd < 0)
    attack_die("memfd_create");
  attack_fill(fd, 0, PAGES);
  if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) ||
      mmap(NULL, ATTACK_PAGE, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED)
    attack_die("F_ADD_SEALS");
  return fd;
}

static int hugetlb(const char *file) {
  (void)file;
  const int fd = memfd_create("doublemapper", MFD_HUGETLB);
  if (fd < 0 && errno != EMFILE) {
    fprintf(stderr, "no memfd of huge pages: %s\n", strerror(errno));
    _exit(CANNOT);
  }
  // A mapping reserves huge pages, of which there may be none: size it only.
  if (fd < 0 || ftruncate(fd, HUGE_PAGE))
    attack_die("memfd_create");
  return fd;
}

static void answer(int device, uint64_t unique, int error, const void *body, size_t size) {
  struct fuse_out_header header = {
      .len = (uint32_t)(sizeof header + size), .error = error, .unique = unique};
  const struct iovec parts[] = {{&header, sizeof header}, {(void *)(uintptr_t)body, size}};
  if (writev(device, parts, 2) < 0)
    attack_die("/dev/fuse");
}

// A server that answers what it takes to hold a file by O_PATH, and nothing else: whoever asks it
// for more waits until it dies.
_Noreturn static void serve(int device) {
  static char request[FUSE_MIN_READ_BUFFER];
  static const struct fuse_init_out init = {
      .major = FUSE_KERNEL_VERSION, .minor = FUSE_KERNEL_MINOR_VERSION, .max_write = ATTACK_PAGE};
  static const struct fuse_entry_out entry = {
      .nodeid = 2, .entry_valid = 3600, .attr = {.ino = 2, .mode = S_IFREG | 0666, .nlink = 1}};
  const struct fuse_in_header *header = (const void *)request;
  for (;;) {
    if (read(device, request, sizeof request) < (ssize_t)sizeof *header)
      continue;
    if (header->opcode == FUSE_INIT)
      answer(device, header->unique, 0, &init, sizeof init);
    else if (header->opcode == FUSE_LOOKUP)
      answer(device, header->unique, 0, &entry, sizeof entry);
    else if (header->opcode == FUSE_ACCESS)
      answer(device, header->unique, -ENOSYS, NULL, 0);
  }
}

static int fuse(const char *file) {
  (void)file;
  char options[128];
  stage("/dev/fuse");
  const int device = open(name, O_RDWR | O_CLOEXEC);
  if (device < 0) {
    fprintf(stderr, "/dev/fuse: %s\n", strerror(errno));
    _exit(CANNOT);
  }
  (void)snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other",
                 device);
  if (mkdir("served", 0700) || mount("attack", "served", "fuse", MS_NOSUID | MS_NODEV, options)) {
    fprintf(stderr, "no FUSE: %s\n", strerror(errno));
    _exit(CANNOT);
  }
  if (attack_fork() == 0)
    serve(device);
  // Only the server may hold the device: with it ends whoever still waits for an answer.
  if (close(device) || chdir("served") || syscall(SYS_pivot_root, ".", ".") ||
      umount2(".", MNT_DETACH))
    attack_die("pivot_root");
  return open(name, O_PATH);
}

/// A way to hold something else under the name.
typedef struct {
  const char *name;
  int (*make)(const char *file); ///< Returns the descriptor.
  bool like_dotnet;              ///< Only the file tells that it is not the runtime's.
} Kind;

static const Kind kinds[] = {
    {"bound", bound, true},   {"mapped", mapped, true},   {"deleted", deleted, true},
    {"linked", linked, true}, {"fifo", fifo, true},       {"socket", listening, true},
    {"fuse", fuse, true},     {"hugetlb", hugetlb, true}, {"sealed", sealed, true},
    {"plain", plain, false},
};

int main(int argc, char **argv) {
  for (size_t i = 0; argc >= 2 && i < sizeof kinds / sizeof *kinds; ++i)
    if (strcmp(kinds[i].name, argv[1]) == 0) {
      const int fd = kinds[i].make(argv[2]);
      if (fd < 0 || dup2(fd, NUMBER) != NUMBER)
        attack_die(argv[1]);
      (void)close(fd);
      if (kinds[i].like_dotnet)
        attack_look_like_dotnet();
      attack_end_with_parent();
      attack_say("ready %d %d\n", (int)getpid(), NUMBER);
      for (;;)
        (void)pause();
    }
  return 2;
}
