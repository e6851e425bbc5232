#include "stats/summary.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>

double wx_quantile(const double sorted[], size_t count, double p) {
  if (count == 0 || !(p >= 0 && p <= 1))
    return NAN;
  return gsl_stats_quantile_from_sorted_data(sorted, 1, count, p);
}

void wx_sort(double values[], size_t count) {
  gsl_sort(values, 1, count);
}
