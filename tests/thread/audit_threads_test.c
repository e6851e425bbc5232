// What an audit does in threads of its own.
#include "attribution/audit.h"
#include "support/bystander.h"
#include "support/holder.h"
#include "support/suite.h"

enum { AUDITS = 10 };

START_TEST(audits_share_nothing_between_their_threads_that_is_written) {
  const pid_t holder = wx_holder_start();
  for (int i = 0; i < AUDITS; ++i) {
    const WxAuditOptions options = {.rows = 4, .fast = i % 2};
    WxAudit audit;
    ck_assert_int_eq(wx_audit_live(&audit, holder, &options), 0);
    ck_assert_int_eq(audit.truth.orphaned_bytes, WX_HOLDER_BYTES);
    ck_assert_int_gt(audit.status.rss_bytes, 0);
    wx_audit_free(&audit);
  }
  wx_bystander_end(holder);
}
END_TEST

WX_TEST_MAIN("audit_threads", audits_share_nothing_between_their_threads_that_is_written)
