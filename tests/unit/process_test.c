// What /proc says of one process, who descends from it, which files it holds, which runtime it
// runs.
#include "measure/family.h"
#include "measure/memfd.h"
#include "measure/orphans.h"
#include "measure/process.h"
#include "measure/runtime.h"
#include "os/count.h"
#include "os/os.h"
#include "support/double_map.h"
#include "support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096 };

static WxText text;

static _Noreturn void wait_for_end(void) {
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (;;)
    (void)pause();
}

// A child that has a child and then says so, with the grandchild's pid.
static pid_t start_family(pid_t *grandchild) {
  int ends[2];
  ck_assert_int_eq(pipe(ends), 0);
  const pid_t child = fork();
  ck_assert_int_ge(child, 0);
  if (child == 0) {
    const pid_t pid = fork();
    if (pid == 0)
      wait_for_end();
    (void)!write(ends[1], &pid, sizeof pid);
    wait_for_end();
  }
  ck_assert_int_eq(read(ends[0], grandchild, sizeof *grandchild), (ssize_t)sizeof *grandchild);
  ck_assert_int_eq(close(ends[0]), 0);
  ck_assert_int_eq(close(ends[1]), 0);
  return child;
}

static void finish(pid_t pid) {
  ck_assert_int_eq(kill(pid, SIGKILL), 0);
  ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

START_TEST(a_family_is_the_process_and_its_descendants_by_both_ways_of_asking) {
  pid_t grandchild;
  const pid_t child = start_family(&grandchild);
  int (*const ways[])(WxProcesses *, pid_t, WxText *) = {wx_family_read, wx_family_read_by_parents};
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
  finish(child);
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
  ck_assert_int_eq(wx_family_read(&found, 0, &text), 0);
  ck_assert(wx_os_inject_end());
  ck_assert_uint_eq(found.count, 3);
  ck_assert_int_eq(found.pids[2], grandchild);
  finish(child);
  wx_processes_free(&found);
  wx_text_free(&text);
}
END_TEST

START_TEST(a_descendant_that_ends_while_its_children_are_read_has_none) {
  pid_t grandchild;
  const pid_t child = start_family(&grandchild);
  WxProcesses found = {0};
  wx_os_inject(WX_OS_OPEN, 3, ENOENT); // After two of the root: the folder of the child's tasks.
  ck_assert_int_eq(wx_family_read(&found, 0, &text), 0);
  ck_assert(wx_os_inject_end());
  ck_assert_uint_eq(found.count, 2);
  finish(child);
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

static WxMemfds find(const char *name, int expected) {
  WxMaps maps = {0};
  WxMemfds found = {0};
  ck_assert_int_eq(wx_maps_read(&maps, 0), 0);
  ck_assert_int_eq(wx_memfd_find(&found, 0, &maps, name), 0);
  ck_assert_int_eq((int)found.count, expected);
  wx_maps_free(&maps);
  return found;
}

START_TEST(one_file_behind_several_descriptors_and_mappings_is_found_once) {
  DoubleMap map = double_map_make(4 * PAGE);
  double_map_writable(&map);
  double_map_executable(&map);
  double_map_write(&map);
  const int second = dup(map.fd);
  WxMemfds found = find(WX_DOUBLEMAPPER, 1);
  ck_assert_int_eq(found.items[0].allocated_bytes, 4 * PAGE);
  ck_assert_int_ge(found.items[0].block_bytes, PAGE);
  ck_assert(found.items[0].number == map.fd || found.items[0].number == second);
  ck_assert_int_eq(close(second), 0);
  wx_memfds_free(&found);
  double_map_free(&map);
}
END_TEST

START_TEST(any_executable_memfd_is_found_where_no_name_is_given) {
  DoubleMap written = double_map_make(PAGE);
  double_map_writable(&written);
  DoubleMap executable = double_map_make(PAGE);
  double_map_executable(&executable);
  const int other = memfd_create("another-jit", 0);
  ck_assert_int_eq(ftruncate(other, PAGE), 0);
  void *code = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, other, 0);
  ck_assert_ptr_ne(code, MAP_FAILED);
  WxMemfds found = find(NULL, 2);
  for (size_t i = 0; i < found.count; ++i)
    ck_assert(found.items[i].number == executable.fd || found.items[i].number == other);
  wx_memfds_free(&found);
  ck_assert_int_eq(munmap(code, PAGE), 0);
  ck_assert_int_eq(close(other), 0);
  double_map_free(&written);
  double_map_free(&executable);
}
END_TEST

START_TEST(a_named_shared_memory_object_is_found_by_the_name_that_the_caller_gives) {
  char name[64];
  char link[96];
  snprintf(name, sizeof name, "/wx-test-%d", (int)getpid());
  snprintf(link, sizeof link, "/dev/shm%s (deleted)", name);
  const int fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
  if (fd < 0) {
    WX_SKIP("no /dev/shm");
    return;
  }
  ck_assert_int_eq(shm_unlink(name), 0);
  ck_assert_int_eq(ftruncate(fd, 4 * PAGE), 0);
  ck_assert_int_eq(pwrite(fd, "x", 1, PAGE), 1);
  WxMemfds found = find(link, 1);
  ck_assert_int_eq(found.items[0].allocated_bytes, PAGE);
  wx_memfds_free(&found);
  ck_assert_int_eq(close(fd), 0);
}
END_TEST

START_TEST(a_descriptor_that_leads_elsewhere_by_now_is_stale) {
  DoubleMap map = double_map_make(PAGE);
  WxMemfds found = find(WX_DOUBLEMAPPER, 1);
  WxMemfd *memfd = &found.items[0];
  ck_assert_int_eq(wx_memfd_stat(memfd, 0), 0);
  const int opened = wx_memfd_open(memfd, 0, O_RDWR);
  ck_assert_int_ge(opened, 0);
  ck_assert_int_eq(close(opened), 0);
  const int number = map.fd;
  double_map_free(&map);
  ck_assert_int_eq(wx_memfd_stat(memfd, 0), -ESTALE);
  ck_assert_int_eq(wx_memfd_open(memfd, 0, O_RDONLY), -ESTALE);
  DoubleMap later = double_map_make(PAGE); // Another file on the same number.
  ck_assert_int_eq(later.fd, number);
  ck_assert_int_eq(wx_memfd_stat(memfd, 0), -ESTALE);
  ck_assert_int_eq(wx_memfd_open(memfd, 0, O_RDONLY), -ESTALE);
  double_map_free(&later);
  const pid_t gone = fork();
  if (gone == 0)
    _exit(0);
  ck_assert_int_eq(waitpid(gone, NULL, 0), gone);
  ck_assert_int_eq(wx_memfd_stat(memfd, gone), -ESRCH);
  wx_memfds_free(&found);
}
END_TEST

START_TEST(orphaned_ranges_and_their_mappers_are_listed_for_a_reclaim) {
  DoubleMap map = double_map_make(8 * PAGE);
  double_map_writable(&map);
  double_map_write(&map);
  const pid_t child = fork();
  if (child == 0)
    wait_for_end();
  ck_assert_int_eq(munmap(map.writable + 2 * PAGE, 6 * PAGE), 0);
  WxMemfds memfds = find(WX_DOUBLEMAPPER, 1);
  WxOrphanFinder finder = {0};
  WxOrphans orphans = {0};
  ck_assert_int_eq(wx_orphans_read(&finder, &orphans, &memfds, 0, WX_MAPPERS_FAMILY, NULL), 0);
  ck_assert_int_eq(orphans.orphaned_bytes, 0); // The child maps it all.
  WxProcesses mappers = {0};
  ck_assert_int_eq(wx_mappers_of(&finder.after, memfds.items[0].id, &mappers), 0);
  ck_assert_uint_eq(mappers.count, 2);
  ck_assert(wx_processes_contain(&mappers, child));
  finish(child);
  ck_assert_int_eq(wx_orphans_read(&finder, &orphans, &memfds, 0, WX_MAPPERS_FAMILY, NULL), 0);
  ck_assert_int_eq(orphans.orphaned_bytes, 6 * PAGE);
  ck_assert_uint_eq(orphans.orphaned.count, 1);
  ck_assert_uint_eq(orphans.orphaned.items[0].start, 2 * PAGE);
  ck_assert_uint_eq(orphans.orphaned.items[0].end, 8 * PAGE);
  wx_processes_free(&mappers);
  wx_orphans_free(&orphans);
  wx_orphan_finder_free(&finder);
  wx_memfds_free(&memfds);
  ck_assert_int_eq(munmap(map.writable, 2 * PAGE), 0);
  map.writable = NULL;
  double_map_free(&map);
}
END_TEST

static uint64_t seeks_made(void) {
  return wx_os_counts().made[WX_OS_LSEEK];
}

START_TEST(mappings_that_change_while_the_extents_are_read_are_read_again) {
  DoubleMap map = double_map_make(4 * PAGE);
  double_map_writable(&map);
  double_map_write(&map);
  WxMaps stale = {0};
  ck_assert_int_eq(wx_maps_read(&stale, 0), 0);
  double_map_drop_writable(&map);
  WxMemfds memfds = find(WX_DOUBLEMAPPER, 1);
  WxOrphanFinder finder = {0};
  WxOrphans orphans = {0};
  const uint64_t before = seeks_made();
  ck_assert_int_eq(wx_orphans_read(&finder, &orphans, &memfds, 0, WX_MAPPERS_FAMILY, NULL), 0);
  const uint64_t once = seeks_made() - before;
  ck_assert_int_eq(wx_orphans_read(&finder, &orphans, &memfds, 0, WX_MAPPERS_FAMILY, &stale), 0);
  ck_assert_uint_eq(seeks_made() - before, 3 * once);
  ck_assert_int_eq(orphans.orphaned_bytes, 4 * PAGE);
  ck_assert(!orphans.estimate);
  wx_orphans_free(&orphans);
  wx_orphan_finder_free(&finder);
  wx_memfds_free(&memfds);
  wx_maps_free(&stale);
  double_map_free(&map);
}
END_TEST

START_TEST(pages_that_cannot_be_seen_make_an_estimate_whose_sum_holds) {
  DoubleMap map = double_map_make(4 * PAGE);
  if (fallocate(map.fd, 0, 0, 2 * PAGE)) {
    WX_SKIP("no fallocate");
    double_map_free(&map);
    return;
  }
  ck_assert_int_eq(pwrite(map.fd, "x", 1, 3 * PAGE), 1);
  WxMemfds memfds = find(WX_DOUBLEMAPPER, 1);
  WxOrphanFinder finder = {0};
  WxOrphans orphans = {0};
  ck_assert_int_eq(wx_orphans_read(&finder, &orphans, &memfds, 0, WX_MAPPERS_FAMILY, NULL), 0);
  ck_assert(orphans.estimate);
  ck_assert_int_eq(orphans.allocated_bytes, 3 * PAGE);
  ck_assert_int_eq(orphans.orphaned_bytes, PAGE);
  ck_assert_int_eq(orphans.mapped_bytes, 2 * PAGE);
  wx_orphans_free(&orphans);
  wx_orphan_finder_free(&finder);
  wx_memfds_free(&memfds);
  double_map_free(&map);
}
END_TEST

static const struct {
  const char *path;
  const char *version;
  bool present;
} runtimes[] = {
    {"/usr/share/dotnet/shared/Microsoft.NETCore.App/10.0.14/libcoreclr.so", "10.0.14", true},
    {"/d/shared/Microsoft.NETCore.App/11.0.0-preview.1.25/libcoreclr.so", "11.0.0-preview.1.25",
     true},
    {"/d/shared/Microsoft.NETCore.App/8.0.31/libcoreclr.so (deleted)", "8.0.31", true},
    {"/app/selfcontained/libcoreclr.so", "", true},
    {"/libcoreclr.so", "", true},
    {"libcoreclr.so", "", false},
    {"/d/shared/Microsoft.NETCore.App/10.0.14/libclrjit.so", "", false},
    {"/d/notlibcoreclr.so", "", false},
    {"", "", false},
};

START_TEST(the_runtime_is_told_by_the_folder_of_its_library) {
  for (size_t i = 0; i < sizeof runtimes / sizeof *runtimes; ++i) {
    WxMapping mappings[] = {{.path = "/bin/x"}, {.path = runtimes[i].path}};
    const WxMaps maps = {.items = mappings, .count = 2};
    const WxRuntime runtime = wx_runtime_find(&maps);
    ck_assert_msg(runtime.present == runtimes[i].present, "%s", runtimes[i].path);
    ck_assert_str_eq(runtime.version, runtimes[i].version);
  }
}
END_TEST

static const struct {
  const char *text;
  const char *version; ///< NULL: it is none.
} file_versions[] = {
    {"8.0.3126.42015 @Commit: 1", "8.0.31"},
    {"9.0.2026.41315", "9.0.20"},
    {"10.0.1426.52326", "10.0.14"},
    {"8.0.23.53103", "8.0.0"},
    {"7.0.523.17405", "7.0.5"},
    {"", NULL},
    {"N/A", NULL},
    {"10.0", NULL},
    {" 10.0.1426.1", NULL},
    {"-1.0.1.1", NULL},
};

START_TEST(a_file_version_tells_the_version_of_the_runtime) {
  for (size_t i = 0; i < sizeof file_versions / sizeof *file_versions; ++i) {
    char version[64] = "";
    const bool is_one = wx_runtime_parse_file_version(version, file_versions[i].text);
    ck_assert_msg(is_one == (file_versions[i].version != NULL), "`%s`", file_versions[i].text);
    ck_assert_str_eq(version, is_one ? file_versions[i].version : "");
  }
}
END_TEST

// Of a self-contained program: its version is in the library, across the border of two reads.
START_TEST(a_library_outside_of_a_framework_is_asked_for_its_version) {
  char directory[] = "/tmp/wx-runtime-XXXXXX";
  ck_assert_ptr_nonnull(mkdtemp(directory));
  char path[128];
  snprintf(path, sizeof path, "%s/libcoreclr.so", directory);
  const int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
  ck_assert_int_ge(fd, 0);
  static const char text_in_it[] = "@(#)Version 10.0.1426.52326 @Commit: 0";
  const off_t border = 1024 * 1024;
  ck_assert_int_eq(pwrite(fd, "@(#)Version none", 16, 0), 16);
  ck_assert_int_eq(pwrite(fd, text_in_it, sizeof text_in_it, border - 20), sizeof text_in_it);
  void *mapped = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
  ck_assert_ptr_ne(mapped, MAP_FAILED);
  WxMaps maps = {0};
  ck_assert_int_eq(wx_maps_read(&maps, 0), 0);
  WxRuntime runtime = wx_runtime_find(&maps);
  ck_assert(runtime.present);
  ck_assert_str_eq(runtime.version, "");
  ck_assert_int_eq(wx_runtime_identify(&runtime, 0), 0);
  ck_assert_str_eq(runtime.version, "10.0.14");
  ck_assert_int_eq(munmap(mapped, PAGE), 0);
  ck_assert_int_eq(close(fd), 0);
  ck_assert_int_eq(unlink(path), 0);
  ck_assert_int_eq(rmdir(directory), 0);
  wx_maps_free(&maps);
}
END_TEST

// Of a single-file program: this one has such a text in its executable.
START_TEST(an_executable_is_asked_where_no_library_is_mapped) {
  static const char *const volatile inside = "@(#)Version 11.0.226.1 of this test";
  ck_assert_ptr_nonnull(inside);
  WxRuntime runtime = {0};
  ck_assert_int_eq(wx_runtime_identify(&runtime, 0), 0);
  ck_assert(runtime.present);
  ck_assert(strcmp(runtime.version, "11.0.2") == 0 || strcmp(runtime.version, "10.0.14") == 0);
  WxRuntime other = {0}; // A shell has none.
  const pid_t child = fork();
  if (child == 0) {
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)execl("/bin/sh", "sh", "-c", "kill -STOP $$", NULL);
    _exit(1);
  }
  ck_assert_int_eq(waitpid(child, NULL, WUNTRACED), child);
  ck_assert_int_eq(wx_runtime_identify(&other, child), 0);
  ck_assert(!other.present);
  ck_assert_str_eq(other.version, "");
  finish(child);
}
END_TEST

