#include "stats/summary.h"

#include <errno.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

double wx_quantile(const double sorted[], size_t count, double p) {
  if (count == 0 || !(p >= 0 && p <= 1))
    return NAN;
  return gsl_stats_quantile_from_sorted_data(sorted, 1, count, p);
}

void wx_sort(double values[], size_t count) {
  gsl_sort(values, 1, count);
}

int wx_summarise(const double values[], size_t count, WxSummary *summary) {
  if (count == 0)
    return -EINVAL;
  for (size_t i = 0; i < count; ++i) {
    if (!isfinite(values[i]))
      return -EINVAL;
  }
  double *sorted = reallocarray(NULL, count, 2 * sizeof *sorted);
  if (!sorted)
    return -ENOMEM;
  memcpy(sorted, values, count * sizeof *sorted);
  wx_sort(sorted, count);
  *summary = (WxSummary){.n = count,
                         .min = sorted[0],
                         .median = wx_quantile(sorted, count, 0.5),
                         .p95 = wx_quantile(sorted, count, 0.95),
                         .max = sorted[count - 1],
                         .mad = gsl_stats_mad0(sorted, 1, count, sorted + count)};
  free(sorted);
  return 0;
}
