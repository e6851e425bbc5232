#include "reclaim/pace.h"

// A page takes 1 us to be read again, compared and punched, give or take a half, on machines of the
// 2020s; the first pause corrects it.
WxPace wx_pace_default(void) {
  return (WxPace){.freeze_ns = 300000, .thaw_ns = 100000, .page_ns = 1000, .ready_ns = 200000};
}

void wx_pace_learn(uint64_t *estimate_ns, uint64_t measured_ns) {
  if (measured_ns > *estimate_ns)
    *estimate_ns = measured_ns;
  else
    *estimate_ns -= (*estimate_ns - measured_ns) / 4;
}

uint64_t wx_pace_freeze_limit(uint64_t budget_ns) {
  return budget_ns * 7 / 10;
}

uint64_t wx_pace_work_limit(const WxPace *pace, uint64_t budget_ns) {
  const uint64_t all = budget_ns * 3 / 4;
  const uint64_t least =
      wx_pace_freeze_limit(budget_ns) + budget_ns / 40; // So that a pause is never for nothing.
  return all > pace->thaw_ns + least ? all - pace->thaw_ns : least;
}

uint64_t wx_pace_most_pages(const WxPace *pace, uint64_t budget_ns) {
  return wx_pace_work_limit(pace, budget_ns) / pace->page_ns + 1;
}

uint64_t wx_pace_pages(const WxPace *pace, uint64_t budget_ns) {
  const uint64_t work = wx_pace_work_limit(pace, budget_ns);
  const uint64_t pages = work > pace->freeze_ns ? (work - pace->freeze_ns) / pace->page_ns : 0;
  return pages ? pages : 1;
}

uint64_t wx_pace_death(uint64_t budget_ns) {
  return budget_ns * 7 / 4;
}
