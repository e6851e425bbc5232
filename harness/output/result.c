#include "output/result.h"

#include "output/json.h"

#include <errno.h>
#include <stdio.h>

const char *const wx_result_names[WX_NAMES_OF_RESULT] = {"scenario", "workload", "strategy",
                                                         "mode",     "model",    "runtime"};

// Appends a member; once something was lost, only releases the value.
typedef struct {
  json_t *object;
  bool lost;
} Builder;

static Builder build(void) {
  json_t *object = json_object();
  return (Builder){object, !object};
}

static void put(Builder *builder, const char *key, json_t *value) {
  if (wx_json_set(builder->object, key, value) < 0)
    builder->lost = true;
}

static json_t *built(Builder *builder) {
  if (!builder->lost)
    return builder->object;
  json_decref(builder->object);
  return NULL;
}

static void put_name(Builder *builder, const char *key, const char *name) {
  if (name)
    put(builder, key, wx_json_text(name));
}

static json_t *by_verb_json(const WxByVerb *calls) {
  Builder builder = build();
  put(&builder, "reserve", wx_json_figure(calls->reserve));
  put(&builder, "commit", wx_json_figure(calls->commit));
  put(&builder, "map_rw", wx_json_figure(calls->map_rw));
  put(&builder, "unmap_rw", wx_json_figure(calls->unmap_rw));
  put(&builder, "release", wx_json_figure(calls->release));
  put(&builder, "total", wx_json_figure(calls->total));
  return built(&builder);
}

static json_t *times_json(const WxOperationTime *times, size_t count) {
  Builder builder = build();
  for (size_t i = 0; i < count; ++i) {
    Builder time = build();
    put(&time, "median", wx_json_figure(times[i].median));
    put(&time, "ci_low", wx_json_figure(times[i].ci_low));
    put(&time, "ci_high", wx_json_figure(times[i].ci_high));
    put(&time, "n", wx_json_figure(times[i].n));
    put(&builder, times[i].operation, built(&time));
  }
  return built(&builder);
}

static json_t *metrics_json(const WxMetrics *metrics) {
  Builder builder = build();
  put(&builder, "live_peak_bytes", wx_json_figure(metrics->live_peak_bytes));
  put(&builder, "allocated_peak_bytes", wx_json_figure(metrics->allocated_peak_bytes));
  put(&builder, "retained_bytes", wx_json_figure(metrics->retained_bytes));
  put(&builder, "orphaned_bytes", wx_json_figure(metrics->orphaned_bytes));
  put(&builder, "mappings_peak", wx_json_figure(metrics->mappings_peak));
  put(&builder, "syscalls", by_verb_json(&metrics->syscalls));
  put(&builder, "list_nodes", by_verb_json(&metrics->list_nodes));
  put(&builder, "minor_faults", wx_json_figure(metrics->minor_faults));
  put(&builder, "wall_ns", wx_json_figure(metrics->wall_ns));
  put(&builder, "time_ns", times_json(metrics->times, metrics->time_count));
  put(&builder, "wx_pages_seen", wx_json_figure(metrics->wx_pages_seen));
  put(&builder, "failures", wx_json_figure(metrics->failures));
  return built(&builder);
}

static json_t *sample_json(const WxSample *sample) {
  Builder builder = build();
  put(&builder, "round", wx_json_figure(sample->round));
  put(&builder, "step", wx_json_text(sample->step));
  put(&builder, "t_ns", wx_json_figure(sample->t_ns));
  put(&builder, "live_bytes", wx_json_figure(sample->live_bytes));
  put(&builder, "reserved_bytes", wx_json_figure(sample->reserved_bytes));
  put(&builder, "allocated_bytes", wx_json_figure(sample->allocated_bytes));
  put(&builder, "mapped_bytes", wx_json_figure(sample->mapped_bytes));
  put(&builder, "orphaned_bytes", wx_json_figure(sample->orphaned_bytes));
  put(&builder, "rss_bytes", wx_json_figure(sample->rss_bytes));
  put(&builder, "rss_shmem_bytes", wx_json_figure(sample->rss_shmem_bytes));
  put(&builder, "pss_bytes", wx_json_figure(sample->pss_bytes));
  put(&builder, "cgroup_shmem_bytes", wx_json_figure(sample->cgroup_shmem_bytes));
  put(&builder, "mappings", wx_json_figure(sample->mappings));
  put(&builder, "doublemapper_mappings", wx_json_figure(sample->doublemapper_mappings));
  return built(&builder);
}

static json_t *expectation_json(const WxExpectationResult *expectation) {
  Builder builder = build();
  put(&builder, "name", wx_json_text(expectation->name));
  put(&builder, "ok", expectation->reason ? json_null() : json_boolean(expectation->ok));
  put(&builder, "expected", wx_json_text(expectation->expected));
  put(&builder, "actual", wx_json_text(expectation->actual));
  if (expectation->reason)
    put(&builder, "reason", wx_json_text(expectation->reason));
  return built(&builder);
}

static json_t *samples_json(const WxResult *result) {
  json_t *samples = json_array();
  for (size_t i = 0; samples && i < result->sample_count; ++i) {
    if (json_array_append_new(samples, sample_json(&result->samples[i])) != 0) {
      json_decref(samples);
      samples = NULL;
    }
  }
  return samples;
}

static json_t *expectations_json(const WxResult *result) {
  json_t *expectations = json_array();
  for (size_t i = 0; expectations && i < result->expectation_count; ++i) {
    if (json_array_append_new(expectations, expectation_json(&result->expectations[i])) != 0) {
      json_decref(expectations);
      expectations = NULL;
    }
  }
  return expectations;
}

json_t *wx_ended_json(const WxEnded *ended) {
  Builder builder = build();
  put(&builder, "how", wx_json_text(wx_ended_name(ended->how)));
  put(&builder, "status", ended->how == WX_ENDED_EXIT ? json_integer(ended->status) : json_null());
  put(&builder, "signal",
      ended->how == WX_ENDED_SIGNAL ? json_integer(ended->signal) : json_null());
  put(&builder, "last_line", wx_json_text(*ended->last_line ? ended->last_line : NULL));
  put(&builder, "text", wx_json_text(ended->text));
  return built(&builder);
}

json_t *wx_result_json(const WxResult *result) {
  Builder builder = build();
  put_name(&builder, "scenario", result->scenario);
  put_name(&builder, "workload", result->workload);
  put_name(&builder, "strategy", result->strategy);
  put_name(&builder, "mode", result->mode);
  put_name(&builder, "model", result->model);
  put_name(&builder, "runtime", result->runtime);
  if (result->skipped) {
    put(&builder, "skipped", wx_json_text(result->skipped));
    return built(&builder);
  }
  if (result->ended)
    put(&builder, "ended", wx_ended_json(result->ended));
  put(&builder, "metrics", result->ended ? json_null() : metrics_json(&result->metrics));
  put(&builder, "samples", samples_json(result));
  put(&builder, "expectations", expectations_json(result));
  if (result->verdict_code && !result->ended) {
    Builder verdict = build();
    put(&verdict, "code", wx_json_text(result->verdict_code));
    put(&verdict, "text", wx_json_text(result->verdict_text));
    put(&builder, "verdict", built(&verdict));
  }
  return built(&builder);
}
