#include "output/result.h"

#include "output/json.h"

#include <errno.h>
#include <stdio.h>

const char *const wx_result_names[WX_NAMES_OF_RESULT] = {"scenario", "workload", "strategy",
                                                         "mode",     "model",    "runtime"};

static void put_name(WxJsonBuilder *builder, const char *key, const char *name) {
  if (name)
    wx_json_put(builder, key, wx_json_text(name));
}

static json_t *by_verb_json(const WxByVerb *calls) {
  WxJsonBuilder builder = wx_json_object();
  wx_json_put(&builder, "reserve", wx_json_figure(calls->reserve));
  wx_json_put(&builder, "commit", wx_json_figure(calls->commit));
  wx_json_put(&builder, "map_rw", wx_json_figure(calls->map_rw));
  wx_json_put(&builder, "unmap_rw", wx_json_figure(calls->unmap_rw));
  wx_json_put(&builder, "release", wx_json_figure(calls->release));
  wx_json_put(&builder, "total", wx_json_figure(calls->total));
  return wx_json_built(&builder);
}

static json_t *times_json(const WxOperationTime *times, size_t count) {
  WxJsonBuilder builder = wx_json_object();
  for (size_t i = 0; i < count; ++i) {
    WxJsonBuilder time = wx_json_object();
    wx_json_put(&time, "median", wx_json_figure(times[i].median));
    wx_json_put(&time, "ci_low", wx_json_figure(times[i].ci_low));
    wx_json_put(&time, "ci_high", wx_json_figure(times[i].ci_high));
    wx_json_put(&time, "n", wx_json_figure(times[i].n));
    wx_json_put(&builder, times[i].operation, wx_json_built(&time));
  }
  return wx_json_built(&builder);
}

static json_t *metrics_json(const WxMetrics *metrics) {
  WxJsonBuilder builder = wx_json_object();
  wx_json_put(&builder, "live_peak_bytes", wx_json_figure(metrics->live_peak_bytes));
  wx_json_put(&builder, "allocated_peak_bytes", wx_json_figure(metrics->allocated_peak_bytes));
  wx_json_put(&builder, "retained_bytes", wx_json_figure(metrics->retained_bytes));
  wx_json_put(&builder, "orphaned_bytes", wx_json_figure(metrics->orphaned_bytes));
  wx_json_put(&builder, "mappings_peak", wx_json_figure(metrics->mappings_peak));
  wx_json_put(&builder, "syscalls", by_verb_json(&metrics->syscalls));
  wx_json_put(&builder, "list_nodes", by_verb_json(&metrics->list_nodes));
  wx_json_put(&builder, "minor_faults", wx_json_figure(metrics->minor_faults));
  wx_json_put(&builder, "wall_ns", wx_json_figure(metrics->wall_ns));
  wx_json_put(&builder, "time_ns", times_json(metrics->times, metrics->time_count));
  wx_json_put(&builder, "wx_pages_seen", wx_json_figure(metrics->wx_pages_seen));
  wx_json_put(&builder, "failures", wx_json_figure(metrics->failures));
  return wx_json_built(&builder);
}

static json_t *sample_json(const WxSample *sample) {
  WxJsonBuilder builder = wx_json_object();
  wx_json_put(&builder, "round", wx_json_figure(sample->round));
  wx_json_put(&builder, "step", wx_json_text(sample->step));
  wx_json_put(&builder, "t_ns", wx_json_figure(sample->t_ns));
  wx_json_put(&builder, "live_bytes", wx_json_figure(sample->live_bytes));
  wx_json_put(&builder, "reserved_bytes", wx_json_figure(sample->reserved_bytes));
  wx_json_put(&builder, "allocated_bytes", wx_json_figure(sample->allocated_bytes));
  wx_json_put(&builder, "mapped_bytes", wx_json_figure(sample->mapped_bytes));
  wx_json_put(&builder, "orphaned_bytes", wx_json_figure(sample->orphaned_bytes));
  wx_json_put(&builder, "rss_bytes", wx_json_figure(sample->rss_bytes));
  wx_json_put(&builder, "rss_shmem_bytes", wx_json_figure(sample->rss_shmem_bytes));
  wx_json_put(&builder, "pss_bytes", wx_json_figure(sample->pss_bytes));
  wx_json_put(&builder, "cgroup_shmem_bytes", wx_json_figure(sample->cgroup_shmem_bytes));
  wx_json_put(&builder, "mappings", wx_json_figure(sample->mappings));
  wx_json_put(&builder, "doublemapper_mappings", wx_json_figure(sample->doublemapper_mappings));
  return wx_json_built(&builder);
}

