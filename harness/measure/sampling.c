#include "measure/sampling.h"

#include "os/grow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// The names of steps that samples may borrow: literals outlive everything.
static const char *step_name(const char *name) {
  static const char *const names[] = {"start",     "generated", "dropped",
                                      "collected", "sample",    "end"};
  for (size_t i = 0; i < sizeof names / sizeof *names; ++i)
    if (strcmp(names[i], name) == 0)
      return names[i];
  return NULL;
}

static void fill(WxSample *sample, const WxSnapshot *snapshot, const WxStep *step) {
#define SNAPSHOT(MEMBER) sample->MEMBER = snapshot->MEMBER;
#define OWN(MEMBER)
#define FILL(MEMBER, SOURCE, ...) SOURCE(MEMBER)
  WX_SAMPLE_FIGURES(FILL)
#undef FILL
#undef OWN
#undef SNAPSHOT
  sample->live_bytes = wx_known(step->live_bytes) ? step->live_bytes : snapshot->mapped_bytes;
}

static int open_observer(WxSampling *sampling, pid_t pid) {
  const WxObserverOptions options = {
      .pid = pid, .name = sampling->file, .scope = WX_MAPPERS_FAMILY, .keeps = sampling->keeps};
  return wx_observer_open(&sampling->observer, &options);
}

int wx_sampling_take(WxSampling *sampling, pid_t pid, const WxStep *step) {
  const char *name = step_name(step->name);
  if (!name)
    return -EPROTO;
  if (!sampling->observer) {
    const int result = open_observer(sampling, pid);
    if (result)
      return result;
  }
  WxSample *grown =
      wx_grown(sampling->samples, &sampling->capacity, sampling->count, sizeof *grown);
  if (!grown)
    return -ENOMEM;
  sampling->samples = grown;
  WxSnapshot snapshot;
  const int result = wx_observer_take(sampling->observer, &snapshot);
  if (result)
    return result;
  if (sampling->count == 0)
    sampling->begun_ns = snapshot.t_ns;
  WxSample *sample = &sampling->samples[sampling->count++];
  *sample = wx_sample_unknown((WxFigure)step->round, name);
  sample->t_ns = (WxFigure)(snapshot.t_ns - sampling->begun_ns);
  fill(sample, &snapshot, step);
  if (!sampling->unknown)
    sampling->unknown = snapshot.unknown;
  return 0;
}

WxSample *wx_sampling_last(WxSampling *sampling) {
  return sampling->count ? &sampling->samples[sampling->count - 1] : NULL;
}

WxFigure wx_sampling_peak(const WxSampling *sampling, size_t offset, bool with_end) {
  WxFigure peak = WX_UNKNOWN;
  for (size_t i = 0; i < sampling->count; ++i) {
    const WxSample *sample = &sampling->samples[i];
    if (!with_end && strcmp(sample->step, "end") == 0)
      break;
    const WxFigure figure = wx_figure_of(sample, offset);
    if (!wx_known(figure))
      return WX_UNKNOWN;
    peak = wx_figure_max(peak, figure);
  }
  return peak;
}

void wx_sampling_metrics(const WxSampling *sampling, WxMetrics *metrics) {
  const WxSample *last = sampling->count ? &sampling->samples[sampling->count - 1] : NULL;
  for (size_t i = 0; i < wx_metric_figures.count; ++i) {
    const WxFigureRow *row = &wx_metric_figures.rows[i];
    WxFigure *figure = wx_figure_at(metrics, row->offset);
    if (row->from.how == WX_FROM_PEAK)
      *figure = wx_sampling_peak(sampling, row->from.offset, true);
    else if (row->from.how == WX_FROM_LAST && last)
      *figure = wx_figure_of(last, row->from.offset);
  }
}

void wx_sampling_ended(const WxSampling *sampling, const WxEnded *ended, WxResult *result) {
  if (ended->error == -EINTR) {
    result->skipped = wx_interrupted;
    return;
  }
  result->ended = ended;
  result->samples = sampling->samples;
  result->sample_count = sampling->count;
}

void wx_sampling_close(WxSampling *sampling) {
  wx_observer_close(sampling->observer);
  sampling->observer = NULL;
}

void wx_sampling_free(WxSampling *sampling) {
  wx_sampling_close(sampling);
  free(sampling->samples);
  *sampling = (WxSampling){0};
}
