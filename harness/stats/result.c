#include "stats/result.h"

#define UNKNOWN WX_UNKNOWN

const char wx_interrupted[] = "interrupted";

WxMetrics wx_metrics_unknown(void) {
  return (WxMetrics){.live_peak_bytes = UNKNOWN,
                     .allocated_peak_bytes = UNKNOWN,
                     .retained_bytes = UNKNOWN,
                     .orphaned_bytes = UNKNOWN,
                     .mappings_peak = UNKNOWN,
                     .syscalls = {UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN},
                     .list_nodes = {UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN},
                     .minor_faults = UNKNOWN,
                     .wall_ns = UNKNOWN,
                     .wx_pages_seen = UNKNOWN,
                     .failures = UNKNOWN};
}

WxSample wx_sample_unknown(WxFigure round, const char *step) {
  return (WxSample){.round = round,
                    .step = step,
                    .t_ns = UNKNOWN,
                    .live_bytes = UNKNOWN,
                    .reserved_bytes = UNKNOWN,
                    .allocated_bytes = UNKNOWN,
                    .mapped_bytes = UNKNOWN,
                    .orphaned_bytes = UNKNOWN,
                    .rss_bytes = UNKNOWN,
                    .rss_shmem_bytes = UNKNOWN,
                    .pss_bytes = UNKNOWN,
                    .cgroup_shmem_bytes = UNKNOWN,
                    .mappings = UNKNOWN,
                    .doublemapper_mappings = UNKNOWN};
}

bool wx_result_ran(const WxResult *result) {
  return !result->skipped && !result->ended;
}

bool wx_result_demanded(const WxResult *result) {
  bool demanded = false;
  for (size_t i = 0; i < result->expectation_count; ++i)
    demanded |= result->expectations[i].of_ending && result->expectations[i].ok;
  return demanded && result->ended && !result->skipped;
}

bool wx_result_ok(const WxResult *result) {
  if (result->ended && !result->skipped && !wx_result_demanded(result))
    return false;
  for (size_t i = 0; i < result->expectation_count; ++i) {
    const WxExpectationResult *judged = &result->expectations[i];
    if (!judged->ok && !judged->reason)
      return false;
  }
  return true;
}
