// A workload of the real runtime, or a program of the user's, in one mode.
#include "output/validate_document.h"

#include "attribution/oom.h"
#include "os/os.h"
#include "output/json.h"
#include "output/oom_document.h"
#include "output/paired_table.h"
#include "output/reclaim_document.h"
#include "output/result_json.h"

#include <stdio.h>
#include <string.h>

enum { FIGURE_NAME = 64 };

/* What it took in turns
 * -------------------------------------------------------------------------------------------------
 */

static json_int_t nanoseconds(double seconds) {
  return (json_int_t)(seconds * 1e9 + 0.5);
}

// Every run of one variant, nothing left out.
static json_t *runs_json(const WxTurns *turns, size_t variant) {
  json_t *runs = json_array();
  for (size_t round = 0; runs && round < turns->rounds; ++round) {
    const WxTurnsRun *run = &turns->variants[variant].runs[round];
    json_t *one = json_pack(
        "{s:I, s:I, s:I, s:I, s:I, s:o}", "round", (json_int_t)round + 1, "place",
        (json_int_t)run->place + 1, "wall_ns", nanoseconds(run->seconds[WX_WALL]), "user_ns",
        nanoseconds(run->seconds[WX_USER]), "system_ns", nanoseconds(run->seconds[WX_SYSTEM]),
        "minor_faults", wx_json_figure(run->minor_faults));
    if (json_array_append_new(runs, one)) {
      json_decref(runs);
      return NULL;
    }
  }
  return runs;
}

// Appends a member; releases the object once something was lost.
static json_t *with(json_t *object, const char *key, json_t *value) {
  if (!wx_json_set(object, key, value))
    return object;
  json_decref(object);
  return NULL;
}

// Of no row it lets go of the value.
static void set(WxDocument *document, json_t *row, const char *key, json_t *value) {
  if (wx_json_set(row, key, value))
    document->lost = true;
}

static json_t *with_ratios(json_t *time, const WxTurns *turns, size_t variant) {
  for (WxTurnsMetric metric = 0; metric < WX_TURNS_METRICS; ++metric) {
    WxPaired paired;
    if (!wx_turns_compare(turns, variant, metric, &paired))
      time = with(time, wx_turns_metric_name(metric), wx_paired_json(&paired));
  }
  return time;
}

// The member `time` of the result of mode `index`: NULL with `*lost` false where it took no part,
// with `*lost` true where memory ran out. `*ended` is set where it did not run to its end in one of
// the rounds, else NULL.
static json_t *repeat_json(const WxRepeat *repeat, size_t index, const WxEnded **ended,
                           bool *lost) {
  const WxTurns *turns = &repeat->turns;
  const size_t variant = wx_repeat_variant(repeat, index);
  *ended = NULL;
  *lost = false;
  if (variant == WX_REPEAT_NONE)
    return NULL;
  const bool is_base = variant == WX_REPEAT_AGAIN;
  const size_t first = is_base ? WX_REPEAT_BASE : variant;
  const size_t left = turns->variants[first].left ? first : variant;
  json_t *time = json_pack("{s:s, s:I}", "base", turns->variants[WX_REPEAT_BASE].name, "rounds",
                           (json_int_t)turns->rounds);
  if (turns->variants[left].left) {
    *ended = &turns->variants[left].ended;
    time = with(time, "ended", wx_ended_json(*ended));
  }
  time = with_ratios(time, turns, variant);
  if (!turns->variants[left].left)
    time = with(time, "runs", runs_json(turns, first));
  if (is_base && !*ended)
    time = with(time, "runs_again", runs_json(turns, WX_REPEAT_AGAIN));
  *lost = !time;
  return time;
}

/* The smallest limit
 * -------------------------------------------------------------------------------------------------
 */

static json_t *try_json(const WxSmallestTry *one) {
  WxJsonBuilder builder = wx_json_object();
  wx_json_put(&builder, "limit_bytes", json_integer((json_int_t)one->limit_bytes));
  wx_json_put(&builder, "ended", one->left ? wx_ended_json(&one->ended) : json_null());
  wx_json_put(&builder, "peak_bytes", wx_json_figure(one->peak_bytes));
  wx_json_put(&builder, "oom_kills", wx_json_figure(one->oom_kills));
  wx_json_put(&builder, "lived_ns", json_integer((json_int_t)one->lived_ns));
  return wx_json_built(&builder);
}

