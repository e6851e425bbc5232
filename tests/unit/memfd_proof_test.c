// Which files of a process are opened, to read and to write, and why the others are not.
#include "measure/memfd.h"
#include "measure/process_status.h"
#include "measure/runtime.h"
#include "os/count.h"
#include "os/os.h"
#include "support/bystander.h"
#include "support/double_map.h"
#include "support/inject.h"
#include "support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096 };

// How a descriptor of this process would be found if it were called so.
static WxMemfd named(int fd, const char *name) {
  struct stat status;
  WxMemfd memfd = {.number = fd};
  ck_assert_int_eq(fstat(fd, &status), 0);
  memfd.id = (WxFileId){major(status.st_dev), minor(status.st_dev), status.st_ino};
  wx_memfd_link(memfd.link, name);
  return memfd;
}

static WxRefusal refusal_of(const WxMemfd *memfd, pid_t pid, int flags) {
  WxRefusal refusal;
  const int fd = wx_memfd_open(memfd, pid, flags, &refusal);
  if (fd >= 0)
    ck_assert_int_eq(close(fd), 0);
  ck_assert_int_eq(fd < 0 ? fd : 0, refusal ? -EPERM : 0);
  return refusal;
}

static void map_file(const char *path) {
  const int fd = open(path, O_RDWR | O_CREAT, 0600);
  ck_assert_int_ge(fd, 0);
  ck_assert_int_eq(ftruncate(fd, PAGE), 0);
  ck_assert_ptr_ne(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0), MAP_FAILED);
  ck_assert_int_eq(unlink(path), 0);
}

START_TEST(memfd_of_a_program_without_a_runtime_is_read_but_changed_only_where_it_is_vouched_for) {
  DoubleMap map = double_map_make(PAGE);
  WxMemfd memfd = named(map.fd, NULL);
  ck_assert_int_eq(refusal_of(&memfd, 0, O_RDONLY), WX_REFUSED_NOT);
  ck_assert_int_eq(refusal_of(&memfd, 0, O_RDWR), WX_REFUSED_RUNTIME);
  memfd.vouched = true;
  ck_assert_int_eq(refusal_of(&memfd, 0, O_RDWR), WX_REFUSED_NOT);
  double_map_free(&map);
}
END_TEST

START_TEST(library_of_the_runtime_makes_a_runtime) {
  char directory[] = "/tmp/wx-proof-XXXXXX", path[64];
  ck_assert_ptr_nonnull(mkdtemp(directory));
  DoubleMap map = double_map_make(PAGE);
  const WxMemfd memfd = named(map.fd, NULL);
  snprintf(path, sizeof path, "%s/libcoreclr.so.1", directory);
  map_file(path);
  ck_assert_int_eq(refusal_of(&memfd, 0, O_RDWR), WX_REFUSED_RUNTIME);
  snprintf(path, sizeof path, "%s/libcoreclr.so", directory);
  map_file(path);
  ck_assert_int_eq(refusal_of(&memfd, 0, O_RDWR), WX_REFUSED_NOT);
  ck_assert_int_eq(rmdir(directory), 0);
  double_map_free(&map);
}
END_TEST

static void *be_finalizer(void *ends) {
  char byte;
  (void)!prctl(PR_SET_NAME, ".NET Finalizer");
  (void)!write(((int *)ends)[1], "r", 1);
  (void)!read(((int *)ends)[2], &byte, 1);
  return NULL;
}

START_TEST(thread_that_runs_finalizers_makes_a_runtime_and_one_of_a_like_name_none) {
  DoubleMap map = double_map_make(PAGE);
  const WxMemfd memfd = named(map.fd, NULL);
  int ends[4];
  char byte;
  pthread_t thread;
  ck_assert_int_eq(pipe(ends), 0);
  ck_assert_int_eq(pipe(ends + 2), 0);
  ck_assert_int_eq(prctl(PR_SET_NAME, ".NET Finalize"), 0);
  ck_assert_int_eq(refusal_of(&memfd, 0, O_RDWR), WX_REFUSED_RUNTIME);
  ck_assert_int_eq(prctl(PR_SET_NAME, ".NET Finalizers"), 0);
  ck_assert_int_eq(refusal_of(&memfd, 0, O_RDWR), WX_REFUSED_RUNTIME);
  ck_assert_int_eq(pthread_create(&thread, NULL, be_finalizer, ends), 0);
  ck_assert_int_eq(read(ends[0], &byte, 1), 1);
  ck_assert_int_eq(refusal_of(&memfd, 0, O_RDWR), WX_REFUSED_NOT);
  ck_assert_int_eq(write(ends[3], "e", 1), 1);
  ck_assert_int_eq(pthread_join(thread, NULL), 0);
  double_map_free(&map);
}
END_TEST

