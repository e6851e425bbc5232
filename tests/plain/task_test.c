// Work beside the caller, with a thread and without.
#include "os/task.h"
#include "support/suite.h"

#include <sys/resource.h>
#include <unistd.h>

static pthread_t worker;
static int runs;

static void work(void *context) {
  worker = pthread_self();
  runs += *(int *)context;
}

START_TEST(work_is_done_in_a_thread_of_its_own) {
  int amount = 1;
  WxTask task;
  wx_task_start(&task, work, &amount);
  wx_task_finish(&task);
  ck_assert_int_eq(runs, 1);
  ck_assert(!pthread_equal(worker, pthread_self()));
}
END_TEST

START_TEST(work_is_done_by_the_caller_where_no_thread_can_be_started) {
  int amount = 1;
  WxTask task;
  const struct rlimit none = {.rlim_cur = 1, .rlim_max = RLIM_INFINITY};
  ck_assert_int_eq(setrlimit(RLIMIT_AS, &none), 0); // No room for a stack.
  wx_task_start(&task, work, &amount);
  wx_task_finish(&task);
  const struct rlimit all = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
  ck_assert_int_eq(setrlimit(RLIMIT_AS, &all), 0);
  ck_assert_int_eq(runs, 1);
  ck_assert(pthread_equal(worker, pthread_self()));
}
END_TEST

WX_TEST_MAIN("task", work_is_done_in_a_thread_of_its_own,
             work_is_done_by_the_caller_where_no_thread_can_be_started)
