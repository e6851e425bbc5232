// The files that a sidecar knows: bounded, fairly by user, closed where others need their
// descriptors.
#include "os/count.h"
#include "reclaim/tracked.h"
#include "support/bystander.h"
#include "support/holder.h"
#include "support/inject.h"
#include "support/suite.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static WxTrackedFiles files;
static WxTracked *leaves;

static int add(uint32_t user, pid_t pid, uint64_t inode, size_t most) {
  const WxSeenProcess process = {.pid = pid, .user = user};
  const WxMemfd memfd = {.id = {0, 1, inode}, .number = 3, .allocated_bytes = 4096};
  return wx_tracked_files_add(&files, &process, &memfd, most, &leaves);
}

START_TEST(file_is_watched_once_whoever_holds_it) {
  ck_assert_int_eq(add(1, 10, 100, 8), WX_TRACKED_NEW);
  ck_assert_int_eq(add(1, 10, 100, 8), WX_TRACKED_KNOWN);
  ck_assert_int_eq(add(1, 11, 100, 8), WX_TRACKED_KNOWN);
  ck_assert_uint_eq(files.count, 1);
  wx_tracked_files_free(&files);
}
END_TEST

START_TEST(file_that_is_refused_through_one_process_is_tried_through_another) {
  const WxProblem problem = {"it is traced by a hostile one"};
  ck_assert_int_eq(add(1, 10, 100, 8), WX_TRACKED_NEW);
  wx_tracked_refuse(files.items[0], -EPERM, &problem);
  ck_assert_int_eq(add(1, 10, 100, 8), WX_TRACKED_KNOWN);
  ck_assert_int_eq(add(2, 11, 100, 8), WX_TRACKED_NEW);
  ck_assert_int_eq(files.items[1]->pid, 11);
  ck_assert_str_eq(files.items[1]->refused, "");
  wx_tracked_files_free(&files);
}
END_TEST

START_TEST(process_has_only_so_many_files) {
  for (uint64_t i = 0; i < WX_DISCOVERY_FILES; ++i)
    ck_assert_int_eq(add(1, 10, 100 + i, 100), WX_TRACKED_NEW);
  ck_assert_int_eq(add(1, 10, 200, 100), WX_TRACKED_FULL);
  ck_assert_ptr_null(leaves);
  ck_assert_int_eq(add(1, 11, 200, 100), WX_TRACKED_NEW);
  wx_tracked_files_free(&files);
}
END_TEST

START_TEST(user_who_has_most_makes_room_for_another) {
  enum { MOST = 8 };
  for (uint64_t i = 0; i < MOST; ++i)
    ck_assert_int_eq(add(1, 10 + (pid_t)i, 100 + i, MOST), WX_TRACKED_NEW);
  ck_assert_int_eq(add(1, 30, 200, MOST), WX_TRACKED_FULL);
  ck_assert_ptr_null(leaves); // It is its own user who has most.
  for (uint64_t i = 0; i < MOST / 2; ++i) {
    ck_assert_int_eq(add(2, 40 + (pid_t)i, 300 + i, MOST), WX_TRACKED_FULL);
    ck_assert_ptr_nonnull(leaves);
    ck_assert_uint_eq(leaves->user, 1);
    wx_tracked_files_remove(&files, leaves);
    ck_assert_int_eq(add(2, 40 + (pid_t)i, 300 + i, MOST), WX_TRACKED_NEW);
  }
  ck_assert_int_eq(add(2, 60, 400, MOST), WX_TRACKED_FULL);
  ck_assert_ptr_null(leaves); // Both have half.
  ck_assert_uint_eq(files.count, MOST);
  wx_tracked_files_free(&files);
}
END_TEST

// Refuses it, and returns whether that has to be told.
static bool is_news(WxTracked *tracked, int error, const WxProblem *problem) {
  wx_tracked_refuse(tracked, error, problem);
  const bool news = !tracked->told;
  tracked->told = true;
  return news;
}

