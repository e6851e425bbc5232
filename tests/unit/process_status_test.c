// What /proc says of one process, and who descends from it.
#include "measure/memfd.h"
#include "measure/process_status.h"
#include "os/count.h"
#include "support/bystander.h"
#include "support/double_map.h"
#include "support/suite.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096 };

static WxText text;

// A child that has a child and then says so, with the grandchild's pid.
static pid_t start_family(pid_t *grandchild) {
  int ends[2];
  ck_assert_int_eq(pipe(ends), 0);
  const pid_t child = fork();
  ck_assert_int_ge(child, 0);
  if (child == 0) {
    const pid_t pid = fork();
    if (pid == 0)
      wx_bystander_wait();
    (void)!write(ends[1], &pid, sizeof pid);
    wx_bystander_wait();
  }
  ck_assert_int_eq(read(ends[0], grandchild, sizeof *grandchild), (ssize_t)sizeof *grandchild);
  ck_assert_int_eq(close(ends[0]), 0);
  ck_assert_int_eq(close(ends[1]), 0);
  return child;
}

START_TEST(a_family_is_the_process_and_its_descendants_by_both_ways_of_asking) {
  pid_t grandchild;
  const pid_t child = start_family(&grandchild);
  int (*const ways[])(WxProcesses *, pid_t, WxText *) = {wx_process_descendants,
                                                         wx_process_descendants_by_parents};
  WxProcesses found = {0};
  for (size_t i = 0; i < sizeof ways / sizeof *ways; ++i) {
    ck_assert_int_eq(ways[i](&found, 0, &text), 0);
    ck_assert_uint_eq(found.count, 3);
    ck_assert_int_eq(found.pids[0], getpid());
    ck_assert_int_eq(found.pids[1], child);
    ck_assert_int_eq(found.pids[2], grandchild);
    ck_assert_int_eq(ways[i](&found, grandchild, &text), 0);
    ck_assert_uint_eq(found.count, 1);
  }
  wx_bystander_end(child);
  for (size_t i = 0; i < sizeof ways / sizeof *ways; ++i)
    ck_assert_int_eq(ways[i](&found, child, &text), -ESRCH);
  wx_processes_free(&found);
  wx_text_free(&text);
}
END_TEST

START_TEST(a_kernel_that_lists_no_children_is_asked_for_parents) {
  pid_t grandchild;
  const pid_t child = start_family(&grandchild);
  WxProcesses found = {0};
  wx_os_inject(WX_OS_OPEN, 2, ENOENT); // The first is the folder of tasks.
  ck_assert_int_eq(wx_process_descendants(&found, 0, &text), 0);
  ck_assert(wx_os_inject_end());
  ck_assert_uint_eq(found.count, 3);
  ck_assert_int_eq(found.pids[2], grandchild);
  wx_bystander_end(child);
  wx_processes_free(&found);
  wx_text_free(&text);
}
END_TEST

START_TEST(a_descendant_that_ends_while_its_children_are_read_has_none) {
  pid_t grandchild;
  const pid_t child = start_family(&grandchild);
  WxProcesses found = {0};
  wx_os_inject(WX_OS_OPEN, 3, ENOENT); // After two of the root: the folder of the child's tasks.
  ck_assert_int_eq(wx_process_descendants(&found, 0, &text), 0);
  ck_assert(wx_os_inject_end());
  ck_assert_uint_eq(found.count, 2);
  wx_bystander_end(child);
  wx_processes_free(&found);
  wx_text_free(&text);
}
END_TEST

START_TEST(status_tells_memory_threads_parent_and_user) {
  WxProcessStatus status;
  ck_assert_int_eq(wx_process_status(&status, 0, &text), 0);
  ck_assert_int_eq(status.parent, getppid());
  ck_assert_int_eq(status.user, (WxFigure)getuid());
  ck_assert_int_eq(status.threads, 1);
  ck_assert_int_ge(status.rss_peak_bytes, status.rss_bytes);
  ck_assert_int_eq(status.rss_bytes,
                   status.rss_anon_bytes + status.rss_file_bytes + status.rss_shmem_bytes);
  ck_assert_int_gt(status.page_tables_bytes, 0);
  wx_text_free(&text);
}
END_TEST

START_TEST(pss_is_read_and_unknown_where_the_kernel_has_none) {
  WxProcessPss pss;
  ck_assert_int_eq(wx_process_pss(&pss, 0, &text), 0);
  ck_assert_int_gt(pss.pss_bytes, 0);
  ck_assert_int_ge(pss.pss_bytes + 4096 * 4, // Rounded down one by one.
                   pss.pss_anon_bytes + pss.pss_file_bytes + pss.pss_shmem_bytes);
  wx_os_inject(WX_OS_OPEN, 1, ENOENT);
  ck_assert_int_eq(wx_process_pss(&pss, 0, &text), 0);
  ck_assert(wx_os_inject_end());
  ck_assert_int_eq(pss.pss_bytes, WX_UNKNOWN);
  ck_assert_int_eq(pss.pss_shmem_bytes, WX_UNKNOWN);
  wx_text_free(&text);
}
END_TEST

