// One workload on one runtime, mode by mode, and what is said of it.
#include "os/process.h"
#include "output/validate_document.h"
#include "scenario/expect.h"
#include "scenario/loaded.h"
#include "session/validate_session.h"
#include "stats/turns.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUBJECT = 128 };

// The runs of one workload, one a mode.
typedef struct {
  WxValidation runs[WX_VALIDATE_MODES];
  WxResult results[WX_VALIDATE_MODES];
  WxLive live[WX_VALIDATE_MODES];
  json_t *rows[WX_VALIDATE_MODES]; // Those that an earlier run kept.
  WxRepeat repeat;
  WxSmallest smallest[WX_VALIDATE_MODES];
} Runs;

// The first run that ran to its end. There is one, since the caller has one.
static const WxValidation *first_of(const Runs *runs) {
  size_t i = 0;
  while (!wx_result_ran(&runs->results[i]))
    ++i;
  return &runs->runs[i];
}

// Adds one expectation to those judged: that the program printed the same as in the first mode.
static int judge_output(const WxValidation *first, const WxValidation *this,
                        WxExpectationResult *judged) {
  const bool same = wx_text_is_equal(&first->output, &this->output);
  char *expected;
  if (asprintf(&expected, "as in mode %s", first->result.mode) < 0)
    expected = NULL;
  *judged = (WxExpectationResult){.name = strdup("output"),
                                  .ok = same,
                                  .expected = expected,
                                  .actual = strdup(same ? "the same" : "different")};
  return judged->name && judged->expected && judged->actual ? 0 : -ENOMEM;
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
  WxResult result = runs->results[index];
  int lost = 0;
  if (wx_result_ran(&result))
    lost = judge_output(first_of(runs), &runs->runs[index], &grown[count++]);
  result.expectations = grown;
  result.expectation_count = count;
  const WxValidated measured = {.result = &result,
                                .run = &runs->runs[index],
                                .live = &runs->live[index],
                                .kept = runs->rows[index],
                                .smallest = &runs->smallest[index],
                                .repeat = &runs->repeat,
                                .mode = index};
  if (!lost)
    wx_validate_document_add(session->document, &measured, &session->endings);
  wx_expect_free(grown, count);
  return lost;
}

static int measure(WxValidateSession *session, const WxValidationOrder *order, WxValidation *run,
                   const WxLive *live) {
  const char *workload = order->parameters->scenario->name, *mode = order->mode->name;
  WxMatrix *matrix = &session->matrix;
  if (matrix->folder)
    wx_matrix_show(matrix, &session->progress, order);
  else
    wx_progress_show(&session->progress, "%s, %s, %s", workload, mode, order->runtime->version);
  const uint64_t begun = wx_os_now_ns();
  if (wx_validate(order, run))
    return wx_problem(session->problem, -EINVAL, "%s, %s, %s: %s", workload, mode,
                      order->runtime->version, run->problem);
  const int failed =
      matrix->folder ? wx_matrix_keep(matrix, order, run, live, wx_os_now_ns() - begun) : 0;
  return failed ? wx_problem(session->problem, -EINVAL, "cannot keep a row in '%s': %s",
                             matrix->folder, strerror(-failed))
                : 0;
}

WxValidationOrder wx_validate_order(const WxValidateSession *session,
                                    const WxParameters *parameters,
                                    const WxInstalledRuntime *runtime, size_t mode,
                                    const WxBeside *beside) {
  return (WxValidationOrder){
      .parameters = parameters,
      .runtime = runtime,
      .mode = session->modes[mode],
      .program = session->program,
      .preload = session->preload,
      .beside = session->modes[mode]->live ? beside : NULL,
      .memory_limit = wx_validate_memory_limit(session->asked),
      .time_limit_ns = session->asked->time_limit_ns,
  };
}