START_TEST(seals_against_writing_forbid_to_change_and_no_others_do) {
  static const struct {
    int seals;
    WxRefusal refusal;
  } rows[] = {
      {0, WX_REFUSED_NOT},
      {F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL, WX_REFUSED_NOT},
      {F_SEAL_WRITE, WX_REFUSED_SEALED},
      {F_SEAL_FUTURE_WRITE, WX_REFUSED_SEALED},
  };
  double_map_as_runtime();
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
    const int fd = memfd_create("doublemapper", MFD_ALLOW_SEALING);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, rows[i].seals), 0);
    const WxMemfd memfd = named(fd, NULL);
    ck_assert_int_eq(refusal_of(&memfd, 0, O_RDONLY), WX_REFUSED_NOT);
    ck_assert_int_eq(refusal_of(&memfd, 0, O_RDWR), rows[i].refusal);
    ck_assert_int_eq(close(fd), 0);
  }
}
END_TEST

START_TEST(no_other_kind_of_file_is_opened_whatever_it_is_called) {
  char path[] = "/tmp/wx-proof-XXXXXX";
  int ends[2], sockets[2];
  ck_assert_int_eq(pipe(ends), 0);
  ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
  const int files[] = {mkstemp(path),
                       ends[0],
                       sockets[0],
                       open("/dev/zero", O_RDWR),
                       open("/tmp", O_RDONLY | O_DIRECTORY),
                       open("/proc/self/status", O_RDONLY)};
  ck_assert_int_eq(unlink(path), 0);
  double_map_as_runtime();
  for (size_t i = 0; i < sizeof files / sizeof *files; ++i) {
    const WxMemfd memfd = named(files[i], NULL);
    const uint64_t before = wx_os_counts().made[WX_OS_OPEN];
    ck_assert_int_eq(refusal_of(&memfd, 0, O_RDONLY), WX_REFUSED_PLACE);
    ck_assert_int_eq(refusal_of(&memfd, 0, O_RDWR), WX_REFUSED_PLACE);
    ck_assert_int_eq((int)(wx_os_counts().made[WX_OS_OPEN] - before), 1); // Its status, to write.
    ck_assert_int_eq(close(files[i]), 0);
  }
}
END_TEST

START_TEST(memfd_of_another_name_is_refused) {
  const int fd = memfd_create("doublemapper-template", 0);
  ck_assert_int_ge(fd, 0);
  const WxMemfd memfd = named(fd, NULL);
  ck_assert_int_eq(refusal_of(&memfd, 0, O_RDONLY), WX_REFUSED_NAME);
  const WxMemfd own = named(fd, "doublemapper-template");
  ck_assert_int_eq(refusal_of(&own, 0, O_RDONLY), WX_REFUSED_NOT);
  ck_assert_int_eq(close(fd), 0);
}
END_TEST

START_TEST(file_that_cannot_have_seals_is_refused) {
  DoubleMap map = double_map_make(PAGE);
  const WxMemfd memfd = named(map.fd, NULL);
  wx_os_inject(WX_OS_FCNTL, 1, EINVAL);
  ck_assert_int_eq(refusal_of(&memfd, 0, O_RDONLY), WX_REFUSED_SEALS);
  ck_assert(wx_os_inject_end());
  double_map_free(&map);
}
END_TEST

START_TEST(mappings_of_fewer_bits_are_refused) {
  DoubleMap map = double_map_make(PAGE);
  const WxMemfd memfd = named(map.fd, NULL);
  WxMapping low = {.start = 0xfff00000, .end = UINT64_C(1) << 32, .path = "[stack]"};
  WxMapping high = {.start = low.start, .end = low.end + PAGE, .path = "[stack]"};
  const WxMaps maps[] = {{.items = &low, .count = 1}, {.items = &high, .count = 1}, {0}};
  WxRefusal refusal;
  ck_assert_int_eq(wx_memfd_judge(&memfd, 0, &maps[0], &refusal), 0);
  ck_assert_int_eq(refusal, WX_REFUSED_NARROW);
  ck_assert_int_eq(wx_memfd_judge(&memfd, 0, &maps[1], &refusal), 0);
  ck_assert_int_eq(refusal, WX_REFUSED_RUNTIME);
  ck_assert(!wx_maps_are_narrow(&maps[2]));
  double_map_free(&map);
}
END_TEST

