/**
   @file sampling.h
   The samples of one observed program, and the metrics that follow from them; the same for a
   simulator's child and for a real runtime.
*/
#ifndef WX_MEASURE_SAMPLING_H
#define WX_MEASURE_SAMPLING_H

#include "measure/observe.h"
#include "measure/snapshot.h"
#include "stats/result.h"

/// Start with {.file = link of the file}, end with wx_sampling_free().
typedef struct {
  const char *file; ///< The link of the file that is looked for.
  WxObserver *observer;
  uint64_t begun_ns; ///< Of the first sample.
  WxSample *samples;
  size_t count;
  size_t capacity;
} WxSampling;

/// Takes a sample of `pid` at `step`. Returns 0 or a negative errno.
int wx_sampling_take(WxSampling *sampling, pid_t pid, const WxStep *step);

/// The sample taken last, NULL before the first.
WxSample *wx_sampling_last(WxSampling *sampling);

/// Fills the figures of `metrics` that follow from samples: peaks over the steps, and orphaned
/// bytes at the end.
void wx_sampling_metrics(const WxSampling *sampling, WxMetrics *metrics);

void wx_sampling_free(WxSampling *sampling);

#endif
