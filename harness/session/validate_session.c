// Which modes, which program and which runtimes.
#include "session/validate_session.h"

#include "scenario/built.h"
#include "stats/turns.h"
#include "stats/units.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static int choose_mode(WxValidateSession *session, const char *name) {
  const WxMode *mode = wx_mode_find(name);
  if (!mode)
    return wx_problem_unknown_word(session->problem, "mode", name, wx_mode_name);
  for (size_t i = 0; i < session->mode_count; ++i)
    if (session->modes[i] == mode)
      return wx_problem(session->problem, -EINVAL, "mode '%s' is given twice", name);
  session->modes[session->mode_count++] = mode;
  return 0;
}

static int choose_modes(WxValidateSession *session) {
  // The last in a matrix, of a command, and in a memory group.
  static const char *const usual[] = {"on", "off", "preload", "live"};
  const WxValidateAsked *asked = session->asked;
  const WxNames *named = &asked->modes;
  const bool all = asked->matrix || asked->command || asked->memory_limit || asked->smallest_step;
  const size_t usual_count = sizeof usual / sizeof *usual - !all;
  const size_t count = named->count ? named->count : usual_count;
  int failed = 0;
  for (size_t i = 0; i < count && !failed; ++i)
    failed = choose_mode(session, named->count ? named->items[i] : usual[i]);
  return failed;
}

static int find_files(WxValidateSession *session) {
  int failed = wx_built_workload(session->program, session->problem);
  if (!failed)
    failed = wx_built_preload("libwxreclaim.so", session->preload, session->problem);
  if (!failed && session->asked->fidelity)
    failed = wx_built_preload("libwxrecord.so", session->recorder, session->problem);
  return failed;
}

// What is done with each runtime.
typedef int Visit(WxValidateSession *session, const WxInstalledRuntime *runtime);

static int visit_all(WxValidateSession *session, const WxRuntimes *runtimes, Visit *visit) {
  int failed = 0;
  for (size_t i = 0; i < runtimes->count && !failed; ++i)
    failed = visit(session, &runtimes->items[i]);
  return failed;
}

static int visit_folder(WxValidateSession *session, const char *folder, Visit *visit) {
  WxRuntimes runtimes = {0};
  const int failed = wx_runtimes_in(folder, &runtimes)
                         ? wx_problem(session->problem, -EINVAL,
                                      "%s: no runtime in this folder; expected dotnet and "
                                      "shared/Microsoft.NETCore.App/VERSION in it",
                                      folder)
                         : visit_all(session, &runtimes, visit);
  wx_runtimes_free(&runtimes);
  return failed;
}

// All that is named is looked for before the first of it is run.
static int exists(WxValidateSession *session, const WxInstalledRuntime *runtime) {
  (void)runtime;
  ++session->present;
  return 0;
}

static int begin_matrix(WxValidateSession *session, size_t runtimes) {
  WxMatrix *matrix = &session->matrix;
  matrix->folder = session->asked->matrix;
  if (!matrix->folder)
    return 0;
  matrix->rows = runtimes * wx_validate_workload_count(session->asked) * session->mode_count;
  const int failed = wx_matrix_begin(matrix);
  return failed ? wx_problem(session->problem, -EINVAL, "cannot keep the rows in '%s': %s",
                             matrix->folder, strerror(-failed))
                : 0;
}

// One of several that is not here is a row like the others.
static int visit_missing(WxValidateSession *session, const char *version, Visit *visit) {
  if (wx_no_runtime_why(version, session->missing, sizeof session->missing) == -EINVAL)
    return wx_problem(session->problem, -EINVAL, "%s", session->missing);
  const WxInstalledRuntime none = {.version = (char *)version};
  const int failed = visit == exists ? 0 : visit(session, &none);
  *session->missing = '\0';
  if (!session->absent)
    session->absent = version;
  return failed;
}

static int visit_version(WxValidateSession *session, const WxRuntimes *found, const char *version,
                         Visit *visit) {
  const WxInstalledRuntime *runtime = wx_runtimes_pick(found, version);
  if (runtime)
    return visit(session, runtime);
  return visit_missing(session, version, visit);
}

static bool is_folder(const char *name) {
  return strchr(name, '/') != NULL || access(name, F_OK) == 0;
}

static int refuse_runtime(const WxValidateSession *session, const char *version) {
  return wx_no_runtime(version, session->problem);
}

