#include "reclaim/pauses.h"

#include <stddef.h>

/* How long pauses were
 * -------------------------------------------------------------------------------------------------
 */

enum { PART_BITS = 6 };

// Lengths below WX_PAUSE_PARTS have a class each; above, the leading bit chooses the power of two
// and the PART_BITS bits after it the part.
static size_t class_of(uint64_t length) {
  if (length < WX_PAUSE_PARTS)
    return (size_t)length;
  const unsigned leading = 63U - (unsigned)__builtin_clzll(length);
  const unsigned shift = leading - PART_BITS;
  const size_t at = ((size_t)(shift + 1) << PART_BITS) + ((length >> shift) & (WX_PAUSE_PARTS - 1));
  return at < WX_PAUSE_CLASSES ? at : WX_PAUSE_CLASSES - 1;
}

// The middle of a class.
static uint64_t length_of(size_t class) {
  if (class < WX_PAUSE_PARTS)
    return class;
  const unsigned shift = (unsigned)(class >> PART_BITS) - 1;
  const uint64_t low = (uint64_t)(WX_PAUSE_PARTS + (class & (WX_PAUSE_PARTS - 1))) << shift;
  return low + (((uint64_t)1 << shift) >> 1);
}

void wx_pauses_add(WxPauseLog *log, uint64_t length_ns) {
  ++log->classes[class_of(length_ns)];
  ++log->count;
  log->total_ns += length_ns;
  if (length_ns > log->max_ns)
    log->max_ns = length_ns;
}

void wx_pauses_merge(WxPauseLog *log, const WxPauseLog *other) {
  for (size_t i = 0; i < WX_PAUSE_CLASSES; ++i)
    log->classes[i] += other->classes[i];
  log->count += other->count;
  log->total_ns += other->total_ns;
  log->abandoned += other->abandoned;
  log->held_abandoned_ns += other->held_abandoned_ns;
  log->over_budget += other->over_budget;
  log->rescued_bytes += other->rescued_bytes;
  if (other->late_max_ns > log->late_max_ns)
    log->late_max_ns = other->late_max_ns;
  if (other->max_ns > log->max_ns)
    log->max_ns = other->max_ns;
}

// The smallest length that at least `numerator`/`denominator` of the pauses do not exceed.
static uint64_t quantile(const WxPauseLog *log, uint64_t numerator, uint64_t denominator) {
  const uint64_t wanted = (log->count * numerator + denominator - 1) / denominator;
  uint64_t passed = 0;
  for (size_t i = 0; i < WX_PAUSE_CLASSES; ++i) {
    passed += log->classes[i];
    if (passed >= wanted && passed)
      return length_of(i) < log->max_ns ? length_of(i) : log->max_ns;
  }
  return log->max_ns;
}

WxPauses wx_pauses_summary(const WxPauseLog *log) {
  WxPauses summary = {.count = log->count,
                      .max_ns = log->max_ns,
                      .total_ns = log->total_ns,
                      .abandoned = log->abandoned,
                      .held_abandoned_ns = log->held_abandoned_ns,
                      .over_budget = log->over_budget,
                      .late_max_ns = log->late_max_ns,
                      .rescued_bytes = log->rescued_bytes};
  if (log->count) {
    summary.p50_ns = quantile(log, 50, 100);
    summary.p99_ns = quantile(log, 99, 100);
  }
  return summary;
}

/* How much fits into the next one, and until when
 * -------------------------------------------------------------------------------------------------
 */

// A page takes 1 us to be read again, compared and punched, give or take a half, on machines of the
// 2020s; the first pause corrects it.
WxPausePlan wx_pause_plan(void) {
  return (WxPausePlan){.freeze_ns = 300000, .thaw_ns = 100000, .page_ns = 1000, .ready_ns = 200000};
}

void wx_pause_learn(uint64_t *estimate_ns, uint64_t measured_ns) {
  if (measured_ns > *estimate_ns)
    *estimate_ns = measured_ns;
  else
    *estimate_ns -= (*estimate_ns - measured_ns) / 4;
}

uint64_t wx_pause_freeze_limit(uint64_t budget_ns) {
  return budget_ns * 7 / 10;
}

uint64_t wx_pause_work_limit(const WxPausePlan *plan, uint64_t budget_ns) {
  const uint64_t all = budget_ns * 3 / 4;
  const uint64_t least =
      wx_pause_freeze_limit(budget_ns) + budget_ns / 40; // So that a pause is never for nothing.
  return all > plan->thaw_ns + least ? all - plan->thaw_ns : least;
}

uint64_t wx_pause_most_pages(const WxPausePlan *plan, uint64_t budget_ns) {
  return wx_pause_work_limit(plan, budget_ns) / plan->page_ns + 1;
}

uint64_t wx_pause_pages(const WxPausePlan *plan, uint64_t budget_ns) {
  const uint64_t work = wx_pause_work_limit(plan, budget_ns);
  const uint64_t pages = work > plan->freeze_ns ? (work - plan->freeze_ns) / plan->page_ns : 0;
  return pages ? pages : 1;
}

uint64_t wx_pause_death(uint64_t budget_ns) {
  return budget_ns * 7 / 4;
}