START_TEST(judgement_is_that_of_the_opening_and_opens_nothing_for_writing) {
  DoubleMap map = double_map_make(PAGE);
  WxMemfd memfd = named(map.fd, NULL);
  WxMaps maps = {0};
  ck_assert_int_eq(wx_maps_read(&maps, 0), 0);
  for (int vouched = 0; vouched < 2; ++vouched) {
    WxRefusal refusal;
    memfd.vouched = vouched;
    ck_assert_int_eq(wx_memfd_judge(&memfd, 0, &maps, &refusal), 0);
    ck_assert_int_eq(refusal, refusal_of(&memfd, 0, O_RDWR));
  }
  wx_maps_free(&maps);
  double_map_free(&map);
}
END_TEST

// A child with a memfd, which it has said.
static pid_t start_child(DoubleMap *map) {
  *map = double_map_make(PAGE);
  const pid_t pid = fork();
  if (pid == 0) {
    double_map_as_runtime();
    wx_bystander_wait();
  }
  return pid;
}

START_TEST(process_that_has_ended_is_told_from_a_refusal) {
  DoubleMap map;
  const pid_t pid = start_child(&map);
  WxRefusal refusal;
  const WxMemfd memfd = named(map.fd, NULL);
  wx_bystander_end(pid);
  ck_assert_int_eq(wx_memfd_open(&memfd, pid, O_RDONLY, &refusal), -ESRCH);
  ck_assert_int_eq(wx_memfd_open(&memfd, pid, O_RDWR, &refusal), -ESRCH);
  ck_assert_int_eq(wx_memfd_judge(&memfd, pid, NULL, &refusal), -ESRCH);
  double_map_free(&map);
}
END_TEST

// As where the number was given to another process between two looks.
START_TEST(number_of_another_process_by_now_is_an_ended_process) {
  DoubleMap map = double_map_make(PAGE);
  WxMemfd memfd = named(map.fd, NULL);
  memfd.vouched = true;
  wx_os_inject(WX_OS_PIDFD_SIGNAL, 1, ESRCH);
  ck_assert_int_eq(wx_memfd_open(&memfd, 0, O_RDWR, NULL), -ESRCH);
  ck_assert(wx_os_inject_end());
  wx_os_inject(WX_OS_PIDFD_OPEN, 1, ENOSYS); // Before Linux 5.3.
  const int fd = wx_memfd_open(&memfd, 0, O_RDWR, NULL);
  ck_assert_int_ge(fd, 0);
  ck_assert(wx_os_inject_end());
  ck_assert_int_eq(close(fd), 0);
  double_map_free(&map);
}
END_TEST

START_TEST(descriptor_of_the_same_file_is_told_from_one_of_the_same_name) {
  DoubleMap map = double_map_make(PAGE), other = double_map_make(PAGE);
  const WxMemfd memfd = named(map.fd, NULL);
  const int copy = dup(map.fd);
  ck_assert_int_eq(wx_memfd_is_behind(&memfd, 0, map.fd), 1);
  ck_assert_int_eq(wx_memfd_is_behind(&memfd, 0, copy), 1);
  ck_assert_int_eq(wx_memfd_is_behind(&memfd, 0, other.fd), 0);
  ck_assert_int_eq(wx_memfd_is_behind(&memfd, 0, STDERR_FILENO), 0);
  ck_assert_int_eq(close(copy), 0);
  ck_assert_int_eq(wx_memfd_is_behind(&memfd, 0, copy), 0);
  double_map_free(&map);
  double_map_free(&other);
}
END_TEST

static int find_and_open(void *context) {
  const bool to_write = *(bool *)context;
  WxMaps maps = {0};
  WxMemfds found = {0};
  int result = wx_maps_read(&maps, 0);
  if (!result)
    result = wx_memfd_find(&found, 0, &maps, WX_DOUBLEMAPPER);
  if (!result && found.count != 1) // Of a descriptor that could not be asked nothing is known.
    result = -EIO;
  if (!result) {
    found.items[0].vouched = true;
    result = wx_memfd_open(&found.items[0], 0, to_write ? O_RDWR : O_RDONLY, NULL);
    if (result >= 0)
      result = close(result);
  }
  wx_memfds_free(&found);
  wx_maps_free(&maps);
  return result;
}

static uint64_t descriptors;

// What was not freed the sanitizer reports.
static void nothing_left(void *context) {
  (void)context;
  ck_assert_uint_eq(wx_held().descriptors, descriptors);
}

START_TEST(failures_while_finding_and_opening_leave_nothing_behind) {
  DoubleMap map = double_map_make(PAGE);
  for (int to_write = 0; to_write < 2; ++to_write) {
    bool context = to_write;
    descriptors = wx_held().descriptors;
    ck_assert_uint_gt(wx_inject_each(EIO, find_and_open, nothing_left, &context), 15);
  }
  double_map_free(&map);
}
END_TEST

