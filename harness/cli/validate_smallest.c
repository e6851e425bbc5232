#include "cli/validate_smallest.h"

#include "output/json.h"
#include "output/result.h"
#include "stats/units.h"

#include <stdio.h>
#include <string.h>

enum { TIMES = 3, SLOWER = 10, PEAKS = 4, INTERRUPTED = -1 };

/// However short it is without a limit, so long it may take with one.
static const uint64_t patience_ns = UINT64_C(20) * 1000 * 1000 * 1000;

typedef struct {
  WxValidateSession *session;
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

static json_t *try_json(uint64_t limit, const WxValidation *run) {
  const WxCgroupFigures *figures = &run->confined.figures;
  WxJsonBuilder builder = wx_json_object();
  wx_json_put(&builder, "limit_bytes", json_integer((json_int_t)limit));
  wx_json_put(&builder, "ended",
              run->result.ended ? wx_ended_json(run->result.ended) : json_null());
  wx_json_put(&builder, "peak_bytes", wx_json_figure(figures->peak_bytes));
  wx_json_put(&builder, "oom_kills", wx_json_figure(figures->oom_kills));
  wx_json_put(&builder, "lived_ns", json_integer((json_int_t)run->confined.lived_ns));
  return wx_json_built(&builder);
}

static bool is_as_before(const WxValidation *first, const WxValidation *run) {
  return first->output.length == run->output.length &&
         (run->output.length == 0 ||
          memcmp(first->output.data, run->output.data, run->output.length) == 0);
}

static int run_within(const Search *search, uint64_t limit, WxValidation *run) {
  const WxSmallestOrder *order = search->order;
  char text[WX_UNITS_TEXT];
  wx_progress_show(&search->session->progress, "%s, %s: within %s", order->again->subject,
                   search->session->modes[order->mode]->name,
                   wx_units_format_bytes(text, (WxFigure)limit));
  return order->again->run(order->again->context, order->mode, limit, time_limit(order), run);
}

static int try_limit(void *context, uint64_t limit, bool *holds) {
  const Search *search = context;
  WxSmallest *smallest = search->smallest;
  WxValidation run = {0};
  const int status = run_within(search, limit, &run);
  if (status) {
    wx_validation_free(&run);
    return status;
  }
  const bool interrupted = run.result.skipped != NULL;
  *holds = wx_result_ran(&run.result);
  if (*holds && search->order->compared && !is_as_before(search->order->first, &run)) {
    *holds = false;
    snprintf(smallest->failed, sizeof smallest->failed, "printed something else");
  } else if (run.result.ended) {
    snprintf(smallest->failed, sizeof smallest->failed, "%s", run.ended.text);
  }
  if (!interrupted && json_array_append_new(smallest->tries, try_json(limit, &run))) {
    json_decref(smallest->tries);
    smallest->tries = NULL;
  }
  wx_validation_free(&run);
  return interrupted ? INTERRUPTED : 0;
}

int wx_smallest_find(WxValidateSession *session, const WxSmallestOrder *order,
                     WxSmallest *smallest) {
  const WxFigure peak = order->first->confined.figures.peak_bytes;
  const uint64_t guess = wx_known(peak) && peak > 0 ? (uint64_t)peak : 64 * order->step;
  const uint64_t most = PEAKS * guess > order->step ? PEAKS * guess : order->step;
  *smallest =
      (WxSmallest){.sought = true, .step = order->step, .peak_bytes = peak, .tries = json_array()};
  Search search = {session, order, smallest};
  const WxThresholdOrder threshold = {.step = order->step,
                                      .guess = guess,
                                      .most = most,
                                      .times = TIMES,
                                      .try = try_limit,
                                      .context = &search};
  const int result = wx_threshold_find(&threshold, &smallest->threshold);
  smallest->interrupted = result == INTERRUPTED;
  return smallest->interrupted ? 0 : result;
}

json_t *wx_smallest_json(const WxSmallest *smallest) {
  const WxThreshold *threshold = &smallest->threshold;
  WxJsonBuilder builder = wx_json_object();
  wx_json_put(&builder, "step_bytes", json_integer((json_int_t)smallest->step));
  wx_json_put(&builder, "times", json_integer(TIMES));
  wx_json_put(&builder, "unlimited_peak_bytes", wx_json_figure(smallest->peak_bytes));
  wx_json_put(&builder, "survives_bytes",
              threshold->found ? json_integer((json_int_t)threshold->holds) : json_null());
  wx_json_put(&builder, "fails_bytes",
              threshold->fails ? json_integer((json_int_t)threshold->fails) : json_null());
  wx_json_put(&builder, "fails_by", wx_json_text(*smallest->failed ? smallest->failed : NULL));
  wx_json_put(&builder, "interrupted", json_boolean(smallest->interrupted));
  wx_json_put(&builder, "tries", smallest->tries ? json_incref(smallest->tries) : NULL);
  return wx_json_built(&builder);
}

void wx_smallest_free(WxSmallest *smallest) {
  json_decref(smallest->tries);
  smallest->tries = NULL;
}