static json_t *tries_json(const WxSmallest *smallest) {
  WxJsonBuilder list = wx_json_list();
  for (size_t i = 0; i < smallest->try_count; ++i)
    wx_json_append(&list, try_json(&smallest->tries[i]));
  list.lost |= smallest->lost;
  return wx_json_built(&list);
}

static json_t *smallest_json(const WxSmallest *smallest) {
  const WxThreshold *threshold = &smallest->threshold;
  WxJsonBuilder builder = wx_json_object();
  wx_json_put(&builder, "step_bytes", json_integer((json_int_t)smallest->step));
  wx_json_put(&builder, "times", json_integer(WX_SMALLEST_TIMES));
  wx_json_put(&builder, "unlimited_peak_bytes", wx_json_figure(smallest->peak_bytes));
  wx_json_put(&builder, "survives_bytes",
              threshold->found ? json_integer((json_int_t)threshold->holds) : json_null());
  wx_json_put(&builder, "fails_bytes",
              threshold->fails ? json_integer((json_int_t)threshold->fails) : json_null());
  wx_json_put(&builder, "fails_by", wx_json_text(*smallest->failed ? smallest->failed : NULL));
  wx_json_put(&builder, "interrupted", json_boolean(smallest->interrupted));
  wx_json_put(&builder, "tries", tries_json(smallest));
  return wx_json_built(&builder);
}

/* Its memory group
 * -------------------------------------------------------------------------------------------------
 */

// The kernel's text as `audit --oom` reads it.
static int read_reports(const WxText *kernel, WxOom *oom) {
  const int fd = wx_os_memfd_create_data("wxbench-kernel-log");
  if (fd < 0)
    return fd;
  int failed = wx_os_pwrite(fd, kernel->data, kernel->length, 0);
  if (!failed)
    failed = wx_oom_read(oom, fd);
  wx_os_close_reader(fd);
  return failed;
}

static json_t *reports_json(const WxText *kernel) {
  WxOom oom = {0};
  WxJsonBuilder list = wx_json_list();
  if (kernel->length && read_reports(kernel, &oom) == 0)
    for (size_t i = 0; i < oom.count; ++i)
      wx_json_append(&list, wx_oom_json(&oom.items[i]));
  wx_oom_free(&oom);
  return wx_json_built(&list);
}

static json_t *group_json(const WxConfined *confined) {
  const WxCgroupFigures *figures = &confined->figures;
  const bool limited = confined->limit_bytes < WX_UNCONFINED;
  WxJsonBuilder builder = wx_json_object();
  wx_json_put(&builder, "version", json_integer(confined->version));
  wx_json_put(&builder, "limit_bytes",
              limited ? json_integer((json_int_t)confined->limit_bytes) : json_null());
  wx_json_put(&builder, "peak_bytes", wx_json_figure(figures->peak_bytes));
  wx_json_put(&builder, "limit_hits", wx_json_figure(figures->limit_hits));
  wx_json_put(&builder, "oom_kills", wx_json_figure(figures->oom_kills));
  wx_json_put(&builder, "lived_ns", json_integer((json_int_t)confined->lived_ns));
  wx_json_put(&builder, "kernel_reports", reports_json(&confined->kernel));
  wx_json_put(&builder, "kernel_log",
              wx_json_text(confined->kernel.length ? confined->kernel.data : NULL));
  wx_json_put(&builder, "kernel_log_unreadable",
              wx_json_text(confined->kernel_failed ? strerror(-confined->kernel_failed) : NULL));
  return wx_json_built(&builder);
}