static json_t *expectation_json(const WxExpectationResult *expectation) {
  WxJsonBuilder builder = wx_json_object();
  wx_json_put(&builder, "name", wx_json_text(expectation->name));
  wx_json_put(&builder, "ok", expectation->reason ? json_null() : json_boolean(expectation->ok));
  wx_json_put(&builder, "expected", wx_json_text(expectation->expected));
  wx_json_put(&builder, "actual", wx_json_text(expectation->actual));
  if (expectation->reason)
    wx_json_put(&builder, "reason", wx_json_text(expectation->reason));
  return wx_json_built(&builder);
}

static json_t *samples_json(const WxResult *result) {
  WxJsonBuilder samples = wx_json_list();
  for (size_t i = 0; i < result->sample_count; ++i)
    wx_json_append(&samples, sample_json(&result->samples[i]));
  return wx_json_built(&samples);
}

static json_t *expectations_json(const WxResult *result) {
  WxJsonBuilder expectations = wx_json_list();
  for (size_t i = 0; i < result->expectation_count; ++i)
    wx_json_append(&expectations, expectation_json(&result->expectations[i]));
  return wx_json_built(&expectations);
}

json_t *wx_ended_json(const WxEnded *ended) {
  WxJsonBuilder builder = wx_json_object();
  wx_json_put(&builder, "how", wx_json_text(wx_ended_name(ended->how)));
  wx_json_put(&builder, "status",
              ended->how == WX_ENDED_EXIT ? json_integer(ended->status) : json_null());
  wx_json_put(&builder, "signal",
              ended->how == WX_ENDED_SIGNAL ? json_integer(ended->signal) : json_null());
  wx_json_put(&builder, "last_line", wx_json_text(*ended->last_line ? ended->last_line : NULL));
  wx_json_put(&builder, "text", wx_json_text(ended->text));
  return wx_json_built(&builder);
}

json_t *wx_result_json(const WxResult *result) {
  WxJsonBuilder builder = wx_json_object();
  put_name(&builder, "scenario", result->scenario);
  put_name(&builder, "workload", result->workload);
  put_name(&builder, "strategy", result->strategy);
  put_name(&builder, "mode", result->mode);
  put_name(&builder, "model", result->model);
  put_name(&builder, "runtime", result->runtime);
  if (result->skipped) {
    wx_json_put(&builder, "skipped", wx_json_text(result->skipped));
    return wx_json_built(&builder);
  }
  if (result->ended)
    wx_json_put(&builder, "ended", wx_ended_json(result->ended));
  wx_json_put(&builder, "metrics", result->ended ? json_null() : metrics_json(&result->metrics));
  wx_json_put(&builder, "samples", samples_json(result));
  wx_json_put(&builder, "expectations", expectations_json(result));
  if (result->verdict_code && !result->ended) {
    WxJsonBuilder verdict = wx_json_object();
    wx_json_put(&verdict, "code", wx_json_text(result->verdict_code));
    wx_json_put(&verdict, "text", wx_json_text(result->verdict_text));
    wx_json_put(&builder, "verdict", wx_json_built(&verdict));
  }
  return wx_json_built(&builder);
}
