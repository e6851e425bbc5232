// A program of the user's in each mode, and what is said of it.
#include "output/validate_document.h"
#include "scenario/built.h"
#include "scenario/command.h"
#include "session/validate_session.h"

// The runs of the program, one a mode.
typedef struct {
  WxCommandRun runs[WX_VALIDATE_MODES];
  WxLive live[WX_VALIDATE_MODES];
  WxSmallest smallest[WX_VALIDATE_MODES];
  WxRepeat repeat;
} Runs;

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

static int run_again(void *context, size_t mode, uint64_t memory_limit, uint64_t time_limit_ns,
                     WxValidation *validation) {
  const WxValidateSession *session = context;
  WxCommandRun run = {0};
  WxLive live = {0};
  const WxBeside beside = wx_live_beside(&live);
  WxCommandOrder order = order_of(session, mode, &beside);
  order.unsampled = true;
  order.memory_limit = memory_limit;
  order.time_limit_ns = time_limit_ns;
  wx_command_run(&order, &run);
  wx_text_free(&run.check_output);
  wx_command_take_statuses(&run, &run.validation.ended);
  *validation = run.validation; // What its result borrows of the run is not looked at any more.
  if (!validation->result.skipped && validation->ended.how != WX_ENDED_WELL)
    validation->result.ended = &validation->ended;
  return 0;
}

static int find_smallest(WxValidateSession *session, const WxAgain *again, Runs *runs) {
  int failed = 0;
  for (size_t i = 0; i < session->mode_count && !failed; ++i)
    if (wx_result_ran(&runs->runs[i].validation.result))
      failed = wx_validate_smallest(session, again, i, &runs->runs[i].validation,
                                    !session->asked->check, &runs->smallest[i]);
  return failed;
}

// What is measured after each mode was looked at once.
static int measure_again(WxValidateSession *session, Runs *runs) {
  const WxAgain again = {"command", run_again, session};
  WxResult results[WX_VALIDATE_MODES];
  for (size_t i = 0; i < session->mode_count; ++i)
    results[i] = runs->runs[i].validation.result;
  int failed = 0;
  if (session->asked->repeat)
    failed = wx_validate_repeat(session, &again, results, &runs->repeat);
  if (!failed && session->asked->smallest_step)
    failed = find_smallest(session, &again, runs);
  return failed;
}

static void add_row(WxValidateSession *session, const Runs *runs, const WxCommandRun *first,
                    size_t mode) {
  const WxCommandRun *run = &runs->runs[mode];
  const WxCommandOrder order = order_of(session, mode, NULL);
  WxResult result = run->validation.result;
  WxCommandJudged judged = {.count = 0};
  if (session->modes[mode]->live && wx_live_was_refused(&run->validation.ended))
    result.skipped = run->validation.ended.text;
  if (wx_result_ran(&result))
    wx_command_judge(&order, first, run, &judged);
  result.expectations = judged.items;
  result.expectation_count = judged.count;
  const WxValidated measured = {.result = &result,
                                .run = &run->validation,
                                .live = &runs->live[mode],
                                .smallest = &runs->smallest[mode],
                                .repeat = &runs->repeat,
                                .mode = mode};
  wx_validate_document_add(session->document, &measured, &session->endings);
  wx_validate_document_add_statuses(session->document, run);
}

static int run_modes(WxValidateSession *session, Runs *runs) {
  for (size_t i = 0; i < session->mode_count; ++i) {
    const WxBeside beside = wx_live_beside(&runs->live[i]);
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
  int failed = wx_built_preload("libwxreclaim.so", session->preload, session->problem);
  if (failed)
    return failed;
  Runs runs = {0};
  failed = run_modes(session, &runs);
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
  return failed;
}
