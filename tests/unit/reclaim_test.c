// Finding the file, the freezers and what is undone after a crash.
#include "reclaim/find.h"
#include "reclaim/freezer.h"
#include "reclaim/proc.h"
#include "reclaim/undo.h"
#include "support/bystander.h"
#include "support/patterned.h"
#include "support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

START_TEST(process_without_its_memfd_is_told_from_none) {
  WxMaps maps = {0};
  WxMemfds memfds = {0};
  WxProblem problem = {""};
  ck_assert_int_eq(wx_reclaim_find(&memfds, getpid(), &maps, NULL, &problem), -ENODATA);
  ck_assert_ptr_nonnull(strstr(problem.text, "no memfd:doublemapper"));
  const pid_t pid = wx_patterned_start();
  wx_bystander_end(pid);
  ck_assert_int_eq(wx_reclaim_find(&memfds, pid, &maps, NULL, &problem), -ESRCH);
  ck_assert_ptr_nonnull(strstr(problem.text, "no process"));
  wx_memfds_free(&memfds);
  wx_maps_free(&maps);
}
END_TEST

START_TEST(undo_of_a_number_used_again_reaches_nobody) {
  static WxUndo undo;
  const pid_t pid = wx_patterned_start();
  ck_assert_int_eq(kill(pid, SIGSTOP), 0);
  ck_assert_int_eq(waitpid(pid, NULL, WUNTRACED), pid);
  const int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  WxTaskStat stat;
  ck_assert_int_eq(wx_task_stat(proc, pid, &stat), 0);
  ck_assert_int_eq(stat.state, 'T');
  ck_assert_int_eq(stat.parent, getpid());
  wx_undo_note_stop(&undo, 3, pid, stat.start_ticks + 1);
  ck_assert_int_eq(wx_undo_run(&undo), 1);
  ck_assert_int_eq(wx_task_stat(proc, pid, &stat), 0);
  ck_assert_int_eq(stat.state, 'T');
  wx_undo_note_stop(&undo, 3, pid, stat.start_ticks);
  ck_assert_int_eq(wx_undo_run(&undo), 1);
  ck_assert_int_eq(wx_undo_run(&undo), 0);
  int status;
  ck_assert_int_eq(waitpid(pid, &status, WCONTINUED), pid);
  ck_assert(WIFCONTINUED(status));
  (void)close(proc);
  wx_bystander_end(pid);
}
END_TEST

START_TEST(freezers_are_found_by_name_and_none_is_not) {
  ck_assert_ptr_eq(wx_freezer_at(0), &wx_freezer_ptrace);
  for (size_t i = 0; wx_freezer_at(i); ++i)
    ck_assert_ptr_eq(wx_freezer_find(wx_freezer_at(i)->name), wx_freezer_at(i));
  ck_assert_ptr_null(wx_freezer_find("none"));
}
END_TEST

WX_TEST_MAIN("reclaim", process_without_its_memfd_is_told_from_none,
             undo_of_a_number_used_again_reaches_nobody, freezers_are_found_by_name_and_none_is_not)
