// Which files a process holds in memory, and which of their pages are mapped nowhere.
#include "measure/memfd.h"
#include "measure/orphans.h"
#include "measure/process_status.h"
#include "os/count.h"
#include "support/bystander.h"
#include "support/double_map.h"
#include "support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096 };

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

// A file of /dev/shm that has no name any more, with a page of memory; -1 where there is none.
static int make_deleted(char link[96]) {
  char name[64];
  snprintf(name, sizeof name, "/wx-test-%d", (int)getpid());
  snprintf(link, 96, "/dev/shm%s (deleted)", name);
  const int fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
  if (fd < 0)
    return fd;
  ck_assert_int_eq(shm_unlink(name), 0);
  ck_assert_int_eq(ftruncate(fd, 4 * PAGE), 0);
  ck_assert_int_eq(pwrite(fd, "x", 1, PAGE), 1);
  return fd;
}

START_TEST(
    a_deleted_file_of_a_tmpfs_and_shared_memory_without_a_name_count_where_they_are_executable) {
  char link[96];
  const int fd = make_deleted(link);
  if (fd < 0) {
    WX_SKIP("no /dev/shm");
    return;
  }
  char other[] = "/tmp/wx-test-XXXXXX"; // A library that was replaced looks so.
  const int library = mkstemp(other);
  ck_assert_int_eq(unlink(other), 0);
  ck_assert_int_eq(ftruncate(library, PAGE), 0);
  void *data = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
  void *replaced = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, library, 0);
  ck_assert(data != MAP_FAILED && replaced != MAP_FAILED);
  WxMemfds found = find(NULL, 0);
  void *code = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, PAGE);
  ck_assert_ptr_ne(code, MAP_FAILED);
  wx_memfds_free(&found);
  found = find(NULL, 1);
  ck_assert_str_eq(found.items[0].link, link);
  ck_assert_int_eq(found.items[0].number, fd);
  ck_assert_int_eq(found.items[0].allocated_bytes, PAGE);
  const int opened = wx_memfd_open(&found.items[0], 0, O_RDONLY, NULL);
  ck_assert_int_ge(opened, 0);
  wx_memfds_free(&found);
  void *shared = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ck_assert_ptr_ne(shared, MAP_FAILED);
  found = find(NULL, 2);
  wx_memfds_free(&found);
  ck_assert(!munmap(shared, PAGE) && !munmap(code, PAGE) && !munmap(replaced, PAGE));
  ck_assert(!munmap(data, PAGE) && !close(opened) && !close(library) && !close(fd));
}
END_TEST

START_TEST(other_memory_files_are_listed_with_descriptor_and_bytes_largest_first) {
  char link[96];
  DoubleMap map = double_map_make(4 * PAGE);
  double_map_writable(&map);
  double_map_write(&map);
  const int kept = make_deleted(link), memfd = memfd_create("/dotnet_1f", 0);
  if (kept < 0) {
    WX_SKIP("no /dev/shm");
    return;
  }
  ck_assert_int_eq(pwrite(memfd, "xx", 2, PAGE - 1), 2);
  WxMemfds known = find(WX_DOUBLEMAPPER, 1), others = {0};
  WxMaps maps = {0};
  ck_assert_int_eq(wx_maps_read(&maps, 0), 0);
  ck_assert_int_eq(wx_memfd_find_others(&others, 0, &maps, &known), 0);
  ck_assert_uint_eq(others.count, 2);
  ck_assert_str_eq(others.items[0].link, "/memfd:/dotnet_1f (deleted)");
  ck_assert_int_eq(others.items[0].number, memfd);
  ck_assert_int_eq(others.items[0].allocated_bytes, 2 * PAGE);
  ck_assert_str_eq(others.items[1].link, link);
  ck_assert_int_eq(others.items[1].allocated_bytes, PAGE);
  wx_maps_free(&maps);
  wx_memfds_free(&others);
  wx_memfds_free(&known);
  ck_assert(!close(memfd) && !close(kept));
  double_map_free(&map);
}
END_TEST

START_TEST(a_named_shared_memory_object_is_found_by_the_name_that_the_caller_gives) {
  char link[96];
  const int fd = make_deleted(link);
  if (fd < 0) {
    WX_SKIP("no /dev/shm");
    return;
  }
  WxMemfds found = find(link, 1);
  ck_assert_int_eq(found.items[0].allocated_bytes, PAGE);
  wx_memfds_free(&found);
  ck_assert_int_eq(close(fd), 0);
}
END_TEST

