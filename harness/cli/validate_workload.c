// One workload on one runtime, mode by mode, and what is said of it.
#include "cli/documents.h"
#include "cli/fidelity.h"
#include "cli/say.h"
#include "cli/scenarios.h"
#include "cli/validate_live.h"
#include "cli/validate_session.h"
#include "cli/verb.h"
#include "output/json.h"
#include "output/result.h"
#include "scenario/expect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// The runs of one workload, one a mode.
typedef struct {
  WxValidation runs[WX_VALIDATE_MODES];
  WxResult results[WX_VALIDATE_MODES];
  WxLive live[WX_VALIDATE_MODES];
} Runs;

static void note_unmet(WxDocument *document, const WxResult *result) {
  for (size_t i = 0; i < result->expectation_count; ++i) {
    const WxExpectationResult *judged = &result->expectations[i];
    if (!judged->ok)
      wx_document_note(document, "NOT MET: %s, %s, %s: %s: expected %s, measured %s",
                       result->workload, result->mode, result->runtime, judged->name,
                       judged->expected, judged->actual);
  }
}

// Adds one expectation to those judged: that the program printed the same as in the first mode.
static void judge_output(const WxValidation *first, const WxValidation *this,
                         WxExpectationResult *judged) {
  const bool same = first->output.length == this->output.length &&
                    (first->output.length == 0 ||
                     memcmp(first->output.data, this->output.data, first->output.length) == 0);
  judged->name = strdup("output");
  judged->ok = same;
  judged->expected = strdup("as in the first mode");
  judged->actual = strdup(same ? "the same" : "different");
}

bool wx_validate_document_add(WxDocument *document, const WxResult *result, const WxLive *live) {
  json_t *json = wx_result_json(result);
  if (live->ran && wx_json_set(json, "reclaim", wx_validate_live_json(live)))
    document->lost = true;
  wx_document_add_result(document, json);
  wx_document_note(document, "%s, %s, %s: %s. %s", result->workload, result->mode, result->runtime,
                   result->verdict_code, result->verdict_text);
  note_unmet(document, result);
  return wx_result_ok(result);
}

static int judge(WxValidateSession *session, const WxParameters *parameters, const Runs *runs,
                 size_t index) {
  WxExpectationResult *judged;
  size_t count;
  const int failed =
      wx_expect_judge(parameters, runs->results, session->mode_count, index, &judged, &count);
  if (failed)
    return failed;
  WxExpectationResult *grown = reallocarray(judged, count + 1, sizeof *grown);
  if (!grown) {
    wx_expect_free(judged, count);
    return -ENOMEM;
  }
  judge_output(&runs->runs[0], &runs->runs[index], &grown[count]);
  WxResult result = runs->results[index];
  result.expectations = grown;
  result.expectation_count = count + 1;
  const bool met = wx_validate_document_add(session->document, &result, &runs->live[index]);
  session->failed = session->failed || !met;
  wx_expect_free(grown, count + 1);
  return 0;
}

static int run_mode(WxValidateSession *session, const WxLoadedScenario *loaded,
                    const WxRuntime *runtime, Runs *runs, size_t index) {
  const char *workload = loaded->scenario->name;
  const WxMode *mode = session->modes[index];
  const WxBeside beside = wx_validate_live(&runs->live[index]);
  const WxValidationOrder order = {
      .parameters = &loaded->parameters,
      .runtime = runtime,
      .mode = mode,
      .program = session->program,
      .preload = session->preload,
      .beside = mode->live ? &beside : NULL,
      .time_limit_ns = session->asked->time_limit_ns,
  };
  wx_progress_show(&session->progress, "%s, %s, %s", workload, mode->name, runtime->version);
  WxValidation *run = &runs->runs[index];
  const int failed = wx_validate(&order, run);
  if (failed == 0) {
    runs->results[index] = run->result;
    return 0;
  }
  wx_progress_end(&session->progress);
  const bool forbidden = mode->live && (failed == -EPERM || failed == -EACCES);
  return (forbidden ? wx_cli_impossible : wx_cli_fail)(session->verb, "%s, %s, %s: %s", workload,
                                                       mode->name, runtime->version, run->problem);
}

static int run_modes(WxValidateSession *session, const WxLoadedScenario *loaded,
                     const WxRuntime *runtime, Runs *runs) {
  int status = 0;
  for (size_t i = 0; i < session->mode_count && status == 0; ++i)
    status = run_mode(session, loaded, runtime, runs, i);
  for (size_t i = 0; i < session->mode_count && status == 0; ++i)
    if (judge(session, &loaded->parameters, runs, i))
      status = wx_cli_fail(session->verb, "out of memory");
  return status;
}

static int load(WxValidateSession *session, const char *name, WxLoadedScenario *loaded) {
  const int status = wx_cli_load_scenario(session->verb, "workload", "scenarios/workloads", name,
                                          &session->asked->settings, loaded);
  if (status || loaded->scenario->workload)
    return status;
  wx_cli_loaded_free(loaded);
  return wx_cli_fail(session->verb, "%s is no workload of the real runtime (try wxbench run)",
                     name);
}

static int check_workload(WxValidateSession *session, const char *name, const WxRuntime *runtime) {
  (void)runtime;
  WxLoadedScenario loaded;
  const int status = load(session, name, &loaded);
  if (status == 0)
    wx_cli_loaded_free(&loaded);
  return status;
}

static int compare_model(WxValidateSession *session, const WxLoadedScenario *loaded,
                         const WxRuntime *runtime) {
  const WxFidelityOrder order = {
      .parameters = &loaded->parameters,
      .runtime = runtime,
      .program = session->program,
      .recorder = session->recorder,
      .runs = (size_t)session->asked->fidelity,
      .time_limit_ns = session->asked->time_limit_ns,
  };
  wx_progress_show(&session->progress, "%s, %s, %zu runs and the model", loaded->scenario->name,
                   runtime->version, order.runs);
  return wx_cli_fidelity(session->verb, &order, session->document, &session->failed);
}

static int run_workload(WxValidateSession *session, const char *name, const WxRuntime *runtime) {
  WxLoadedScenario loaded;
  int status = load(session, name, &loaded);
  if (status)
    return status;
  Runs runs = {0};
  status = session->asked->fidelity ? compare_model(session, &loaded, runtime)
                                    : run_modes(session, &loaded, runtime, &runs);
  for (size_t i = 0; i < session->mode_count; ++i)
    wx_validation_free(&runs.runs[i]);
  wx_cli_loaded_free(&loaded);
  return status;
}

static int each_workload(WxValidateSession *session, const WxRuntime *runtime,
                         int (*visit)(WxValidateSession *, const char *, const WxRuntime *)) {
  const WxNames *named = &session->asked->workloads;
  if (named->count == 0)
    return visit(session, "asm", runtime);
  int status = 0;
  for (size_t i = 0; i < named->count && status == 0; ++i)
    status = visit(session, named->items[i], runtime);
  return status;
}

int wx_validate_check_workloads(WxValidateSession *session) {
  return each_workload(session, NULL, check_workload);
}

int wx_validate_workloads(WxValidateSession *session, const WxRuntime *runtime) {
  return each_workload(session, runtime, run_workload);
}
