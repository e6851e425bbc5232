#include "stats/interval.h"

#include "stats/summary.h"

#include <errno.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

// Fills `medians` with the medians of WX_RESAMPLES samples drawn with replacement.
static void resample(const double values[], size_t count, gsl_rng *random, double *sample,
                     double medians[WX_RESAMPLES]) {
  for (size_t round = 0; round < WX_RESAMPLES; ++round) {
    for (size_t i = 0; i < count; ++i)
      sample[i] = values[gsl_rng_uniform_int(random, count)];
    medians[round] = gsl_stats_median(sample, 1, count);
  }
}

// gsl_rng_alloc() ends the program where memory runs out; a generator over our own memory does not.
static int bootstrap(const double values[], size_t count, uint64_t seed, WxInterval *interval) {
  gsl_rng random = {gsl_rng_mt19937, malloc(gsl_rng_mt19937->size)};
  double *sample = reallocarray(NULL, count, sizeof *sample);
  double *medians = reallocarray(NULL, WX_RESAMPLES, sizeof *medians);
  const int error = random.state && sample && medians ? 0 : -ENOMEM;
  if (!error) {
    gsl_rng_set(&random, (unsigned long)seed);
    memcpy(sample, values, count * sizeof *sample);
    const double median = gsl_stats_median(sample, 1, count);
    resample(values, count, &random, sample, medians);
    wx_sort(medians, WX_RESAMPLES);
    *interval = (WxInterval){median, wx_quantile(medians, WX_RESAMPLES, 0.025),
                             wx_quantile(medians, WX_RESAMPLES, 0.975), count};
  }
  free(medians);
  free(sample);
  free(random.state);
  return error;
}

int wx_interval_median(const double values[], size_t count, uint64_t seed, WxInterval *interval) {
  // The generator draws from at most 32 bits.
  if (count == 0 || count > UINT32_MAX)
    return -EINVAL;
  for (size_t i = 0; i < count; ++i) {
    if (!isfinite(values[i]))
      return -EINVAL;
  }
  return bootstrap(values, count, seed, interval);
}

int wx_interval_ratio(const double base[], const double values[], size_t count, uint64_t seed,
                      WxInterval *interval) {
  for (size_t i = 0; i < count; ++i) {
    if (!(base[i] > 0))
      return -EINVAL;
  }
  double *ratios = reallocarray(NULL, count ? count : 1, sizeof *ratios);
  if (!ratios)
    return -ENOMEM;
  for (size_t i = 0; i < count; ++i)
    ratios[i] = values[i] / base[i];
  const int error = wx_interval_median(ratios, count, seed, interval);
  free(ratios);
  return error;
}

double wx_interval_noise(const WxInterval *same_against_same) {
  return fmax(fabs(same_against_same->low - 1), fabs(same_against_same->high - 1));
}

WxDifference wx_interval_difference(const WxInterval *ratio, double noise, double threshold) {
  const double effect = fabs(ratio->median - 1);
  if (effect <= noise || effect <= threshold)
    return WX_NO_DIFFERENCE;
  if (ratio->high < 1)
    return WX_LOWER;
  return ratio->low > 1 ? WX_HIGHER : WX_NO_DIFFERENCE;
}