START_TEST(only_a_name_that_can_be_pasted_into_a_shell_is_shown) {
  static const struct {
    const char *link;
    const char *name;
  } rows[] = {
      {"/memfd:doublemapper (deleted)", "doublemapper"},
      {"/memfd:JITCode:v8_1.0 (deleted)", NULL},
      {"/memfd:wasm-memory+1.0_x (deleted)", "wasm-memory+1.0_x"},
      {"/memfd:-rf (deleted)", NULL},
      {"/memfd:$(reboot) (deleted)", NULL},
      {"/memfd:a b (deleted)", NULL},
      {"/memfd:a\033[2J (deleted)", NULL},
      {"/memfd: (deleted)", NULL},
      {"/memfd:", NULL},
      {"/dev/shm/x (deleted)", "/dev/shm/x"},
      {"/dev/shm/a;b (deleted)", NULL},
      {"/memfd:a/b (deleted)", NULL},
      {"/dev/shm/x", NULL},
      {"", NULL},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
    char room[WX_MEMFD_LINK];
    const char *name = wx_memfd_plain_name(rows[i].link, room);
    ck_assert_msg(!name == !rows[i].name && (!name || !strcmp(name, rows[i].name)), "row %zu", i);
  }
}
END_TEST

START_TEST(longest_name_of_a_memfd_is_found) {
  char name[WX_MEMFD_NAME_MAX + 1], link[WX_MEMFD_LINK];
  memset(name, 'n', WX_MEMFD_NAME_MAX);
  name[WX_MEMFD_NAME_MAX] = '\0';
  const int fd = memfd_create(name, 0);
  ck_assert_int_ge(fd, 0);
  wx_memfd_link(link, name);
  const WxMaps none = {0};
  WxMemfds found = {0};
  ck_assert_int_eq(wx_memfd_find(&found, 0, &none, link), 0);
  ck_assert_uint_eq(found.count, 1);
  ck_assert_int_eq(refusal_of(&found.items[0], 0, O_RDONLY), WX_REFUSED_NOT);
  wx_memfds_free(&found);
  ck_assert_int_eq(close(fd), 0);
}
END_TEST

// Of a number that is a thread's, as where the first thread of a process has exited.
static void *tell_thread(void *end) {
  const pid_t thread = (pid_t)syscall(SYS_gettid);
  (void)!write(*(int *)end, &thread, sizeof thread);
  wx_bystander_wait();
}

START_TEST(users_and_file_are_found_by_the_number_of_a_thread) {
  int ends[2];
  pid_t tid;
  ck_assert_int_eq(pipe(ends), 0);
  DoubleMap map = double_map_make(PAGE);
  const pid_t pid = fork();
  if (pid == 0) {
    pthread_t thread;
    double_map_as_runtime();
    if (pthread_create(&thread, NULL, tell_thread, &ends[1]))
      _exit(1);
    wx_bystander_wait();
  }
  ck_assert_int_eq(read(ends[0], &tid, sizeof tid), (ssize_t)sizeof tid);
  WxText text = {0};
  WxProcessUsers users;
  ck_assert_int_eq(wx_process_users(&users, tid, &text), 0);
  ck_assert_int_eq(users.process, pid);
  for (size_t i = 0; i < WX_PROCESS_USERS; ++i)
    ck_assert_uint_eq(users.ids[i], getuid());
  const WxMemfd memfd = named(map.fd, NULL);
  ck_assert_int_eq(refusal_of(&memfd, tid, O_RDWR), WX_REFUSED_NOT);
  wx_bystander_end(pid);
  wx_text_free(&text);
  double_map_free(&map);
}
END_TEST

WX_TEST_MAIN("memfd-proof",
             memfd_of_a_program_without_a_runtime_is_read_but_changed_only_where_it_is_vouched_for,
             library_of_the_runtime_makes_a_runtime,
             thread_that_runs_finalizers_makes_a_runtime_and_one_of_a_like_name_none,
             seals_against_writing_forbid_to_change_and_no_others_do,
             no_other_kind_of_file_is_opened_whatever_it_is_called,
             memfd_of_another_name_is_refused, file_that_cannot_have_seals_is_refused,
             mappings_of_fewer_bits_are_refused,
             judgement_is_that_of_the_opening_and_opens_nothing_for_writing,
             process_that_has_ended_is_told_from_a_refusal,
             number_of_another_process_by_now_is_an_ended_process,
             descriptor_of_the_same_file_is_told_from_one_of_the_same_name,
             failures_while_finding_and_opening_leave_nothing_behind,
             only_a_name_that_can_be_pasted_into_a_shell_is_shown, longest_name_of_a_memfd_is_found,
             users_and_file_are_found_by_the_number_of_a_thread)