static void add_limits(WxDocument *document, json_t *row, const char *subject,
                       const WxValidated *measured, WxEndings *endings) {
  const WxConfined *confined = &measured->run->confined;
  const WxSmallest *smallest = measured->smallest;
  if (confined->version)
    set(document, row, "memory_group", group_json(confined));
  if (!smallest->sought)
    return;
  set(document, row, "smallest_limit", smallest_json(smallest));
  if (smallest->threshold.found)
    return;
  wx_document_note(document, "NOT FOUND: %s: the smallest limit: %s", subject,
                   smallest->interrupted ? "interrupted" : smallest->failed);
  endings->failed = true;
}

/* The result
 * -------------------------------------------------------------------------------------------------
 */

// Lines `wxworkload: NAME=VALUE` of its standard error: what nobody can see from outside.
static json_t *figures_json(const WxText *errors) {
  static const char prefix[] = "wxworkload: ";
  json_t *figures = NULL;
  for (const char *line = errors->data; line && *line;) {
    char name[FIGURE_NAME];
    long long value;
    if (strncmp(line, prefix, sizeof prefix - 1) == 0 &&
        sscanf(line + sizeof prefix - 1, "%63[a-z0-9_]=%lld", name, &value) == 2) {
      figures = figures ? figures : json_object();
      if (json_object_set_new(figures, name, json_integer(value)))
        break;
    }
    line = strchr(line, '\n');
    line += line != NULL;
  }
  return figures;
}

static json_t *reclaim_json(const WxValidated *measured) {
  json_t *kept = json_object_get(measured->kept, "reclaim");
  if (kept)
    return json_incref(kept);
  return measured->live->ran ? wx_reclaim_json(&measured->live->result, false) : NULL;
}

// The result with what was reclaimed beside it and what it took, its notes before the row itself.
static json_t *add_row(WxDocument *document, const WxValidated *measured, json_t *time) {
  const WxResult *result = measured->result;
  json_t *row = wx_result_json(result);
  if (measured->live->ran || json_object_get(measured->kept, "reclaim"))
    set(document, row, "reclaim", reclaim_json(measured));
  if (time)
    set(document, row, "time", time);
  if (wx_result_ran(result))
    wx_document_note(document, "%s, %s, %s: %s. %s", result->workload, result->mode,
                     result->runtime, result->verdict_code, result->verdict_text);
  wx_result_note(document, row);
  wx_document_add_result(document, row);
  return json_array_get(document->results, json_array_size(document->results) - 1);
}

static void end(const WxResult *result, const char *subject, WxEndings *endings) {
  if (result->skipped && result->skipped != wx_interrupted)
    wx_endings_add_impossible(endings, subject, result->skipped);
  else
    wx_endings_add(endings, subject, result);
}

void wx_validate_document_add(WxDocument *document, const WxValidated *measured,
                              WxEndings *endings) {
  const WxResult *result = measured->result;
  char subject[WX_ENDED_TEXT];
  snprintf(subject, sizeof subject, "%s, %s, %s", result->workload, result->mode, result->runtime);
  end(result, subject, endings);
  const WxEnded *ended;
  bool lost;
  json_t *time = repeat_json(measured->repeat, measured->mode, &ended, &lost);
  document->lost |= lost;
  json_t *row = add_row(document, measured, time);
  json_t *figures = figures_json(&measured->run->errors);
  if (figures)
    set(document, row, "figures", figures);
  add_limits(document, row, subject, measured, endings);
  if (!ended)
    return;
  wx_document_note(document, "NOT FINISHED: %s, in round %zu: %s", subject,
                   measured->repeat->turns.rounds + 1, ended->text);
  endings->failed = true;
}

static json_t *status_json(int status) {
  return status == WX_COMMAND_NONE ? json_null() : json_integer(status);
}

void wx_validate_document_add_statuses(WxDocument *document, const WxCommandRun *run) {
  WxJsonBuilder command = wx_json_object();
  wx_json_put(&command, "exit_status", status_json(run->exit_status));
  wx_json_put(&command, "load_status", status_json(run->load_status));
  wx_json_put(&command, "check_status", status_json(run->check_status));
  json_t *row = json_array_get(document->results, json_array_size(document->results) - 1);
  set(document, row, "command", wx_json_built(&command));
}