START_TEST(refusal_waits_longer_each_time_and_is_news_with_another_reason) {
  const WxProblem one = {"one"}, other = {"other"}, none = {""};
  add(1, 10, 100, 8);
  WxTracked *tracked = files.items[0];
  ck_assert(is_news(tracked, -EPERM, &one));
  const uint64_t first = tracked->wait_ns;
  ck_assert_uint_eq(first, 1000000000);
  ck_assert(!is_news(tracked, -EPERM, &one));
  ck_assert_uint_eq(tracked->wait_ns, 2 * first);
  for (int i = 0; i < 20; ++i)
    ck_assert(!is_news(tracked, -EPERM, &one));
  ck_assert_uint_eq(tracked->wait_ns, 300 * first); // Five minutes at the most.
  ck_assert(is_news(tracked, -EPERM, &other));
  ck_assert_uint_eq(tracked->wait_ns, first);
  tracked->told = false; // It could not be said: it is still news.
  ck_assert(is_news(tracked, -EPERM, &other));
  ck_assert(is_news(tracked, -EACCES, &none)); // Never without a reason.
  ck_assert_str_eq(tracked->refused, strerror(EACCES));
  wx_tracked_files_free(&files);
}
END_TEST

static void find(pid_t pid, WxMemfds *memfds) {
  WxMaps maps = {0};
  ck_assert_int_eq(wx_maps_read(&maps, pid), 0);
  ck_assert_int_eq(wx_memfd_find(memfds, pid, &maps, WX_DOUBLEMAPPER), 0);
  wx_maps_free(&maps);
}

// A file of another program, found and looked at: nothing is given back below a bound of 1 GiB.
static WxTracked *look_at(pid_t pid) {
  WxMemfds memfds = {0};
  WxProblem problem = {""};
  WxTrackedOutcome outcome;
  find(pid, &memfds);
  ck_assert_uint_eq(memfds.count, 1);
  memfds.items[0].vouched = true; // The holder runs no .NET.
  const WxSeenProcess process = {.pid = pid};
  ck_assert_int_eq(wx_tracked_files_add(&files, &process, &memfds.items[0], 100, &leaves),
                   WX_TRACKED_NEW);
  WxTracked *tracked = files.items[files.count - 1];
  tracked->served = files.count;
  const int failed = wx_tracked_turn(tracked, &(WxReclaimOptions){0},
                                     (WxReclaimBound){.bytes = 1 << 30}, false, &outcome, &problem);
  ck_assert_msg(failed == 0, "%s", problem.text);
  ck_assert(tracked->open);
  wx_memfds_free(&memfds);
  return tracked;
}

START_TEST(those_that_had_their_turn_longest_ago_are_closed) {
  enum { COUNT = 4 };
  const uint64_t before = wx_held().descriptors;
  pid_t holders[COUNT];
  for (size_t i = 0; i < COUNT; ++i) {
    holders[i] = wx_holder_start();
    (void)look_at(holders[i]);
  }
  const uint64_t all = wx_held().descriptors;
  ck_assert_uint_gt(all, before);
  ck_assert_int_eq(wx_tracked_files_close_some(&files, NULL, COUNT, 10000), 0);
  ck_assert_uint_eq(wx_held().descriptors, all);
  ck_assert_int_eq(wx_tracked_files_close_some(&files, files.items[0], 2, 10000), 0);
  const bool open[COUNT] = {true, false, false, true}; // The first one is kept.
  for (size_t i = 0; i < COUNT; ++i)
    ck_assert_msg(files.items[i]->open == open[i], "%zu", i);
  ck_assert_int_eq(wx_tracked_files_close_some(&files, files.items[0], 100, 1),
                   0); // By descriptors.
  ck_assert(!files.items[3]->open && files.items[0]->open);
  ck_assert_int_eq(wx_tracked_files_close_some(&files, NULL, 0, 0), 0);
  ck_assert_uint_eq(wx_held().descriptors, before);
  // It is asked without being open.
  ck_assert_int_eq(wx_tracked_wants_turn(files.items[1], (WxReclaimBound){.bytes = 1 << 30}, false),
                   0);
  ck_assert_int_eq(wx_tracked_wants_turn(files.items[1], (WxReclaimBound){0}, true), 1);
  files.items[1]->quiet = 0; // Nothing can be orphaned that is more than all that is allocated.
  ck_assert_int_eq(wx_tracked_wants_turn(files.items[1], (WxReclaimBound){.percent = 100}, false),
                   0);
  ck_assert_int_eq(wx_tracked_wants_turn(files.items[1], (WxReclaimBound){.percent = 99}, false),
                   1);
  for (size_t i = 0; i < COUNT; ++i)
    wx_bystander_end(holders[i]);
  ck_assert_int_eq(wx_tracked_wants_turn(files.items[1], (WxReclaimBound){0}, true), -ESRCH);
  wx_tracked_files_free(&files);
}
END_TEST

