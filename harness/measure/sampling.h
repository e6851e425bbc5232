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
  const char *file;    ///< The link of the file that is looked for.
  bool keeps;          ///< The program closes files that it goes on mapping (snapshot.c).
  const char *unknown; ///< Why figures of the file are unknown in some sample; NULL: all known.
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

/// The largest of a figure over the samples up to the first `end`, which is left out where
/// `with_end` is false; unknown where one of them is: a larger one may have been missed.
WxFigure wx_sampling_peak(const WxSampling *sampling, size_t offset, bool with_end);

/// Fills the figures of `metrics` that follow from samples, as their rows say (figures.h): peaks
/// over the steps, and what was at the last one.
void wx_sampling_metrics(const WxSampling *sampling, WxMetrics *metrics);

/// Puts it into `result` that the program ended before its end: as `ended` says, with the samples
/// taken until then; or that it was interrupted, with nothing. Both must outlive the result.
void wx_sampling_ended(const WxSampling *sampling, const WxEnded *ended, WxResult *result);

/// Looks at the program no more, and holds nothing of it. The samples stay.
void wx_sampling_close(WxSampling *sampling);

void wx_sampling_free(WxSampling *sampling);

#endif
