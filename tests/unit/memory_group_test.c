// A memory group with a limit: a real one of version 1 where it can be made, a made-up tree of
// version 2; and the kernel's log of a kill in it.
#include "measure/kernel_log.h"
#include "measure/memory_group.h"
#include "measure/observe.h"
#include "os/count.h"
#include "scenario/confined.h"
#include "support/inject.h"
#include "support/suite.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MIB = 1024 * 1024, LIMIT = 24 * MIB, HOG = 48, CONTENT = 256, FILLER = '.' };

static char root[] = "/tmp/wx-group-XXXXXX";

static void path_of(char path[PATH_MAX], const char *name) {
  snprintf(path, PATH_MAX, "%s%s", root, name);
}

static void put_at(const char *path, const char *content) {
  FILE *file = fopen(path, "we");
  ck_assert_ptr_nonnull(file);
  ck_assert_int_ge(fputs(content, file), 0);
  ck_assert_int_eq(fclose(file), 0);
}

static void put(const char *name, const char *content) {
  char full[PATH_MAX];
  path_of(full, name);
  for (char *slash = strchr(full + sizeof root, '/'); slash; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    ck_assert(mkdir(full, 0700) == 0 || errno == EEXIST);
    *slash = '/';
  }
  put_at(full, content);
}

static void expect(const char *directory, const char *name, const char *content) {
  char path[2 * PATH_MAX], is[CONTENT];
  snprintf(path, sizeof path, "%s/%s", directory, name);
  FILE *file = fopen(path, "re");
  ck_assert_msg(file != NULL, "%s", path);
  const size_t length = fread(is, 1, sizeof is - 1, file);
  is[length] = '\0';
  ck_assert_int_eq(fclose(file), 0);
  ck_assert_str_eq(is, content);
}

static void remove_root(void) {
  char command[128];
  snprintf(command, sizeof command, "rm -rf '%s'", root);
  ck_assert_int_eq(system(command), 0);
}

static unsigned groups_in(const char *directory) {
  unsigned count = 0;
  DIR *entries = opendir(directory);
  ck_assert_ptr_nonnull(entries);
  for (const struct dirent *entry; (entry = readdir(entries));)
    count += strncmp(entry->d_name, "wxbench-", 8) == 0;
  ck_assert_int_eq(closedir(entries), 0);
  return count;
}

/* Version 2, made up
 * -------------------------------------------------------------------------------------------------
 *
 * The kernel gives a group memory only once that is asked for in the group above. Here a thread
 * does so: the control file is a FIFO without room, so that whoever asks waits until the thread,
 * which is told when it is opened, has put the files there.
 */

typedef struct {
  int watch; // Of the control file.
  int control;
  char top[PATH_MAX];
  char asked[CONTENT];
} Kernel;

static void fill_group(const char *top) {
  static const struct {
    const char *name, *content;
  } files[] = {{"memory.max", ""},
               {"memory.swap.max", ""},
               {"cgroup.procs", ""},
               {"memory.current", "4096\n"},
               {"memory.peak", "209715200\n"},
               {"memory.events", "low 0\nhigh 0\nmax 36\noom 1\noom_kill 1\n"},
               {"memory.stat", "anon 100\nshmem 132374528\n"}};
  DIR *entries = opendir(top);
  ck_assert_ptr_nonnull(entries);
  for (const struct dirent *entry; (entry = readdir(entries));)
    for (size_t i = 0; i < sizeof files / sizeof *files; ++i) {
      char path[PATH_MAX + NAME_MAX + 32];
      snprintf(path, sizeof path, "%s/%s/%s", top, entry->d_name, files[i].name);
      if (strncmp(entry->d_name, "wxbench-", 8) == 0)
        put_at(path, files[i].content);
    }
  ck_assert_int_eq(closedir(entries), 0);
}

static void *be_kernel(void *context) {
  Kernel *kernel = context;
  _Alignas(struct inotify_event) char event[sizeof(struct inotify_event) + NAME_MAX + 1];
  ck_assert_int_gt(read(kernel->watch, event, sizeof event), 0);
  fill_group(kernel->top);
  char byte;
  for (size_t length = 0; strcmp(kernel->asked, "+memory") != 0 && length < CONTENT - 1;) {
    ck_assert_int_eq(read(kernel->control, &byte, 1), 1);
    if (byte != FILLER)
      kernel->asked[length++] = byte;
  }
  return NULL;
}

