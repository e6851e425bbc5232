#include "scenario/smallest.h"

#include "os/grow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOWER = 10, PEAKS = 4, INTERRUPTED = -1 };

/// However short it is without a limit, so long it may take with one.
static const uint64_t patience_ns = UINT64_C(20) * 1000 * 1000 * 1000;

typedef struct {
  const WxSmallestOrder *order;
  WxSmallest *smallest;
} Search;

// A program that is short of memory may get slower without end: it reads its own code from the disk
// again and again.
static uint64_t time_limit(const WxSmallestOrder *order) {
  const uint64_t own = order->first->confined.lived_ns * SLOWER;
  const uint64_t wanted = own > patience_ns ? own : patience_ns;
  return order->time_limit_ns && order->time_limit_ns < wanted ? order->time_limit_ns : wanted;
}

static void keep(WxSmallest *smallest, uint64_t limit, const WxValidation *run) {
  WxSmallestTry *tries =
      wx_grown(smallest->tries, &smallest->try_capacity, smallest->try_count, sizeof *tries);
  smallest->lost |= !tries;
  if (!tries)
    return;
  smallest->tries = tries;
  const WxCgroupFigures *figures = &run->confined.figures;
  tries[smallest->try_count] = (WxSmallestTry){.limit_bytes = limit,
                                               .left = run->result.ended != NULL,
                                               .peak_bytes = figures->peak_bytes,
                                               .oom_kills = figures->oom_kills,
                                               .lived_ns = run->confined.lived_ns};
  if (run->result.ended)
    tries[smallest->try_count].ended = *run->result.ended;
  ++smallest->try_count;
}

static int try_limit(void *context, uint64_t limit, bool *holds) {
  const Search *search = context;
  const WxSmallestOrder *order = search->order;
  WxSmallest *smallest = search->smallest;
  WxValidation run = {0};
  const int failed = order->run(order->context, limit, time_limit(order), &run);
  if (failed) {
    wx_validation_free(&run);
    return failed;
  }
  const bool interrupted = run.result.skipped != NULL;
  *holds = wx_result_ran(&run.result);
  if (*holds && order->compared && !wx_text_is_equal(&order->first->output, &run.output)) {
    *holds = false;
    snprintf(smallest->failed, sizeof smallest->failed, "printed something else");
  } else if (run.result.ended) {
    snprintf(smallest->failed, sizeof smallest->failed, "%s", run.ended.text);
  }
  if (!interrupted)
    keep(smallest, limit, &run);
  wx_validation_free(&run);
  return interrupted ? INTERRUPTED : 0;
}

int wx_smallest_find(const WxSmallestOrder *order, WxSmallest *smallest) {
  const WxFigure peak = order->first->confined.figures.peak_bytes;
  const uint64_t guess = wx_known(peak) && peak > 0 ? (uint64_t)peak : 64 * order->step;
  const uint64_t most = PEAKS * guess > order->step ? PEAKS * guess : order->step;
  *smallest = (WxSmallest){.sought = true, .step = order->step, .peak_bytes = peak};
  Search search = {order, smallest};
  const WxThresholdOrder threshold = {.step = order->step,
                                      .guess = guess,
                                      .most = most,
                                      .times = WX_SMALLEST_TIMES,
                                      .try = try_limit,
                                      .context = &search};
  const int result = wx_threshold_find(&threshold, &smallest->threshold);
  smallest->interrupted = result == INTERRUPTED;
  return smallest->interrupted ? 0 : result;
}

void wx_smallest_free(WxSmallest *smallest) {
  free(smallest->tries);
  *smallest = (WxSmallest){0};
}
