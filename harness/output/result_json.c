#include "output/result_json.h"

#include "output/json.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

const char *const wx_result_names[WX_NAMES_OF_RESULT] = {"scenario", "workload", "strategy", "mode",
                                                         "model",    "runtime",  "peer"};

static void put_name(WxJsonBuilder *builder, const char *key, const char *name) {
  if (name)
    wx_json_put(builder, key, wx_json_text(name));
}

/* Figures by name: written and read back
 * -------------------------------------------------------------------------------------------------
 */

static json_t *times_json(const WxOperationTimes *times) {
  WxJsonBuilder builder = wx_json_object();
  for (size_t i = 0; i < times->count; ++i) {
    const WxOperationTime *measured = &times->of[i];
    WxJsonBuilder time = wx_json_object();
    wx_json_put(&time, "median", wx_json_figure(measured->median));
    wx_json_put(&time, "ci_low", wx_json_figure(measured->ci_low));
    wx_json_put(&time, "ci_high", wx_json_figure(measured->ci_high));
    wx_json_put(&time, "n", wx_json_figure(measured->n));
    wx_json_put(&builder, measured->operation, wx_json_built(&time));
  }
  return wx_json_built(&builder);
}

static json_t *figures_json(const void *base, const WxFigureTable *table);

static json_t *figure_json(const void *at, WxFigureType type) {
  switch (type) {
  case WX_TYPE_BY_VERB:
    return figures_json(at, &wx_by_verb);
  case WX_TYPE_TIMES:
    return times_json(at);
  case WX_TYPE_FIGURE:
    break;
  }
  return wx_json_figure(*(const WxFigure *)at);
}

static void put_figures(WxJsonBuilder *builder, const void *base, const WxFigureTable *table) {
  for (size_t i = 0; i < table->count; ++i) {
    const WxFigureRow *row = &table->rows[i];
    wx_json_put(builder, row->key, figure_json((const char *)base + row->offset, row->type));
  }
}

static json_t *figures_json(const void *base, const WxFigureTable *table) {
  WxJsonBuilder builder = wx_json_object();
  put_figures(&builder, base, table);
  return wx_json_built(&builder);
}

static void get_figures(const json_t *object, void *base, const WxFigureTable *table) {
  for (size_t i = 0; i < table->count; ++i) {
    const WxFigureRow *row = &table->rows[i];
    void *at = (char *)base + row->offset;
    if (row->type == WX_TYPE_FIGURE)
      *(WxFigure *)at = wx_json_get_figure(object, row->key);
    else if (row->type == WX_TYPE_BY_VERB)
      get_figures(json_object_get(object, row->key), at, &wx_by_verb);
  }
}

static json_t *sample_json(const WxSample *sample) {
  WxJsonBuilder builder = wx_json_object();
  wx_json_put(&builder, "round", wx_json_figure(sample->round));
  wx_json_put(&builder, "step", wx_json_text(sample->step));
  put_figures(&builder, sample, &wx_sample_figures);
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
  if (result->mode)
    wx_json_put(&builder, "w_xor_x", wx_json_text(result->w_xor_x));
  put_name(&builder, "mislabelled", result->mislabelled);
  if (result->ended) {
    json_t *ended = wx_ended_json(result->ended);
    const bool lost =
        ended && wx_result_demanded(result) && wx_json_set(ended, "demanded", json_true());
    if (lost)
      json_decref(ended);
    wx_json_put(&builder, "ended", lost ? NULL : ended);
  }
  wx_json_put(&builder, "metrics",
              result->ended ? json_null() : figures_json(&result->metrics, &wx_metric_figures));
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

/* Back from JSON
 * -------------------------------------------------------------------------------------------------
 */

static bool read_ended(const json_t *json, WxEnded *ended) {
  *ended = (WxEnded){.how = wx_ended_find(wx_json_get_text(json, "how"))};
  const char *text = wx_json_get_text(json, "text"), *line = wx_json_get_text(json, "last_line");
  const WxFigure status = wx_json_get_figure(json, "status"),
                 signal = wx_json_get_figure(json, "signal");
  ended->status = wx_known(status) ? (int)status : 0;
  ended->signal = wx_known(signal) ? (int)signal : 0;
  snprintf(ended->text, sizeof ended->text, "%s", text ? text : "");
  snprintf(ended->last_line, sizeof ended->last_line, "%s", line ? line : "");
  return ended->how != WX_ENDED_WELL && text;
}

static int read_samples(const json_t *list, WxResult *result) {
  const size_t count = json_array_size(list);
  WxSample *samples = calloc(count + 1, sizeof *samples);
  if (!samples)
    return -ENOMEM;
  for (size_t i = 0; i < count; ++i) {
    const json_t *sample = json_array_get(list, i);
    const char *step = wx_json_get_text(sample, "step");
    if (!step) {
      free(samples);
      return -EINVAL;
    }
    samples[i] = wx_sample_unknown(wx_json_get_figure(sample, "round"), step);
    get_figures(sample, &samples[i], &wx_sample_figures);
  }
  result->samples = samples;
  result->sample_count = count;
  return 0;
}

int wx_result_read(const json_t *json, WxResult *result, WxEnded *ended) {
  const json_t *how = json_object_get(json, "ended"), *metrics = json_object_get(json, "metrics");
  *result = (WxResult){.workload = wx_json_get_text(json, "workload"),
                       .mode = wx_json_get_text(json, "mode"),
                       .runtime = wx_json_get_text(json, "runtime"),
                       .w_xor_x = wx_json_get_text(json, "w_xor_x"),
                       .mislabelled = wx_json_get_text(json, "mislabelled"),
                       .metrics = wx_metrics_unknown()};
  if (how ? !read_ended(how, ended) : !json_is_object(metrics))
    return -EINVAL;
  if (how)
    result->ended = ended;
  else
    get_figures(metrics, &result->metrics, &wx_metric_figures);
  const json_t *verdict = json_object_get(json, "verdict");
  result->verdict_code = wx_json_get_text(verdict, "code");
  result->verdict_text = wx_json_get_text(verdict, "text");
  return read_samples(json_object_get(json, "samples"), result);
}