static void make_control(Kernel *kernel) {
  char path[PATH_MAX];
  path_of(kernel->top, "/sys/fs/cgroup");
  path_of(path, "/sys/fs/cgroup/cgroup.subtree_control");
  ck_assert_int_eq(mkfifo(path, 0600), 0);
  kernel->control = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
  ck_assert_int_ge(kernel->control, 0);
  static const char filler = FILLER;
  while (write(kernel->control, &filler, 1) == 1)
    ;
  ck_assert_int_eq(fcntl(kernel->control, F_SETFL, 0), 0);
  kernel->watch = inotify_init1(IN_CLOEXEC);
  ck_assert_int_ge(inotify_add_watch(kernel->watch, path, IN_OPEN), 0);
}

static void make_tree(void) {
  ck_assert_ptr_nonnull(mkdtemp(root));
  put("/proc/self/cgroup", "0::/app\n");
  put("/proc/self/mountinfo", "30 22 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
  put("/sys/fs/cgroup/app/memory.stat", "anon 1\n");
}

START_TEST(a_group_of_version_2_is_made_where_memory_is_given_on) {
  make_tree();
  Kernel kernel = {.watch = -1};
  make_control(&kernel);
  char app[PATH_MAX];
  path_of(app, "/sys/fs/cgroup/app");
  pthread_t thread;
  ck_assert_int_eq(pthread_create(&thread, NULL, be_kernel, &kernel), 0);
  WxMemoryGroup group;
  ck_assert_int_eq(wx_memory_group_make(&group, 209715200, root), 0);
  ck_assert_int_eq(pthread_join(thread, NULL), 0);
  ck_assert_int_eq(group.cgroup.version, 2);
  ck_assert_str_eq(kernel.asked, "+memory");
  ck_assert_uint_eq(groups_in(app), 0); // Tried first: it has processes, and cannot give on.
  ck_assert_int_eq(strncmp(group.cgroup.directory, kernel.top, strlen(kernel.top)), 0);
  expect(group.cgroup.directory, "memory.max", "209715200");
  expect(group.cgroup.directory, "memory.swap.max", "0");
  expect(group.cgroup.directory, "cgroup.procs", "0");
  WxText text = {0};
  WxCgroupFigures figures;
  ck_assert_int_eq(wx_cgroup_read(&figures, &group.cgroup, &text), 0);
  ck_assert_int_eq(figures.limit_bytes, 209715200);
  ck_assert_int_eq(figures.peak_bytes, 209715200);
  ck_assert_int_eq(figures.limit_hits, 36);
  ck_assert_int_eq(figures.oom_kills, 1);
  wx_text_free(&text);
  wx_memory_group_remove(&group);
  ck_assert_int_eq(close(kernel.watch), 0);
  ck_assert_int_eq(close(kernel.control), 0);
  remove_root();
}
END_TEST

START_TEST(where_no_group_can_have_memory_nothing_is_left) {
  make_tree();
  WxMemoryGroup group;
  char top[PATH_MAX], app[PATH_MAX];
  path_of(top, "/sys/fs/cgroup");
  path_of(app, "/sys/fs/cgroup/app");
  ck_assert_int_eq(wx_memory_group_make(&group, LIMIT, root), -ENOENT);
  ck_assert_int_eq(group.cgroup.version, 0);
  ck_assert_uint_eq(groups_in(top) + groups_in(app), 0);
  wx_memory_group_remove(&group);
  remove_root();
}
END_TEST

START_TEST(without_a_memory_controller_there_is_none) {
  ck_assert_ptr_nonnull(mkdtemp(root));
  put("/proc/self/cgroup", "3:cpu:/\n");
  put("/proc/self/mountinfo", "30 22 0:27 / /sys/fs/cgroup rw - cgroup cgroup rw,cpu\n");
  WxMemoryGroup group;
  ck_assert_int_eq(wx_memory_group_make(&group, LIMIT, root), -ENOTSUP);
  remove_root();
}
END_TEST

/* Version 1, or whatever is here
 * -------------------------------------------------------------------------------------------------
 */

static bool make(WxMemoryGroup *group, uint64_t limit) {
  const int failed = wx_memory_group_make(group, limit, "");
  if (failed)
    WX_SKIP("no memory group can be made here: %s", strerror(-failed));
  return !failed;
}

static bool is_there(const char *directory) {
  struct stat status;
  return stat(directory, &status) == 0;
}

// `tail` keeps so many MiB in memory. Its own end is that of the program.
static WxObserved hog(const char *directory, int mib) {
  char script[128];
  snprintf(script, sizeof script, "head -c %dM /dev/zero | exec tail -c %dM", mib + 1, mib);
  char *const argv[] = {"sh", "-c", script, NULL};
  const WxObserveOptions options = {
      .argv = argv, .group = directory, .output = WX_STREAM_DISCARD, .errors = WX_STREAM_CAPTURE};
  WxObserved observed = {0};
  ck_assert_int_eq(wx_observe(&options, &observed), 0);
  return observed;
}

START_TEST(a_program_above_the_limit_is_killed_and_counted) {
  WxConfinement confinement;
  const int failed = wx_confinement_begin(&confinement, LIMIT);
  if (failed) {
    WX_SKIP("no memory group can be made here: %s", strerror(-failed));
    return;
  }
  char folder[PATH_MAX];
  snprintf(folder, sizeof folder, "%s", wx_confinement_folder(&confinement));
  WxObserved observed = hog(folder, HOG);
  WxConfined confined;
  wx_confinement_end(&confinement, observed.wall_ns, &confined);
  ck_assert(WIFSIGNALED(observed.wait_status) || WEXITSTATUS(observed.wait_status) != 0);
  ck_assert_int_ge(confined.figures.oom_kills, 1); // Of `head`, too, now and then.
  ck_assert_int_gt(confined.figures.limit_hits, 0);
  ck_assert_int_eq(confined.figures.limit_bytes, LIMIT);
  if (wx_known(confined.figures.peak_bytes)) { // Version 2: since Linux 5.19.
    ck_assert_int_le(confined.figures.peak_bytes, LIMIT);
    ck_assert_int_gt(confined.figures.peak_bytes, LIMIT / 2);
  }
  if (confined.kernel_failed == 0) {
    ck_assert_ptr_nonnull(strstr(confined.kernel.data, strrchr(folder, '/')));
    ck_assert_ptr_nonnull(strstr(confined.kernel.data, "Killed process"));
  }
  WxEnded ended = {.how = WX_ENDED_SIGNAL, .text = "killed by signal 9"};
  wx_confined_explain(&confined, &ended);
  ck_assert_str_eq(ended.text, "out of memory at the limit of 24.0 MiB: killed by signal 9");
  ck_assert(!is_there(folder));
  wx_confined_free(&confined);
  wx_observed_free(&observed);
}
END_TEST

START_TEST(a_program_below_the_limit_is_not) {
  WxConfinement confinement;
  if (wx_confinement_begin(&confinement, 4ULL * LIMIT)) {
    WX_SKIP("no memory group can be made here");
    return;
  }
  WxObserved observed = hog(wx_confinement_folder(&confinement), HOG);
  WxConfined confined;
  wx_confinement_end(&confinement, observed.wall_ns, &confined);
  ck_assert_int_eq(observed.wait_status, 0);
  ck_assert_int_eq(confined.figures.oom_kills, 0);
  ck_assert_str_eq(confined.kernel.data ? confined.kernel.data : "", "");
  WxEnded ended = {.how = WX_ENDED_EXIT, .text = "exit status 1"};
  wx_confined_explain(&confined, &ended);
  ck_assert_str_eq(ended.text, "exit status 1");
  wx_confined_free(&confined);
  wx_observed_free(&observed);
}
END_TEST

START_TEST(without_a_limit_only_what_it_took_is_counted) {
  WxConfinement confinement;
  if (wx_confinement_begin(&confinement, WX_UNCONFINED)) {
    WX_SKIP("no memory group can be made here");
    return;
  }
  WxObserved observed = hog(wx_confinement_folder(&confinement), HOG);
  WxConfined confined;
  wx_confinement_end(&confinement, observed.wall_ns, &confined);
  ck_assert_int_eq(observed.wait_status, 0);
  ck_assert_int_eq(confined.figures.limit_hits, 0);
  if (wx_known(confined.figures.peak_bytes))
    ck_assert_int_ge(confined.figures.peak_bytes, (WxFigure)HOG * MIB);
  wx_confined_free(&confined);
  wx_observed_free(&observed);
}
END_TEST

START_TEST(no_limit_asked_for_makes_no_group) {
  WxConfinement confinement;
  WxConfined confined;
  ck_assert_int_eq(wx_confinement_begin(&confinement, 0), 0);
  ck_assert_ptr_null(wx_confinement_folder(&confinement));
  wx_confinement_end(&confinement, 1, &confined);
  ck_assert_int_eq(confined.version, 0);
}
END_TEST

START_TEST(what_is_still_in_a_group_ends_with_it) {
  WxMemoryGroup group;
  if (!make(&group, LIMIT))
    return;
  const pid_t left = fork();
  ck_assert_int_ge(left, 0);
  if (left == 0)
    for (;;)
      (void)pause();
  ck_assert_int_eq(wx_cgroup_put(group.cgroup.directory, left), 0);
  wx_memory_group_remove(&group);
  int status;
  ck_assert_int_eq(waitpid(left, &status, 0), left);
  ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  ck_assert(!is_there(group.cgroup.directory));
}
END_TEST

START_TEST(a_program_that_cannot_be_put_in_does_not_start) {
  char *const argv[] = {"true", NULL};
  const WxObserveOptions options = {.argv = argv, .group = "/nowhere"};
  WxObserved observed = {0};
  ck_assert_int_eq(wx_observe(&options, &observed), -ENOENT);
}
END_TEST

static int make_and_remove(void *context) {
  (void)context;
  WxMemoryGroup group;
  const int failed = wx_memory_group_make(&group, LIMIT, "");
  wx_memory_group_remove(&group);
  return failed == -EIO || failed == 0 ? failed : -EIO; // A child says it by its exit status.
}

START_TEST(every_failure_is_told_and_holds_nothing) {
  WxMemoryGroup group;
  if (!make(&group, LIMIT))
    return;
  char above[PATH_MAX];
  snprintf(above, sizeof above, "%s", group.cgroup.directory);
  *strrchr(above, '/') = '\0';
  wx_memory_group_remove(&group);
  ck_assert_uint_gt(wx_inject_without_leak(EIO, make_and_remove, NULL), 8);
  char command[PATH_MAX + 64];
  snprintf(command, sizeof command, "rmdir '%s'/wxbench-%d-* 2>/dev/null", above, (int)getpid());
  (void)!system(command); // Where the removal itself was made to fail.
}
END_TEST

/* The kernel's log
 * -------------------------------------------------------------------------------------------------
 */

#define REPORT(GROUP, PID)                                                                         \
  "4,1,2,-;dotnet invoked oom-killer: gfp_mask=0xcc0\n SUBSYSTEM=x\n"                              \
  "4,1,2,-;CPU: 1 UID: 0 PID: 7 Comm: dotnet 6.18.44 #1\n4,1,2,-;Call Trace:\n4,1,2,-; <TASK>\n"   \
  "4,1,2,-;R10: ffff888301c83000 R11: 0000000000000000\n4,1,2,-; </TASK>\n"                        \
  "6,2,2,-;memory: usage 204800kB, limit 204800kB, failcnt 9\n"                                    \
  "6,3,2,-;oom-kill:constraint=CONSTRAINT_MEMCG,oom_memcg=/a/" GROUP ",task_memcg=/a/" GROUP       \
  ",task=dotnet,pid=" PID ",uid=0\n"                                                               \
  "3,4,2,-;Memory cgroup out of memory: Killed process " PID " (dotnet) total-vm:1kB\n"

#define PLAIN(GROUP, PID)                                                                          \
  "dotnet invoked oom-killer: gfp_mask=0xcc0\n"                                                    \
  "memory: usage 204800kB, limit 204800kB, failcnt 9\n"                                            \
  "oom-kill:constraint=CONSTRAINT_MEMCG,oom_memcg=/a/" GROUP ",task_memcg=/a/" GROUP               \
  ",task=dotnet,pid=" PID ",uid=0\n"                                                               \
  "Memory cgroup out of memory: Killed process " PID " (dotnet) total-vm:1kB\n"

static char log_path[PATH_MAX];

static void write_log(const char *mode, const char *content) {
  FILE *file = fopen(log_path, mode);
  ck_assert_ptr_nonnull(file);
  ck_assert_int_ge(fputs(content, file), 0);
  ck_assert_int_eq(fclose(file), 0);
}

static void expect_log(const char *before, const char *after, const char *expected) {
  ck_assert_ptr_nonnull(mkdtemp(root));
  path_of(log_path, "/kmsg");
  write_log("we", before);
  const int fd = wx_kernel_log_open(log_path);
  ck_assert_int_ge(fd, 0);
  write_log("ae", after);
  WxText text = {0};
  ck_assert_int_eq(wx_kernel_log_close(fd, "wxbench-7-1", &text), 0);
  ck_assert_str_eq(text.data, expected);
  wx_text_free(&text);
  remove_root();
  memcpy(strrchr(root, '-') + 1, "XXXXXX", 6);
}

START_TEST(the_log_tells_of_kills_in_the_group_since_it_was_opened) {
  expect_log(REPORT("wxbench-7-1", "10"), "", "");
  expect_log("", REPORT("wxbench-7-1", "11"), PLAIN("wxbench-7-1", "11"));
  expect_log("", REPORT("wxbench-7-10", "12") REPORT("other-wxbench-7-1", "12"), "");
  expect_log(REPORT("wxbench-7-1", "1"),
             "6,9,9,-;eth0: up\n" REPORT("b", "2") REPORT("wxbench-7-1", "3") "6,9,9,-;x\n",
             PLAIN("wxbench-7-1", "3"));
  expect_log("", REPORT("wxbench-7-1/deeper", "4"), PLAIN("wxbench-7-1/deeper", "4"));
  expect_log("", REPORT("wxbench-7-1", "5") REPORT("wxbench-7-1", "6"),
             PLAIN("wxbench-7-1", "5") PLAIN("wxbench-7-1", "6"));
}
END_TEST

// One record in the log.
static void expect_figures(const char *record, const char *expected) {
  char log[2048], lines[2048];
  snprintf(log, sizeof log, "4,1,2,-;a invoked oom-killer: b\n6,2,2,-;%s\n%s", record,
           strchr(REPORT("wxbench-7-1", "9"), '\n') + 1);
  snprintf(lines, sizeof lines, "a invoked oom-killer: b\n%s\n%s", expected,
           strchr(PLAIN("wxbench-7-1", "9"), '\n') + 1);
  expect_log("", log, lines);
}

START_TEST(figures_in_one_record_are_lines) {
  expect_figures("anon 24711168\\x0afile 53202944\\x0ashmem 53063680",
                 "anon 24711168\nfile 53202944\nshmem 53063680");
  expect_figures("anon 1\\x0ashmem 9\\x0a", "anon 1\nshmem 9\n");
  expect_figures("anon 1", "anon 1");
}
END_TEST

// Else a program could write figures into the log by its name.
START_TEST(a_line_break_in_a_name_stays_escaped) {
  static const char *const records[] = {"[    831]     0   831   1 a\\x0ashmem 999",
                                        "anon 1\\x0ashmem 9 invoked",
                                        "x\\x0ashmem 9",
                                        "anon 1\\x0a\\x0ashmem 9",
                                        "anon 1\\x09file 2",
                                        "anon 1 2\\x0ab 3",
                                        "Anon 1\\x0afile 2",
                                        "anon \\x0afile 2"};
  for (size_t i = 0; i < sizeof records / sizeof *records; ++i)
    expect_figures(records[i], records[i]);
}
END_TEST

START_TEST(half_a_report_and_nonsense_are_none) {
  expect_log("", "4,1,2,-;dotnet invoked oom-killer: x\n4,1,2,-;task_memcg=/wxbench-7-1,\n", "");
  expect_log("", "Killed process\n;\n\n no\n6;invoked oom-killer\n6;Killed process /wxbench-7-1",
             "");
  expect_log("", "6,1,1,-;a invoked oom-killer\n" REPORT("wxbench-7-1", "8"),
             PLAIN("wxbench-7-1", "8"));
}
END_TEST

START_TEST(a_log_that_may_not_be_read_is_an_error) {
  ck_assert_int_eq(wx_kernel_log_open("/nowhere/kmsg"), -ENOENT);
}
END_TEST

static int read_log(void *context) {
  (void)context;
  const int fd = wx_kernel_log_open(log_path);
  if (fd < 0)
    return fd;
  write_log("ae", REPORT("wxbench-7-1", "11"));
  WxText text = {0};
  const int result = wx_kernel_log_close(fd, "wxbench-7-1", &text);
  wx_text_free(&text);
  return result;
}

START_TEST(every_failure_of_reading_the_log_is_told) {
  ck_assert_ptr_nonnull(mkdtemp(root));
  path_of(log_path, "/kmsg");
  write_log("we", "");
  ck_assert_uint_ge(wx_inject_without_leak(EIO, read_log, NULL), 3);
  remove_root();
}
END_TEST

WX_TEST_MAIN("memory_group", a_group_of_version_2_is_made_where_memory_is_given_on,
             where_no_group_can_have_memory_nothing_is_left,
             without_a_memory_controller_there_is_none,
             a_program_above_the_limit_is_killed_and_counted, a_program_below_the_limit_is_not,
             without_a_limit_only_what_it_took_is_counted, no_limit_asked_for_makes_no_group,
             what_is_still_in_a_group_ends_with_it, a_program_that_cannot_be_put_in_does_not_start,
             every_failure_is_told_and_holds_nothing,
             the_log_tells_of_kills_in_the_group_since_it_was_opened,
             figures_in_one_record_are_lines, a_line_break_in_a_name_stays_escaped,
             half_a_report_and_nonsense_are_none, a_log_that_may_not_be_read_is_an_error,
             every_failure_of_reading_the_log_is_told)
