// The audit of a living process: whatever call fails, it is reported or survived, and nothing is
// left behind.
#include "attribution/audit.h"
#include "support/bystander.h"
#include "support/double_map.h"
#include "support/inject.h"
#include "support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { PAGE = 4096, PAGES = 16 };

typedef struct {
  pid_t pid;
  WxAuditOptions options;
} Subject;

// Another program (a sanitizer's address space takes long to read) that holds a double mapper's
// file open, of which nothing is mapped.
static Subject start_subject(void) {
  int executed[2];
  char byte;
  ck_assert_int_eq(pipe2(executed, O_CLOEXEC), 0);
  const Subject subject = {.pid = fork(), .options = {.rows = 4}};
  if (subject.pid == 0) {
    DoubleMap map = double_map_make(PAGES * PAGE);
    double_map_writable(&map);
    double_map_write(&map);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (dup(map.fd) >= 0)
      execlp("sleep", "sleep", "infinity", (char *)NULL);
    _exit(127);
  }
  ck_assert_int_eq(close(executed[1]), 0);
  ck_assert_int_eq(read(executed[0], &byte, 1), 0);
  ck_assert_int_eq(close(executed[0]), 0);
  return subject;
}

static int audit(void *context) {
  const Subject *subject = context;
  WxAudit audit;
  const int result = wx_audit_live(&audit, subject->pid, &subject->options);
  if (!result && wx_known(audit.truth.orphaned_bytes))
    ck_assert_int_eq(audit.truth.orphaned_bytes, PAGES * PAGE);
  wx_audit_free(&audit);
  return result;
}

static uint64_t descriptors;

// Threads make the number of mappings differ; memory is judged when the process ends.
static void nothing_left(void *context) {
  (void)context;
  ck_assert_uint_eq(wx_held().descriptors, descriptors);
}

START_TEST(a_call_that_fails_is_reported_or_survived_and_nothing_is_left) {
  static const int errors[] = {EIO, EACCES};
  Subject subject = start_subject();
  subject.options.fast = _i;
  descriptors = wx_held().descriptors;
  ck_assert_uint_ge(wx_inject_each(errors[_i], audit, nothing_left, &subject), 20);
  wx_bystander_end(subject.pid);
  ck_assert_int_eq(audit(&subject), -ESRCH);
}
END_TEST

int main(void) {
  const TTest *const tests[] = {
      a_call_that_fails_is_reported_or_survived_and_nothing_is_left,
  };
  return wx_suite_run_variants("audit_live", tests, sizeof tests / sizeof *tests, 2);
}