START_TEST(a_zombie_has_a_parent_but_no_start_and_no_memory) {
  const pid_t child = fork();
  if (child == 0)
    _exit(0);
  siginfo_t info;
  ck_assert_int_eq(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
  uint64_t ticks;
  pid_t parent;
  WxProcessStatus status;
  ck_assert_int_eq(wx_process_start_time(child, &ticks, &text), -ESRCH);
  ck_assert_int_eq(wx_process_parent(child, &parent, &text), 0);
  ck_assert_int_eq(parent, getpid());
  ck_assert_int_eq(wx_process_status(&status, child, &text), 0);
  ck_assert_int_eq(status.rss_bytes, WX_UNKNOWN);
  ck_assert_int_eq(waitpid(child, NULL, 0), child);
  ck_assert_int_eq(wx_process_parent(child, &parent, &text), -ESRCH);
  wx_text_free(&text);
}
END_TEST

START_TEST(a_name_with_brackets_and_blanks_does_not_confuse_the_start_time) {
  uint64_t before;
  uint64_t after;
  ck_assert_int_eq(wx_process_start_time(0, &before, &text), 0);
  ck_assert_int_eq(prctl(PR_SET_NAME, ") Z 1 (x", 0, 0, 0), 0);
  ck_assert_int_eq(wx_process_start_time(0, &after, &text), 0);
  ck_assert_uint_eq(before, after);
  ck_assert_uint_gt(before, 0);
  wx_text_free(&text);
}
END_TEST

enum { BLOCK_SIZE = 16 * PAGE };

// Does as it is told: maps a block, replaces it by one of the same size and uses that, or nothing.
static _Noreturn void obey(int commands, int answers) {
  char *block = NULL;
  char command;
  while (read(commands, &command, 1) == 1) {
    if (command == 'r')
      (void)munmap(block, BLOCK_SIZE);
    if (command != 'n')
      block = mmap(NULL, BLOCK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (command == 'r' && block != MAP_FAILED)
      *block = 1;
    if (write(answers, &command, 1) != 1)
      break;
  }
  _exit(0);
}

static WxProcessMark mark_after(pid_t child, const char *commands, const int to[2],
                                const int from[2]) {
  for (char answer; *commands; ++commands) {
    ck_assert_int_eq(write(to[1], commands, 1), 1);
    ck_assert_int_eq(read(from[0], &answer, 1), 1);
  }
  WxProcessMark mark;
  ck_assert_int_eq(wx_process_mark(&mark, child, &text), 0);
  return mark;
}

START_TEST(a_mark_changes_with_the_mappings_and_only_then) {
  int to[2], from[2];
  ck_assert_int_eq(pipe(to), 0);
  ck_assert_int_eq(pipe(from), 0);
  const pid_t child = fork();
  if (child == 0) {
    close(to[1]); // It ends with this process.
    obey(to[0], from[1]);
  }
  // Nothing that happens later happens for the first time; a kernel may fault for reasons of its
  // own.
  WxProcessMark start = mark_after(child, "mrnn", to, from);
  WxProcessMark same = mark_after(child, "nn", to, from);
  for (int i = 0; i < 10 && !wx_process_mark_equal(&start, &same); ++i) {
    start = same;
    same = mark_after(child, "nn", to, from);
  }
  ck_assert(wx_process_mark_equal(&start, &same));
  const WxProcessMark mapped = mark_after(child, "m", to, from);
  ck_assert_uint_eq(mapped.vm_bytes, start.vm_bytes + BLOCK_SIZE);
  ck_assert(!wx_process_mark_equal(&start, &mapped));
  const WxProcessMark replaced = mark_after(child, "r", to, from);
  ck_assert_uint_eq(replaced.vm_bytes, mapped.vm_bytes);
  ck_assert_uint_gt(replaced.faults, mapped.faults);
  wx_bystander_end(child);
  WxProcessMark none;
  ck_assert_int_eq(wx_process_mark(&none, child, &text), -ESRCH);
  wx_text_free(&text);
  for (int i = 0; i < 2; ++i) {
    close(to[i]);
    close(from[i]);
  }
}
END_TEST

START_TEST(mappings_are_counted_by_what_may_be_done_with_them) {
  static const int protections[] = {PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE,
                                    PROT_READ | PROT_EXEC, PROT_READ | PROT_WRITE | PROT_EXEC};
  DoubleMap map = double_map_make(PAGE);
  for (size_t i = 0; i < sizeof protections / sizeof *protections; ++i)
    ck_assert_ptr_ne(mmap(NULL, (i + 1) * PAGE, protections[i], MAP_SHARED, map.fd, 0), MAP_FAILED);
  WxMaps maps = {0};
  ck_assert_int_eq(wx_maps_read(&maps, 0), 0);
  const WxMappingCounts counts = wx_process_count_mappings(&maps, WX_DOUBLEMAPPER);
  ck_assert_uint_eq(counts.count, 5);
  ck_assert_uint_eq(counts.none, 1);
  ck_assert_uint_eq(counts.read_only, 1);
  ck_assert_uint_eq(counts.writable, 1);
  ck_assert_uint_eq(counts.executable, 1);
  ck_assert_uint_eq(counts.both, 1);
  ck_assert_uint_eq(counts.bytes, 15 * PAGE);
  const WxMappingCounts all = wx_process_count_mappings(&maps, NULL);
  const WxMappingCounts gate = wx_process_count_mappings(&maps, "[vsyscall]");
  ck_assert_uint_eq(all.count, maps.count - gate.count);
  ck_assert_uint_eq(all.count, all.none + all.read_only + all.writable + all.executable + all.both);
  wx_maps_free(&maps);
  double_map_free(&map);
}
END_TEST

WX_TEST_MAIN("process_status", a_family_is_the_process_and_its_descendants_by_both_ways_of_asking,
             a_kernel_that_lists_no_children_is_asked_for_parents,
             a_descendant_that_ends_while_its_children_are_read_has_none,
             status_tells_memory_threads_parent_and_user,
             pss_is_read_and_unknown_where_the_kernel_has_none,
             a_zombie_has_a_parent_but_no_start_and_no_memory,
             a_name_with_brackets_and_blanks_does_not_confuse_the_start_time,
             a_mark_changes_with_the_mappings_and_only_then,
             mappings_are_counted_by_what_may_be_done_with_them)
