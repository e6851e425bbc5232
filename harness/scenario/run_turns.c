#include "scenario/run_turns.h"

#include "stats/turns.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { BASE, AGAIN };

const char *wx_turns_metric_name(WxTurnsMetric metric) {
  static const char *const names[WX_TURNS_METRICS] = {
      [WX_WALL] = "wall", [WX_PROCESSOR] = "processor", [WX_USER] = "user", [WX_SYSTEM] = "system"};
  return names[metric];
}

bool wx_turns_go_on(const WxTurns *turns) {
  return !turns->interrupted && !turns->variants[BASE].left && !turns->variants[AGAIN].left &&
         turns->rounds < WX_TURNS_ROUNDS;
}

int wx_turns_begin(WxTurns *turns) {
  for (size_t i = 0; i < turns->count; ++i) {
    WxTurnsVariant *variant = &turns->variants[i];
    variant->runs = calloc(WX_TURNS_ROUNDS, sizeof *variant->runs);
    if (!variant->runs)
      return -ENOMEM;
  }
  return 0;
}

static void take(WxTurns *turns, WxTurnsVariant *variant, size_t place, const WxValidation *run) {
  if (run->result.skipped)
    turns->interrupted = true;
  if (run->result.ended) {
    variant->left = true;
    variant->ended = run->ended;
  }
  variant->runs[turns->rounds] =
      (WxTurnsRun){.place = place,
                   .seconds = {[WX_WALL] = (double)run->result.metrics.wall_ns / 1e9,
                               [WX_PROCESSOR] = (double)(run->user_ns + run->system_ns) / 1e9,
                               [WX_USER] = (double)run->user_ns / 1e9,
                               [WX_SYSTEM] = (double)run->system_ns / 1e9},
                   .minor_faults = run->result.metrics.minor_faults};
}

int wx_turns_round(WxTurns *turns) {
  for (size_t place = 0; place < turns->count && wx_turns_go_on(turns); ++place) {
    const size_t index = wx_turn(turns->count, turns->rounds, place);
    WxTurnsVariant *variant = &turns->variants[index];
    if (variant->left)
      continue;
    WxValidation run = {0};
    const int status = turns->start(turns->context, index, &run);
    if (status)
      return status;
    take(turns, variant, place, &run);
    wx_validation_free(&run);
  }
  turns->rounds += wx_turns_go_on(turns);
  return 0;
}

static void copy_seconds(const WxTurns *turns, size_t variant, WxTurnsMetric metric,
                         double seconds[]) {
  for (size_t round = 0; round < turns->rounds; ++round)
    seconds[round] = turns->variants[variant].runs[round].seconds[metric];
}

int wx_turns_compare(const WxTurns *turns, size_t variant, WxTurnsMetric metric, WxPaired *paired) {
  const bool left = turns->variants[BASE].left || turns->variants[variant].left;
  if (left || turns->rounds == 0)
    return -ENODATA;
  double *seconds = calloc(3 * turns->rounds, sizeof *seconds);
  if (!seconds)
    return -ENOMEM;
  double *base = seconds, *again = base + turns->rounds, *own = again + turns->rounds;
  copy_seconds(turns, BASE, metric, base);
  copy_seconds(turns, AGAIN, metric, again);
  copy_seconds(turns, variant, metric, own);
  const int failed = wx_paired_compare(base, again, own, turns->rounds, paired);
  free(seconds);
  return failed == -EINVAL ? -ENODATA : failed;
}

void wx_turns_free(WxTurns *turns) {
  for (size_t i = 0; i < turns->count; ++i) {
    free(turns->variants[i].runs);
    turns->variants[i].runs = NULL;
  }
}

/* The modes of one workload
 * -------------------------------------------------------------------------------------------------
 */

// The mode that the others are compared with: `on`, else the first that ran; `count` where none
// did.
static size_t choose_base(const WxResult results[], size_t count) {
  size_t base = count;
  for (size_t i = count; i-- > 0;)
    if (wx_result_ran(&results[i]) && (base == count || strcmp(results[base].mode, "on") != 0 ||
                                       strcmp(results[i].mode, "on") == 0))
      base = i;
  return base;
}

static void add_variant(WxRepeat *repeat, const WxResult results[], size_t mode) {
  repeat->modes[repeat->turns.count] = mode;
  repeat->turns.variants[repeat->turns.count++].name = results[mode].mode;
}

void wx_repeat_choose(WxRepeat *repeat, const WxResult results[], size_t count) {
  const size_t base = choose_base(results, count);
  if (base == count)
    return;
  add_variant(repeat, results, base);
  add_variant(repeat, results, base);
  for (size_t i = 0; i < count; ++i)
    if (i != base && wx_result_ran(&results[i]))
      add_variant(repeat, results, i);
}

size_t wx_repeat_variant(const WxRepeat *repeat, size_t mode) {
  for (size_t i = repeat->turns.count; i-- > 0;)
    if (repeat->modes[i] == mode)
      return i;
  return WX_REPEAT_NONE;
}

void wx_repeat_free(WxRepeat *repeat) {
  wx_turns_free(&repeat->turns);
}