START_TEST(only_so_many_files_of_a_process_are_looked_for) {
  enum { HELD = 40 };
  int fds[HELD];
  for (size_t i = 0; i < HELD; ++i)
    ck_assert_int_ge(fds[i] = memfd_create("doublemapper", MFD_CLOEXEC), 0);
  WxMemfds memfds = {.most = 16};
  find(getpid(), &memfds);
  ck_assert_uint_eq(memfds.count, 16);
  for (size_t i = 0; i < 16; ++i)
    ck_assert_int_ge(memfds.items[i].number, 0);
  memfds.most = 0;
  find(getpid(), &memfds);
  ck_assert_uint_eq(memfds.count, HELD);
  wx_memfds_free(&memfds);
  for (size_t i = 0; i < HELD; ++i)
    close(fds[i]);
}
END_TEST

START_TEST(descriptors_are_asked_for_only_so_often) {
  enum { HELD = 300 };
  int fds[HELD];
  ck_assert_int_ge(fds[0] = memfd_create("doublemapper", MFD_CLOEXEC), 0);
  for (size_t i = 1; i < HELD; ++i)
    ck_assert_int_ge(fds[i] = dup(fds[0]), 0);
  WxMemfds memfds = {.most = 2};
  const WxOsCounts before = wx_os_counts();
  find(getpid(), &memfds);
  const WxOsCounts after = wx_os_counts();
  ck_assert_uint_eq(memfds.count, 1);
  // Each is asked once, and where such files lie once for all.
  ck_assert_uint_eq(after.made[WX_OS_STATX] - before.made[WX_OS_STATX], 128 + 1);
  wx_memfds_free(&memfds);
  for (size_t i = 0; i < HELD; ++i)
    close(fds[i]);
}
END_TEST

START_TEST(list_of_mappings_has_only_so_much_room) {
  WxMaps maps = {0};
  ck_assert_int_eq(wx_maps_read(&maps, 0), 0);
  maps.most_bytes = maps.count * sizeof *maps.items + maps.names.bytes + 4096;
  ck_assert_int_eq(wx_maps_read(&maps, 0), 0);
  maps.most_bytes = maps.count * sizeof *maps.items / 2;
  ck_assert_int_eq(wx_maps_read(&maps, 0), -E2BIG);
  wx_maps_free(&maps);
}
END_TEST

static int ignore(void *context, const WxSeenProcess *process, const WxMemfd *memfd) {
  (void)process, (void)memfd;
  ++*(unsigned *)context;
  return 0;
}

static size_t asked_in(const WxDiscovery *discovery, uint64_t cycle) {
  size_t count = 0;
  for (size_t i = 0; i < discovery->count; ++i)
    count += discovery->items[i].asked == cycle;
  return count;
}

// A folder in place of /proc that lists three processes of one user, which last as long as the test
// does.
static void list_three_processes(char *folder, pid_t child, bool make) {
  const pid_t lasting[] = {getppid(), getpid(), child};
  char path[64];
  if (make)
    ck_assert_ptr_nonnull(mkdtemp(folder));
  for (size_t i = 0; i < 3; ++i) {
    (void)snprintf(path, sizeof path, "%s/%d", folder, (int)lasting[i]);
    ck_assert_int_eq(make ? mkdir(path, 0700) : rmdir(path), 0);
  }
  if (!make)
    ck_assert_int_eq(rmdir(folder), 0);
}