WX_TEST_MAIN("process", a_family_is_the_process_and_its_descendants_by_both_ways_of_asking,
             a_kernel_that_lists_no_children_is_asked_for_parents,
             a_descendant_that_ends_while_its_children_are_read_has_none,
             status_tells_memory_threads_parent_and_user,
             pss_is_read_and_unknown_where_the_kernel_has_none,
             a_zombie_has_a_parent_but_no_start_and_no_memory,
             a_name_with_brackets_and_blanks_does_not_confuse_the_start_time,
             mappings_are_counted_by_what_may_be_done_with_them,
             one_file_behind_several_descriptors_and_mappings_is_found_once,
             any_executable_memfd_is_found_where_no_name_is_given,
             a_named_shared_memory_object_is_found_by_the_name_that_the_caller_gives,
             a_descriptor_that_leads_elsewhere_by_now_is_stale,
             orphaned_ranges_and_their_mappers_are_listed_for_a_reclaim,
             mappings_that_change_while_the_extents_are_read_are_read_again,
             pages_that_cannot_be_seen_make_an_estimate_whose_sum_holds,
             the_runtime_is_told_by_the_folder_of_its_library,
             a_file_version_tells_the_version_of_the_runtime,
             a_library_outside_of_a_framework_is_asked_for_its_version,
             an_executable_is_asked_where_no_library_is_mapped)
