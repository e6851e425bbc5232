// The audit of a living process: whatever call fails, it is reported or survived, and nothing is
// left behind.
#include "attribution/audit.h"
#include "os/count.h"
#include "support/bystander.h"
#include "support/holder.h"
#include "support/inject.h"
#include "support/suite.h"

#include <errno.h>

/// Calls that are made to fail: those for the process itself and for a few of all others.
enum { CALLS = 150 };

static int audit(pid_t pid, bool fast) {
  const WxAuditOptions options = {.rows = 4, .fast = fast};
  WxAudit audit;
  const int result = wx_audit_live(&audit, pid, &options);
  if (!result && wx_known(audit.truth.orphaned_bytes))
    ck_assert_int_eq(audit.truth.orphaned_bytes, WX_HOLDER_BYTES);
  if (!result)
    ck_assert(!wx_known(audit.status.rss_bytes) || audit.status.rss_bytes > 0);
  wx_audit_free(&audit);
  return result;
}

START_TEST(a_call_that_fails_is_reported_or_survived_and_nothing_is_left) {
  static const int errors[] = {EIO, EACCES};
  const int error = errors[_i / 2];
  const bool fast = _i % 2;
  const pid_t holder = wx_holder_start();
  ck_assert_int_eq(audit(holder, fast), 0);
  const uint64_t descriptors = wx_held().descriptors;
  uint64_t nth = 0;
  for (bool failed = true; failed && nth < CALLS;) {
    wx_os_inject(WX_OS_ANY, ++nth, error);
    const int result = audit(holder, fast);
    failed = wx_os_inject_end();
    ck_assert_msg(result == 0 || (failed && result == -error), "failure %d: returned %d", (int)nth,
                  result);
    ck_assert_uint_eq(wx_held().descriptors, descriptors);
  }
  ck_assert_uint_gt(nth, 20);
  wx_bystander_end(holder);
  ck_assert_int_eq(audit(holder, fast), -ESRCH);
}
END_TEST

int main(void) {
  const TTest *const tests[] = {
      a_call_that_fails_is_reported_or_survived_and_nothing_is_left,
  };
  return wx_suite_run_variants("audit_failures", tests, sizeof tests / sizeof *tests, 4);
}