START_TEST(without_time_a_cycle_asks_one_process_and_the_next_one_another) {
  char folder[] = "/tmp/wx-tracked-XXXXXX";
  const pid_t child = fork();
  if (child == 0)
    for (;;)
      (void)pause();
  list_three_processes(folder, child, true);
  WxDiscovery discovery = {.proc = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  ck_assert_int_ge(discovery.proc, 0);
  WxShares shares = {0};
  unsigned found = 0;
  for (uint64_t cycle = 1; cycle < 4; ++cycle) {
    ck_assert_int_eq(wx_discovery_cycle(&discovery, NULL, &shares, 0, ignore, &found), 0);
    ck_assert_uint_eq(asked_in(&discovery, cycle), 1);
  }
  ck_assert_uint_eq(asked_in(&discovery, 1), 1); // It was not asked again: the others wait.
  list_three_processes(folder, child, false);
  ck_assert_int_eq(kill(child, SIGKILL), 0);
  ck_assert_int_eq(waitpid(child, NULL, 0), child);
  wx_discovery_close(&discovery);
  wx_shares_free(&shares);
}
END_TEST

// One file at a time, so that a failure in the middle is seen.
static int turn_once(const pid_t *holder) {
  const pid_t pid = *holder;
  WxMemfds memfds = {0};
  WxMaps maps = {0};
  WxProblem problem = {""};
  WxTrackedOutcome outcome;
  int result = wx_maps_read(&maps, pid);
  if (!result)
    result = wx_memfd_find(&memfds, pid, &maps, WX_DOUBLEMAPPER);
  if (!result) {
    WxTracked tracked;
    memfds.items[0].vouched = true;
    wx_tracked_begin(&tracked, pid, 0, &memfds.items[0]);
    result = wx_tracked_wants_turn(&tracked, (WxReclaimBound){0}, true);
    if (result > 0)
      result = wx_tracked_turn(&tracked, &(WxReclaimOptions){0}, (WxReclaimBound){.bytes = 1 << 30},
                               false, &outcome, &problem);
    wx_tracked_end(&tracked);
  }
  wx_memfds_free(&memfds);
  wx_maps_free(&maps);
  return result;
}

enum { MOST_FAILURES = 30 };

static uint64_t descriptors;

// Mappings are counted by the calls: the sanitizer keeps freed memory mapped for a while.
static void nothing_left(void) {
  const WxOsCounts counts = wx_os_counts();
  ck_assert_uint_eq(wx_held().descriptors, descriptors);
  ck_assert_uint_eq(counts.made[WX_OS_MMAP], counts.made[WX_OS_MUNMAP]);
}

START_TEST(failures_of_a_turn_leave_nothing_behind) {
  pid_t holder = wx_holder_start();
  descriptors = wx_held().descriptors;
  // Those of the look itself, one for each process that there is, are sweep_test's.
  for (uint64_t nth = 1; nth <= MOST_FAILURES; ++nth) {
    wx_os_inject(WX_OS_ANY, nth, EIO);
    const int result = turn_once(&holder);
    ck_assert(wx_os_inject_end());
    ck_assert_msg(result == -EIO || result == 0, "failure %d: %d", (int)nth, result);
    nothing_left();
  }
  wx_bystander_end(holder);
}
END_TEST

WX_TEST_MAIN("tracked", file_is_watched_once_whoever_holds_it,
             file_that_is_refused_through_one_process_is_tried_through_another,
             process_has_only_so_many_files, user_who_has_most_makes_room_for_another,
             refusal_waits_longer_each_time_and_is_news_with_another_reason,
             those_that_had_their_turn_longest_ago_are_closed,
             only_so_many_files_of_a_process_are_looked_for,
             descriptors_are_asked_for_only_so_often, list_of_mappings_has_only_so_much_room,
             without_time_a_cycle_asks_one_process_and_the_next_one_another,
             failures_of_a_turn_leave_nothing_behind)