START_TEST(a_descriptor_that_leads_elsewhere_by_now_is_stale) {
  double_map_as_runtime();
  DoubleMap map = double_map_make(PAGE);
  WxMemfds found = find(WX_DOUBLEMAPPER, 1);
  WxMemfd *memfd = &found.items[0];
  ck_assert_int_eq(wx_memfd_stat(memfd, 0), 0);
  const int opened = wx_memfd_open(memfd, 0, O_RDWR, NULL);
  ck_assert_int_ge(opened, 0);
  ck_assert_int_eq(close(opened), 0);
  const int number = map.fd;
  double_map_free(&map);
  ck_assert_int_eq(wx_memfd_stat(memfd, 0), -ESTALE);
  ck_assert_int_eq(wx_memfd_open(memfd, 0, O_RDONLY, NULL), -ESTALE);
  DoubleMap later = double_map_make(PAGE); // Another file on the same number.
  ck_assert_int_eq(later.fd, number);
  ck_assert_int_eq(wx_memfd_stat(memfd, 0), -ESTALE);
  ck_assert_int_eq(wx_memfd_open(memfd, 0, O_RDONLY, NULL), -ESTALE);
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
    wx_bystander_wait();
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
  wx_bystander_end(child);
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

// A process that maps and wrote a file, and unmaps it when it is told to; the caller keeps only the
// file.
typedef struct {
  DoubleMap map;
  pid_t pid;
  int commands[2];
  int answers[2];
} Owner;

static _Noreturn void be_owner(Owner *owner) {
  char byte = 'r';
  close(owner->commands[1]); // It ends with the other process.
  (void)!write(owner->answers[1], &byte, 1);
  if (read(owner->commands[0], &byte, 1) == 1)
    double_map_drop_writable(&owner->map);
  (void)!write(owner->answers[1], &byte, 1);
  wx_bystander_wait();
}

static void await_answer(const Owner *owner) {
  char byte;
  ck_assert_int_eq(read(owner->answers[0], &byte, 1), 1);
}

static void start_owner(Owner *owner) {
  ck_assert_int_eq(pipe(owner->commands), 0);
  ck_assert_int_eq(pipe(owner->answers), 0);
  owner->map = double_map_make(4 * PAGE);
  double_map_writable(&owner->map);
  double_map_write(&owner->map);
  owner->pid = fork();
  if (owner->pid == 0)
    be_owner(owner);
  await_answer(owner);
  double_map_drop_writable(&owner->map);
}

static void end_owner(Owner *owner) {
  double_map_free(&owner->map);
  for (int i = 0; i < 2; ++i) {
    close(owner->commands[i]);
    close(owner->answers[i]);
  }
}

static uint64_t files_opened(void) {
  return wx_os_counts().made[WX_OS_OPEN];
}

START_TEST(mappings_read_beside_are_read_again_only_where_the_process_has_changed) {
  Owner it;
  start_owner(&it);
  const pid_t owner = it.pid;
  const WxMaps none = {0};
  WxMemfds memfds = {0};
  WxMaps maps = {0};
  WxText text = {0};
  WxOrphanFinder finder = {0};
  WxOrphans orphans = {0};
  WxProcessMark mark, later;
  ck_assert_int_eq(wx_memfd_find(&memfds, owner, &none, WX_DOUBLEMAPPER), 0);
  ck_assert_uint_eq(memfds.count, 1);
  uint64_t opened[2] = {0};
  for (int changed = 0; changed < 2; ++changed) {
    do { // It may still be on its way to the next command.
      ck_assert_int_eq(wx_process_mark(&mark, owner, &text), 0);
      ck_assert_int_eq(wx_orphans_begin(&finder, &orphans, &memfds, owner, WX_MAPPERS_FAMILY), 0);
      ck_assert_int_eq(wx_maps_read(&maps, owner), 0);
      if (changed) {
        ck_assert_int_eq(write(it.commands[1], "d", 1), 1);
        await_answer(&it);
      }
      opened[changed] = files_opened();
      ck_assert_int_eq(
          wx_orphans_end(&finder, &orphans, &memfds, owner, WX_MAPPERS_FAMILY, &maps, &mark), 0);
      opened[changed] = files_opened() - opened[changed];
      ck_assert_int_eq(wx_process_mark(&later, owner, &text), 0);
    } while (!changed && !wx_process_mark_equal(&mark, &later));
    ck_assert(!orphans.estimate);
    ck_assert_int_eq(orphans.allocated_bytes, 4 * PAGE);
    ck_assert_int_eq(orphans.orphaned_bytes, changed ? 4 * PAGE : 0);
    ck_assert_int_eq(orphans.mapped_bytes, changed ? 0 : 4 * PAGE);
    ck_assert_uint_eq(finder.after.checked, 1);
  }
  ck_assert_uint_gt(opened[1], opened[0]);
  wx_bystander_end(owner);
  ck_assert_int_eq(
      wx_orphans_end(&finder, &orphans, &memfds, owner, WX_MAPPERS_FAMILY, &maps, &mark), -ESRCH);
  wx_orphans_free(&orphans);
  wx_orphan_finder_free(&finder);
  wx_memfds_free(&memfds);
  wx_maps_free(&maps);
  wx_text_free(&text);
  end_owner(&it);
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

WX_TEST_MAIN(
    "memfd", one_file_behind_several_descriptors_and_mappings_is_found_once,
    any_executable_memfd_is_found_where_no_name_is_given,
    a_named_shared_memory_object_is_found_by_the_name_that_the_caller_gives,
    a_deleted_file_of_a_tmpfs_and_shared_memory_without_a_name_count_where_they_are_executable,
    other_memory_files_are_listed_with_descriptor_and_bytes_largest_first,
    a_descriptor_that_leads_elsewhere_by_now_is_stale,
    orphaned_ranges_and_their_mappers_are_listed_for_a_reclaim,
    mappings_that_change_while_the_extents_are_read_are_read_again,
    mappings_read_beside_are_read_again_only_where_the_process_has_changed,
    pages_that_cannot_be_seen_make_an_estimate_whose_sum_holds)
