// A real process with twelve arenas of malloc inside the double mapper's interval and 100 MB that
// nobody maps: the audit finds both to the byte, and changes nothing.
#include "attribution/audit.h"
#include "support/arenas.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>

static WxAudit audit_subject(const WxArenas *subject, bool fast) {
  WxAudit audit;
  const WxAuditOptions options = {.rows = 10, .fast = fast};
  ck_assert_int_eq(wx_audit_live(&audit, subject->pid, &options), 0);
  return audit;
}

static void check_figures(const WxArenas *subject, const WxAudit *audit) {
  const WxTruth *truth = &audit->truth;
  ck_assert_int_eq(truth->inodes, 1);
  ck_assert_int_eq(truth->allocated_bytes, (WxFigure)subject->report.blocks * 512);
  ck_assert_int_eq(truth->orphaned_bytes, (WxFigure)WX_ARENAS_ORPHANED);
  ck_assert_int_eq(truth->mapped_bytes, truth->allocated_bytes - truth->orphaned_bytes);
  const WxHeaps *heaps = &audit->space->heaps;
  ck_assert_uint_eq(heaps->arenas, subject->report.arenas);
  ck_assert_uint_eq(heaps->arenas, WX_ARENAS);
  ck_assert_uint_eq(heaps->committed_bytes, subject->report.malloc_mprotect);
  ck_assert_int_eq(heaps->weakest, WX_PROOF_HEADER);
  ck_assert(heaps->ring_complete);
  ck_assert_ptr_nonnull(audit->module);
  uint64_t sum = 0;
  for (size_t i = 0; i < WX_OWNERS; ++i)
    sum += audit->span.bytes[i];
  ck_assert_uint_eq(sum, audit->module->end - audit->module->start);
  // All of them lie inside the interval.
  ck_assert_uint_eq(audit->span.bytes[WX_OWNER_HEAP_COMMITTED], heaps->committed_bytes);
  ck_assert_uint_eq(audit->span.bytes[WX_OWNER_HEAP_RESERVED], heaps->reserved_bytes);
}

START_TEST(arenas_and_orphaned_bytes_are_found_to_the_byte_and_the_larger_one_is_named) {
  const WxArenas subject = wx_arenas_start(0);
  for (int fast = 0; fast < 2; ++fast) {
    WxAudit audit = audit_subject(&subject, fast);
    check_figures(&subject, &audit);
    ck_assert(audit.truth.extents_known == !fast);
    ck_assert_int_eq(audit.verdict.code, WX_VERDICT_RETAINED);
    ck_assert_ptr_nonnull(strstr(audit.verdict.text, "malloc's 12 arenas are smaller"));
    wx_audit_free(&audit);
  }
  wx_arenas_end(&subject);
}
END_TEST

START_TEST(arenas_larger_than_the_orphaned_bytes_are_named_as_the_larger) {
  const WxArenas subject = wx_arenas_start((size_t)20 << 20);
  WxAudit audit = audit_subject(&subject, false);
  check_figures(&subject, &audit);
  ck_assert_ptr_nonnull(strstr(audit.verdict.text, "malloc's 12 arenas are larger"));
  wx_audit_free(&audit);
  wx_arenas_end(&subject);
}
END_TEST

START_TEST(a_chain_of_heaps_in_one_arena_is_found_to_the_byte) {
  const WxArenas subject = wx_arenas_start((size_t)80 << 20);
  WxAudit audit = audit_subject(&subject, false);
  check_figures(&subject, &audit);
  ck_assert_uint_eq(audit.space->heaps.proven, 2 * WX_ARENAS);
  wx_audit_free(&audit);
  wx_arenas_end(&subject);
}
END_TEST

START_TEST(a_thousand_audits_change_nothing) {
  const WxArenas subject = wx_arenas_start(0);
  for (int i = 0; i < 1000; ++i) {
    WxAudit audit = audit_subject(&subject, i % 10 != 0);
    ck_assert_int_eq(audit.truth.allocated_bytes, (WxFigure)subject.report.blocks * 512);
    wx_audit_free(&audit);
  }
  wx_arenas_end(&subject);
}
END_TEST

START_TEST(saved_maps_and_smaps_of_it_give_the_same_interval_and_say_what_they_cannot) {
  const WxArenas subject = wx_arenas_start(0);
  WxAudit live = audit_subject(&subject, false);
  static const struct {
    WxSource source;
    const char *file;
    WxHeapProof proof;
  } sources[] = {{WX_SOURCE_MAPS, "maps", WX_PROOF_SHAPE},
                 {WX_SOURCE_SMAPS, "smaps", WX_PROOF_FLAGS}};
  for (size_t i = 0; i < 2; ++i) {
    char path[64];
    WxAudit saved;
    const WxAuditOptions options = {.rows = 10};
    snprintf(path, sizeof path, "/proc/%d/%s", (int)subject.pid, sources[i].file);
    ck_assert_int_eq(wx_audit_file(&saved, sources[i].source, path, &options), 0);
    ck_assert(!wx_known(saved.truth.allocated_bytes) && !wx_known(saved.truth.orphaned_bytes));
    ck_assert_mem_eq(&saved.span, &live.span, sizeof saved.span);
    ck_assert_uint_eq(saved.space->heaps.committed_bytes, live.space->heaps.committed_bytes);
    ck_assert_int_eq(saved.space->heaps.weakest, sources[i].proof);
    // Little memory lies in the interval, and what is orphaned behind the last mapping no file
    // shows.
    ck_assert_int_eq(saved.verdict.code, WX_VERDICT_CLEAN);
    ck_assert_ptr_nonnull(strstr(saved.verdict.text, "cannot be seen in this input"));
    wx_audit_free(&saved);
  }
  wx_audit_free(&live);
  wx_arenas_end(&subject);
}
END_TEST

WX_TEST_MAIN("audit-live",
             arenas_and_orphaned_bytes_are_found_to_the_byte_and_the_larger_one_is_named,
             arenas_larger_than_the_orphaned_bytes_are_named_as_the_larger,
             a_chain_of_heaps_in_one_arena_is_found_to_the_byte, a_thousand_audits_change_nothing,
             saved_maps_and_smaps_of_it_give_the_same_interval_and_say_what_they_cannot)