static int run_mode(WxValidateSession *session, const WxLoadedScenario *loaded,
                    const WxInstalledRuntime *runtime, Runs *runs, size_t index) {
  const WxMode *mode = session->modes[index];
  WxLive *live = &runs->live[index];
  const WxBeside beside = wx_live_beside(live);
  const WxValidationOrder order =
      wx_validate_order(session, &loaded->parameters, runtime, index, &beside);
  WxValidation *run = &runs->runs[index];
  const bool taken =
      session->matrix.folder && wx_matrix_take(&session->matrix, &order, run, &runs->rows[index]);
  const int failed = taken ? 0 : measure(session, &order, run, live);
  runs->results[index] = run->result;
  if (!failed && mode->live && wx_live_was_refused(&run->ended))
    runs->results[index].skipped = run->ended.text;
  return failed;
}

// A workload on a runtime that is run again and again.
typedef struct {
  WxValidateSession *session;
  const WxLoadedScenario *loaded;
  const WxInstalledRuntime *runtime;
} Again;

static int run_again(void *context, size_t mode, uint64_t memory_limit, uint64_t time_limit_ns,
                     WxValidation *run) {
  const Again *again = context;
  WxValidateSession *session = again->session;
  WxLive live = {0};
  const WxBeside beside = wx_live_beside(&live);
  WxValidationOrder order =
      wx_validate_order(session, &again->loaded->parameters, again->runtime, mode, &beside);
  order.unsampled = true;
  order.memory_limit = memory_limit;
  order.time_limit_ns = time_limit_ns;
  return wx_validate(&order, run) ? wx_problem(session->problem, -EINVAL, "%s, %s, %s: %s",
                                               again->loaded->scenario->name, order.mode->name,
                                               again->runtime->version, run->problem)
                                  : 0;
}

static int find_smallest(WxValidateSession *session, const WxAgain *again, Runs *runs) {
  int failed = 0;
  for (size_t i = 0; i < session->mode_count && !failed; ++i)
    if (wx_result_ran(&runs->results[i]))
      failed = wx_validate_smallest(session, again, i, &runs->runs[i], true, &runs->smallest[i]);
  return failed;
}

// What is measured after each mode was looked at once.
static int measure_again(WxValidateSession *session, const WxLoadedScenario *loaded,
                         const WxInstalledRuntime *runtime, Runs *runs) {
  char subject[SUBJECT];
  snprintf(subject, sizeof subject, "%s, %s", loaded->scenario->name, runtime->version);
  Again context = {session, loaded, runtime};
  const WxAgain again = {subject, run_again, &context};
  int failed = 0;
  if (session->asked->repeat)
    failed = wx_validate_repeat(session, &again, runs->results, &runs->repeat);
  if (!failed && session->asked->smallest_step)
    failed = find_smallest(session, &again, runs);
  return failed;
}

// The row of a run for which there is no runtime.
static int skip_mode(const WxValidateSession *session, const WxLoadedScenario *loaded,
                     const WxInstalledRuntime *runtime, Runs *runs, size_t index) {
  runs->results[index] = (WxResult){.workload = loaded->scenario->name,
                                    .mode = session->modes[index]->name,
                                    .runtime = runtime->version,
                                    .skipped = session->missing};
  return 0;
}

static int run_modes(WxValidateSession *session, const WxLoadedScenario *loaded,
                     const WxInstalledRuntime *runtime, Runs *runs) {
  int failed = 0;
  // In a matrix each mode comes first, second ... equally often.
  const size_t turn = session->matrix.folder ? session->matrix.groups++ : 0;
  for (size_t i = 0; i < session->mode_count && !failed; ++i) {
    const size_t mode = session->matrix.folder ? wx_turn(session->mode_count, turn, i) : i;
    failed = *session->missing ? skip_mode(session, loaded, runtime, runs, mode)
                               : run_mode(session, loaded, runtime, runs, mode);
  }
  if (!failed)
    failed = measure_again(session, loaded, runtime, runs);
  for (size_t i = 0; i < session->mode_count && !failed; ++i)
    if (judge(session, &loaded->parameters, runs, i))
      failed = wx_problem(session->problem, -EINVAL, "out of memory");
  return failed;
}

