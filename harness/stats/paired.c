#include "stats/paired.h"

#include <errno.h>
#include <stdlib.h>

enum { SEED = 1 };

static int compare_more(const double base[], const double values[], size_t rounds,
                        WxInterval *more_ms) {
  double *more = calloc(rounds + 1, sizeof *more);
  if (!more)
    return -ENOMEM;
  for (size_t round = 0; round < rounds; ++round)
    more[round] = (values[round] - base[round]) * 1e3;
  const int failed = wx_interval_median(more, rounds, SEED, more_ms);
  free(more);
  return failed;
}

int wx_paired_compare(const double base[], const double again[], const double values[],
                      size_t rounds, WxPaired *paired) {
  WxInterval same;
  int failed = wx_interval_ratio(base, again, rounds, SEED, &same);
  if (!failed)
    failed = wx_interval_ratio(base, values, rounds, SEED, &paired->ratio);
  if (!failed)
    failed = compare_more(base, values, rounds, &paired->more_ms);
  if (!failed)
    failed = wx_interval_median(values, rounds, SEED, &paired->median);
  if (!failed)
    paired->noise = wx_interval_noise(&same);
  return failed;
}
