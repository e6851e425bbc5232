#include "cli/validate_command.h"

#include "cli/built.h"
#include "cli/documents.h"
#include "cli/say.h"
#include "cli/verb.h"
#include "output/json.h"
#include "output/result.h"
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

static json_t *status_json(int status) {
  return status == WX_COMMAND_NONE ? json_null() : json_integer(status);
}

static void add_row(WxValidateSession *session, const WxCommandRun *first, const WxCommandRun *run,
                    const WxMode *mode, const WxLive *live) {
  WxDocument *document = session->document;
  WxResult result = run->validation.result;
  Judged judged = {.count = 0};
  if (mode->live && wx_validate_live_refused(&run->validation.ended))
    result.skipped = run->validation.ended.text;
  if (wx_result_ran(&result))
    judge(session->asked, first, run, &judged);
  result.expectations = judged.items;
  result.expectation_count = judged.count;
  char subject[WX_ENDED_TEXT];
  snprintf(subject, sizeof subject, "%s, %s, %s", result.workload, result.mode, result.runtime);
  if (result.skipped && result.skipped != wx_interrupted)
    wx_endings_add_impossible(&session->endings, subject, result.skipped);
  else
    wx_endings_add(&session->endings, subject, &result);
  wx_validate_document_add(document, &result, live, NULL);
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

static void run_mode(WxValidateSession *session, const WxMode *mode, WxCommandRun *run,
                     WxLive *live) {
  const WxValidateAsked *asked = session->asked;
  const WxBeside beside = wx_validate_live(live);
  const WxCommandOrder order = {.command = asked->command,
                                .load = asked->load,
                                .check = asked->check,
                                .mode = mode,
                                .preload = session->preload,
                                .beside = mode->live ? &beside : NULL,
                                .every_ns = asked->every_ns,
                                .lasts_ns = asked->lasts_ns,
                                .time_limit_ns = asked->time_limit_ns};
  wx_progress_show(&session->progress, "%s: %s", mode->name, asked->command);
  wx_command_run(&order, run);
}

int wx_validate_command(WxValidateSession *session) {
  const int status = wx_cli_find_preload(session->verb, "libwxreclaim.so", session->preload);
  if (status)
    return status;
  WxCommandRun runs[WX_VALIDATE_MODES] = {0};
  WxLive live[WX_VALIDATE_MODES] = {0};
  bool off = false;
  for (size_t i = 0; i < session->mode_count; ++i) {
    run_mode(session, session->modes[i], &runs[i], &live[i]);
    off |= !session->modes[i]->wx;
  }
  const WxCommandRun *first = first_of(runs, session->mode_count);
  for (size_t i = 0; i < session->mode_count; ++i)
    add_row(session, first, &runs[i], session->modes[i], &live[i]);
  if (off)
    wx_document_note(session->document,
                     "Mode off gives up W^X: all code that the runtime makes is writable and "
                     "executable at the same time. Where that is denied it does not start "
                     "(wxbench probe).");
  for (size_t i = 0; i < session->mode_count; ++i)
    wx_command_run_free(&runs[i]);
  return 0;
}
