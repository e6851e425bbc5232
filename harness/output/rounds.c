#include "output/rounds.h"

#include "output/json.h"

#include <errno.h>
#include <stdlib.h>

// Fills the durations of consecutive rounds; there are at most as many as samples. Returns how
// many, 0 where any is unknown.
static size_t durations(const json_t *samples, double *duration) {
  size_t rounds = 0;
  WxFigure round = WX_UNKNOWN, began = WX_UNKNOWN;
  for (size_t i = 0; i < json_array_size(samples); ++i) {
    const json_t *sample = json_array_get(samples, i);
    const WxFigure now = wx_json_get_figure(sample, "t_ns");
    const WxFigure of = wx_json_get_figure(sample, "round");
    if (!wx_known(now) || !wx_known(of))
      return 0;
    if (rounds == 0 || of != round) {
      round = of;
      began = now;
      ++rounds;
    }
    duration[rounds - 1] = (double)now - (double)began;
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
