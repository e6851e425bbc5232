#include "output/rounds.h"

#include "output/json.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool is_end(const json_t *sample) {
  const char *step = wx_json_get_text(sample, "step");
  return step && strcmp(step, "end") == 0;
}

// Fills the durations of consecutive rounds, each from the last sample of the round before to its
// own last one; `end` follows the last round and belongs to none. Returns how many, 0 where a time
// is unknown.
static size_t durations(const json_t *samples, double *duration) {
  size_t rounds = 0;
  WxFigure round = WX_UNKNOWN, before = WX_UNKNOWN, last = WX_UNKNOWN;
  for (size_t i = 0; i < json_array_size(samples); ++i) {
    const json_t *sample = json_array_get(samples, i);
    const WxFigure now = wx_json_get_figure(sample, "t_ns");
    const WxFigure of = wx_json_get_figure(sample, "round");
    if (is_end(sample))
      continue;
    if (!wx_known(now) || !wx_known(of))
      return 0;
    if (of != round) {
      rounds += wx_known(last);
      before = last;
      round = of;
    }
    last = now;
    if (rounds > 0)
      duration[rounds - 1] = (double)last - (double)before;
  }
  return rounds;
}

int wx_rounds_ratio(const json_t *base, const json_t *now, WxInterval *ratio) {
  const size_t before = json_array_size(base), after = json_array_size(now);
  double *durations_of = calloc(before + after + 1, sizeof *durations_of);
  if (!durations_of)
    return -ENOMEM;
  const size_t rounds = durations(base, durations_of);
  int error = -ENODATA;
  if (rounds >= 2 && durations(now, durations_of + before) == rounds)
    error = wx_interval_ratio(durations_of, durations_of + before, rounds, 1, ratio);
  free(durations_of);
  return error == -EINVAL ? -ENODATA : error;
}
