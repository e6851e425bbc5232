#include "cli/validate_command.h"

#include "cli/documents.h"
#include "cli/say.h"
#include "cli/validate_add.h"
#include "cli/validate_repeat.h"
#include "cli/validate_smallest.h"
#include "cli/verb.h"
#include "output/json.h"
#include "output/result.h"
#include "scenario/built.h"
#include "scenario/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXPECTATIONS_MOST = 4, SHOWN = 64 };

// What was judged of one run; the texts are its own.
typedef struct {
  WxExpectationResult items[EXPECTATIONS_MOST];
  char expected[EXPECTATIONS_MOST][SHOWN];
  char actual[EXPECTATIONS_MOST][SHOWN];
  size_t count;
} Judged;

static void add(Judged *judged, const char *name, bool ok, const char *expected,
                const char *actual) {
  const size_t at = judged->count++;
  snprintf(judged->expected[at], SHOWN, "%s", expected);
  snprintf(judged->actual[at], SHOWN, "%s", actual);
  judged->items[at] = (WxExpectationResult){
      .name = name, .ok = ok, .expected = judged->expected[at], .actual = judged->actual[at]};
}

static void add_status(Judged *judged, const char *name, int status) {
  char actual[SHOWN];
  if (status == WX_COMMAND_NONE)
    snprintf(actual, sizeof actual, "not known: the program ended before");
  else
    snprintf(actual, sizeof actual, "%d", status);
  add(judged, name, status == 0, "= 0", actual);
}

static void add_output(Judged *judged, const char *name, const char *base, const WxText *first,
                       const WxText *own) {
  const bool same = first->length == own->length &&
                    (own->length == 0 || memcmp(first->data, own->data, own->length) == 0);
  char expected[SHOWN];
  snprintf(expected, sizeof expected, "as in mode %s", base);
  add(judged, name, same, expected, same ? "the same" : "different");
}

// With a check it says what is right; without one the program's own output has to be the same.
static void judge(const WxValidateAsked *asked, const WxCommandRun *first, const WxCommandRun *run,
                  Judged *judged) {
  const char *base = first->validation.result.mode;
  if (asked->load)
    add_status(judged, "exit status of the load", run->load_status);
  if (asked->check) {
    add_status(judged, "exit status of the check", run->check_status);
    add_output(judged, "output of the check", base, &first->check_output, &run->check_output);
  } else {
    add_output(judged, "output", base, &first->validation.output, &run->validation.output);
  }
}

// The runs of the program, one a mode.
typedef struct {
  WxCommandRun runs[WX_VALIDATE_MODES];
  WxLive live[WX_VALIDATE_MODES];
  WxSmallest smallest[WX_VALIDATE_MODES];
  WxRepeat repeat;
} Runs;

static json_t *status_json(int status) {
  return status == WX_COMMAND_NONE ? json_null() : json_integer(status);
}

static void add_row(WxValidateSession *session, const Runs *runs, const WxCommandRun *first,
                    size_t mode) {
  WxDocument *document = session->document;
  const WxCommandRun *run = &runs->runs[mode];
  WxResult result = run->validation.result;
  Judged judged = {.count = 0};
  if (session->modes[mode]->live && wx_validate_live_refused(&run->validation.ended))
    result.skipped = run->validation.ended.text;
  if (wx_result_ran(&result))
    judge(session->asked, first, run, &judged);
  result.expectations = judged.items;
  result.expectation_count = judged.count;
  wx_validate_add(session, &result,
                  &(WxMeasured){&run->validation, &runs->live[mode], &runs->smallest[mode],
                                &runs->repeat, mode});
  json_t *row = json_array_get(document->results, json_array_size(document->results) - 1);
  WxJsonBuilder command = wx_json_object();
  wx_json_put(&command, "exit_status", status_json(run->exit_status));
  wx_json_put(&command, "load_status", status_json(run->load_status));
  wx_json_put(&command, "check_status", status_json(run->check_status));
  json_t *built = wx_json_built(&command);
  if (!row || wx_json_set(row, "command", built))
    document->lost = true;
}

// The first that ran to its end, else the first.
static const WxCommandRun *first_of(const WxCommandRun runs[], size_t count) {
  for (size_t i = 0; i < count; ++i)
    if (wx_result_ran(&runs[i].validation.result))
      return &runs[i];
  return runs;
}

