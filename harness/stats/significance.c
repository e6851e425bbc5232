#include "stats/significance.h"

#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_heapsort.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

double wx_sign_test(const double a[], const double b[], size_t count) {
  unsigned below = 0, above = 0;
  for (size_t i = 0; i < count; ++i) {
    below += a[i] < b[i];
    above += a[i] > b[i];
  }
  if (below + above == 0)
    return 1;
  const unsigned fewer = below < above ? below : above;
  return fmin(1, 2 * gsl_cdf_binomial_P(fewer, 0.5, below + above));
}

// A value and which side it belongs to.
typedef struct {
  double value;
  bool of_a;
} Ranked;

static int by_value(const void *one, const void *other) {
  const double a = ((const Ranked *)one)->value, b = ((const Ranked *)other)->value;
  return (a > b) - (a < b);
}

// The sum of the ranks of side a, equal values sharing their mean rank; `*ties` is the sum of t^3 -
// t over groups of t equal values.
static double rank_sum(const Ranked *sorted, size_t count, double *ties) {
  double sum = 0;
  *ties = 0;
  for (size_t first = 0, end; first < count; first = end) {
    size_t of_a = 0;
    for (end = first; end < count && !(sorted[end].value > sorted[first].value); ++end)
      of_a += sorted[end].of_a;
    const double group = (double)(end - first);
    sum += (double)of_a * ((double)first + (group + 1) / 2);
    *ties += group * group * group - group;
  }
  return sum;
}

// Appends one side to the list. Returns false where a value is not finite.
static bool merge(Ranked *merged, const double values[], size_t count, bool of_a) {
  for (size_t i = 0; i < count; ++i) {
    if (!isfinite(values[i]))
      return false;
    merged[i] = (Ranked){values[i], of_a};
  }
  return true;
}

int wx_mann_whitney(const double a[], size_t a_count, const double b[], size_t b_count, double *p) {
  const size_t count = a_count + b_count;
  if (a_count == 0 || b_count == 0)
    return -EINVAL;
  Ranked *ranked = reallocarray(NULL, count, sizeof *ranked);
  if (!ranked)
    return -ENOMEM;
  if (!merge(ranked, a, a_count, true) || !merge(ranked + a_count, b, b_count, false)) {
    free(ranked);
    return -EINVAL;
  }
  qsort(ranked, count, sizeof *ranked, by_value);
  double ties;
  const double m = (double)a_count, n = (double)b_count, all = m + n;
  const double u = rank_sum(ranked, count, &ties) - m * (m + 1) / 2;
  free(ranked);
  const double variance = m * n / 12 * (all + 1 - ties / (all * (all - 1)));
  const double distance = fmax(0, fabs(u - m * n / 2) - 0.5);
  *p = variance > 0 ? fmin(1, 2 * gsl_cdf_ugaussian_Q(distance / sqrt(variance))) : 1;
  return 0;
}

static int by_p(const void *one, const void *other) {
  const double a = *(const double *)one, b = *(const double *)other;
  return (a > b) - (a < b);
}

int wx_holm(double p[], size_t count) {
  if (count == 0)
    return 0;
  size_t *order = reallocarray(NULL, count, sizeof *order);
  if (!order)
    return -ENOMEM;
  gsl_heapsort_index(order, p, count, sizeof *p, by_p);
  double largest = 0;
  for (size_t i = 0; i < count; ++i) {
    largest = fmax(largest, fmin(1, (double)(count - i) * p[order[i]]));
    p[order[i]] = largest;
  }
  free(order);
  return 0;
}