static int visit_runtimes(WxValidateSession *session, const WxRuntimes *found, Visit *visit) {
  const WxNames *named = &session->asked->runtimes;
  if (named->count == 0)
    return found->count ? visit_all(session, found, visit) : refuse_runtime(session, NULL);
  int failed = 0;
  for (size_t i = 0; i < named->count && !failed; ++i)
    failed = is_folder(named->items[i]) ? visit_folder(session, named->items[i], visit)
                                        : visit_version(session, found, named->items[i], visit);
  return failed;
}

uint64_t wx_validate_memory_limit(const WxValidateAsked *asked) {
  return asked->smallest_step ? WX_UNCONFINED : asked->memory_limit;
}

// Whether a memory group can be made here.
static int try_group(const WxValidateSession *session) {
  WxMemoryGroup group;
  const int failed = wx_memory_group_make(&group, 0, "");
  wx_memory_group_remove(&group);
  if (failed == -ENOTSUP)
    return wx_problem(session->problem, -ENOTSUP,
                      "no memory group can be made here: no memory controller is to "
                      "be seen below /sys/fs/cgroup");
  return failed ? wx_problem(session->problem, -ENOTSUP, "no memory group can be made here: %s",
                             strerror(-failed))
                : 0;
}

int wx_validate_all(WxValidateSession *session) {
  int failed = choose_modes(session);
  if (!failed && wx_validate_memory_limit(session->asked))
    failed = try_group(session);
  if (!failed && session->asked->command)
    return wx_validate_command(session);
  if (!failed)
    failed = wx_validate_check_workloads(session);
  if (failed)
    return failed;
  WxRuntimes found;
  failed = wx_runtimes_find(&found);
  if (failed)
    return wx_problem(session->problem, -EINVAL, "cannot look for runtimes: %s", strerror(-failed));
  failed = visit_runtimes(session, &found, exists);
  if (!failed && session->present == 0)
    failed = refuse_runtime(session, session->absent);
  if (!failed)
    failed = find_files(session);
  if (!failed)
    failed = begin_matrix(session, session->present);
  if (!failed)
    failed = visit_runtimes(session, &found, wx_validate_workloads);
  wx_runtimes_free(&found);
  return failed;
}

/* Again and again
 * -------------------------------------------------------------------------------------------------
 */

/// What a run of one mode needs to know.
typedef struct {
  WxValidateSession *session;
  const WxAgain *again;
  const WxRepeat *repeat;
  size_t mode;
} Repeating;

static int run_within(void *context, uint64_t limit, uint64_t time_limit_ns, WxValidation *run) {
  const Repeating *repeating = context;
  const WxAgain *again = repeating->again;
  char text[WX_UNITS_TEXT];
  wx_progress_show(&repeating->session->progress, "%s, %s: within %s", again->subject,
                   repeating->session->modes[repeating->mode]->name,
                   wx_units_format_bytes(text, (WxFigure)limit));
  return again->run(again->context, repeating->mode, limit, time_limit_ns, run);
}

int wx_validate_smallest(WxValidateSession *session, const WxAgain *again, size_t mode,
                         const WxValidation *first, bool compared, WxSmallest *smallest) {
  Repeating repeating = {.session = session, .again = again, .mode = mode};
  const WxSmallestOrder order = {.first = first,
                                 .compared = compared,
                                 .step = session->asked->smallest_step,
                                 .time_limit_ns = session->asked->time_limit_ns,
                                 .run = run_within,
                                 .context = &repeating};
  return wx_smallest_find(&order, smallest);
}

static int run_variant(void *context, size_t variant, WxValidation *run) {
  const Repeating *repeating = context;
  const WxValidateAsked *asked = repeating->session->asked;
  const WxAgain *again = repeating->again;
  return again->run(again->context, repeating->repeat->modes[variant], asked->memory_limit,
                    asked->time_limit_ns, run);
}

int wx_validate_repeat(WxValidateSession *session, const WxAgain *again, const WxResult results[],
                       WxRepeat *repeat) {
  Repeating repeating = {.session = session, .again = again, .repeat = repeat};
  WxTurns *turns = &repeat->turns;
  wx_repeat_choose(repeat, results, session->mode_count);
  if (turns->count == 0)
    return 0;
  turns->start = run_variant;
  turns->context = &repeating;
  if (wx_turns_begin(turns))
    return wx_problem(session->problem, -EINVAL, "out of memory");
  const size_t rounds = wx_turns_rounds(turns->count, (size_t)session->asked->repeat);
  int failed = 0;
  while (!failed && turns->rounds < rounds && wx_turns_go_on(turns)) {
    wx_progress_show(&session->progress, "%s: round %zu of %zu in turns", again->subject,
                     turns->rounds + 1, rounds);
    failed = wx_turns_round(turns);
  }
  return failed;
}