static WxCommandOrder order_of(const WxValidateSession *session, size_t mode,
                               const WxBeside *beside) {
  const WxValidateAsked *asked = session->asked;
  return (WxCommandOrder){.command = asked->command,
                          .load = asked->load,
                          .check = asked->check,
                          .mode = session->modes[mode],
                          .preload = session->preload,
                          .beside = session->modes[mode]->live ? beside : NULL,
                          .every_ns = asked->every_ns,
                          .lasts_ns = asked->lasts_ns,
                          .memory_limit = wx_validate_memory_limit(asked),
                          .time_limit_ns = asked->time_limit_ns};
}

// A program whose load or check fails has not run to its end.
static void take_statuses(const WxCommandRun *run, WxEnded *ended) {
  const bool load = run->load_status > 0;
  const int status = load ? run->load_status : run->check_status;
  if (status <= 0 || ended->how != WX_ENDED_WELL)
    return;
  *ended = (WxEnded){.how = WX_ENDED_EXIT, .status = status};
  snprintf(ended->text, sizeof ended->text, "exit status %d of the %s", status,
           load ? "load" : "check");
}

static int run_again(void *context, size_t mode, uint64_t memory_limit, uint64_t time_limit_ns,
                     WxValidation *validation) {
  const WxValidateSession *session = context;
  WxCommandRun run = {0};
  WxLive live = {0};
  const WxBeside beside = wx_validate_live(&live);
  WxCommandOrder order = order_of(session, mode, &beside);
  order.unsampled = true;
  order.memory_limit = memory_limit;
  order.time_limit_ns = time_limit_ns;
  wx_command_run(&order, &run);
  wx_text_free(&run.check_output);
  take_statuses(&run, &run.validation.ended);
  *validation = run.validation; // What its result borrows of the run is not looked at any more.
  if (!validation->result.skipped && validation->ended.how != WX_ENDED_WELL)
    validation->result.ended = &validation->ended;
  return 0;
}

static int find_smallest(WxValidateSession *session, const WxAgain *again, Runs *runs) {
  int status = 0;
  for (size_t i = 0; i < session->mode_count && status == 0; ++i) {
    const WxSmallestOrder order = {.first = &runs->runs[i].validation,
                                   .compared = !session->asked->check,
                                   .step = session->asked->smallest_step,
                                   .time_limit_ns = session->asked->time_limit_ns,
                                   .again = again,
                                   .mode = i};
    if (wx_result_ran(&runs->runs[i].validation.result))
      status = wx_smallest_find(session, &order, &runs->smallest[i]);
  }
  return status;
}

// What is measured after each mode was looked at once.
static int measure_again(WxValidateSession *session, Runs *runs) {
  const WxAgain again = {"command", run_again, session};
  WxResult results[WX_VALIDATE_MODES];
  for (size_t i = 0; i < session->mode_count; ++i)
    results[i] = runs->runs[i].validation.result;
  int status = 0;
  if (session->asked->repeat)
    status = wx_repeat_run(session, &again, results, &runs->repeat);
  if (status == 0 && session->asked->smallest_step)
    status = find_smallest(session, &again, runs);
  return status;
}

static int run_modes(WxValidateSession *session, Runs *runs) {
  for (size_t i = 0; i < session->mode_count; ++i) {
    const WxBeside beside = wx_validate_live(&runs->live[i]);
    const WxCommandOrder order = order_of(session, i, &beside);
    wx_progress_show(&session->progress, "%s: %s", session->modes[i]->name,
                     session->asked->command);
    wx_command_run(&order, &runs->runs[i]);
  }
  return measure_again(session, runs);
}

static bool any_off(const WxValidateSession *session) {
  for (size_t i = 0; i < session->mode_count; ++i)
    if (!session->modes[i]->wx)
      return true;
  return false;
}

int wx_validate_command(WxValidateSession *session) {
  WxProblem problem;
  const int failed = wx_built_preload("libwxreclaim.so", session->preload, &problem);
  if (failed)
    return wx_cli_problem(session->verb, failed, &problem);
  Runs runs = {0};
  const int status = run_modes(session, &runs);
  const WxCommandRun *first = first_of(runs.runs, session->mode_count);
  for (size_t i = 0; i < session->mode_count; ++i)
    add_row(session, &runs, first, i);
  if (any_off(session))
    wx_document_note(session->document,
                     "Mode off gives up W^X: all code that the runtime makes is writable and "
                     "executable at the same time. Where that is denied it does not start "
                     "(wxbench probe).");
  for (size_t i = 0; i < session->mode_count; ++i) {
    wx_command_run_free(&runs.runs[i]);
    wx_smallest_free(&runs.smallest[i]);
  }
  wx_repeat_free(&runs.repeat);
  return status;
}