static int load(WxValidateSession *session, const char *name, WxLoadedScenario *loaded) {
  const WxSettings *settings = &session->asked->settings;
  const WxScenarioAsked asked = {"workload", "scenarios/workloads", name, settings->items,
                                 settings->count};
  const int failed = wx_loaded_scenario(&asked, loaded, session->problem);
  if (failed)
    return failed;
  if (loaded->scenario->workload)
    return 0;
  wx_loaded_free(loaded);
  return wx_problem(session->problem, -EINVAL,
                    "%s is no workload of the real runtime (try wxbench run)", name);
}

static int check_workload(WxValidateSession *session, const char *name,
                          const WxInstalledRuntime *runtime) {
  (void)runtime;
  WxLoadedScenario loaded;
  const int failed = load(session, name, &loaded);
  if (!failed)
    wx_loaded_free(&loaded);
  return failed;
}

static int compare_model(WxValidateSession *session, const WxLoadedScenario *loaded,
                         const WxInstalledRuntime *runtime) {
  const WxFidelityOrder order = {
      .parameters = &loaded->parameters,
      .runtime = runtime,
      .program = session->program,
      .recorder = session->recorder,
      .runs = (size_t)session->asked->fidelity,
      .time_limit_ns = session->asked->time_limit_ns,
  };
  WxDocument *document = session->document;
  WxEndings *endings = &session->endings;
  if (*session->missing) {
    wx_fidelity_document_skip(document, &order, session->missing, endings);
    return 0;
  }
  wx_progress_show(&session->progress, "%s, %s, %zu runs and the model", loaded->scenario->name,
                   runtime->version, order.runs);
  WxFidelity fidelity;
  const int failed = wx_fidelity(&order, &fidelity);
  if (failed == -ENOTSUP)
    wx_fidelity_document_skip(document, &order, fidelity.problem, endings);
  else if (failed)
    wx_fidelity_document_fail(document, &fidelity, &order, endings);
  else
    wx_fidelity_document_add(document, &fidelity, &order, endings);
  wx_fidelity_free(&fidelity);
  return 0;
}

static int run_workload(WxValidateSession *session, const char *name,
                        const WxInstalledRuntime *runtime) {
  WxLoadedScenario loaded;
  int failed = load(session, name, &loaded);
  if (failed)
    return failed;
  Runs runs = {0};
  failed = session->asked->fidelity ? compare_model(session, &loaded, runtime)
                                    : run_modes(session, &loaded, runtime, &runs);
  wx_repeat_free(&runs.repeat);
  for (size_t i = 0; i < session->mode_count; ++i) {
    wx_validation_free(&runs.runs[i]);
    wx_smallest_free(&runs.smallest[i]);
  }
  for (size_t i = 0; i < session->mode_count; ++i)
    json_decref(runs.rows[i]);
  wx_loaded_free(&loaded);
  return failed;
}

static const char *const of_matrix[] = {"asm", "alc", "dyn", "regex", "expr"};

// The `index`-th workload that was asked for, NULL at the end.
static const char *workload_at(const WxValidateAsked *asked, size_t index) {
  const size_t usual = asked->matrix ? sizeof of_matrix / sizeof *of_matrix : 1;
  if (asked->workloads.count)
    return index < asked->workloads.count ? asked->workloads.items[index] : NULL;
  return index < usual ? of_matrix[index] : NULL;
}

size_t wx_validate_workload_count(const WxValidateAsked *asked) {
  size_t count = 0;
  while (workload_at(asked, count))
    ++count;
  return count;
}

static int each_workload(WxValidateSession *session, const WxInstalledRuntime *runtime,
                         int (*visit)(WxValidateSession *, const char *,
                                      const WxInstalledRuntime *)) {
  const char *name;
  int failed = 0;
  for (size_t i = 0; !failed && (name = workload_at(session->asked, i)); ++i)
    failed = visit(session, name, runtime);
  return failed;
}

int wx_validate_check_workloads(WxValidateSession *session) {
  return each_workload(session, NULL, check_workload);
}

int wx_validate_workloads(WxValidateSession *session, const WxInstalledRuntime *runtime) {
  return each_workload(session, runtime, run_workload);
}
