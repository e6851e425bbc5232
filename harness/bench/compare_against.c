#include "bench/compare_against.h"

#include "measure/observe.h"
#include "os/interrupt.h"
#include "output/json.h"
#include "output/progress.h"
#include "stats/turns.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Who runs in a round: the other program twice, for the noise, and this one.
enum { OTHER, AGAIN, THIS, SIDES };

enum { QUICK_ROUNDS = 9, USUAL_ROUNDS = 30, CAPTURED = 16 << 20 };

typedef struct {
  const WxAgainst *against;
  WxProblem *problem;
  WxProgress progress;
  uint64_t most_rounds;
  uint64_t rounds;      ///< So far.
  json_t *first[SIDES]; ///< What each said at first.
  size_t count;         ///< Results of the other program's first document.
  double *seconds;      ///< By side, result and round; not a number where there is none.
} Turns;

static double *seconds_at(const Turns *turns, size_t side, size_t result) {
  return turns->seconds + (side * turns->count + result) * turns->most_rounds;
}

/* One run of one program
 * -------------------------------------------------------------------------------------------------
 */

// The program and its arguments, to be freed; NULL where memory is out.
static char **arguments_of(const WxAgainst *against, size_t side) {
  static char *const fixed[] = {"bench", "strategies", "--rounds", "1", "--quiet", "--json", "-"};
  static char self[] = "/proc/self/exe", quick[] = "--quick", strategy[] = "--strategy",
              workload[] = "--workload";
  enum { FIXED = sizeof fixed / sizeof *fixed };
  const size_t most = FIXED + 3 + 2 * (against->strategies.count + against->workloads.count);
  char **arguments = calloc(most, sizeof *arguments);
  if (!arguments)
    return NULL;
  size_t count = 0;
  arguments[count++] = side == THIS ? self : (char *)against->program;
  for (size_t i = 0; i < FIXED; ++i)
    arguments[count++] = fixed[i];
  if (against->quick)
    arguments[count++] = quick;
  for (size_t i = 0; i < against->strategies.count; ++i) {
    arguments[count++] = strategy;
    arguments[count++] = (char *)against->strategies.items[i];
  }
  for (size_t i = 0; i < against->workloads.count; ++i) {
    arguments[count++] = workload;
    arguments[count++] = (char *)against->workloads.items[i];
  }
  return arguments;
}

static const char *name_of(const WxAgainst *against, size_t side) {
  return side == THIS ? "this program" : against->program;
}

static int say_failure(const Turns *turns, size_t side, const WxObserved *observed) {
  const char *text = observed->errors.length ? observed->errors.data : "it said nothing";
  return wx_problem(turns->problem, -EINVAL, "%s cannot be measured: %.*s",
                    name_of(turns->against, side), (int)strcspn(text, "\n"), text);
}

// Its document, the caller's.
static int run_side(const Turns *turns, size_t side, json_t **document) {
  char **arguments = arguments_of(turns->against, side);
  if (!arguments)
    return wx_problem(turns->problem, -EINVAL, "out of memory");
  const WxObserveOptions options = {.argv = arguments,
                                    .output = WX_STREAM_CAPTURE,
                                    .errors = WX_STREAM_CAPTURE,
                                    .capture_limit = CAPTURED};
  WxObserved observed = {0};
  const int failed = wx_observe(&options, &observed);
  char problem[WX_PROBLEM];
  int status = 0;
  if (failed)
    status = wx_problem(turns->problem, -EINVAL, "cannot start %s: %s",
                        name_of(turns->against, side), strerror(-failed));
  else if (!observed.output.length)
    status = say_failure(turns, side, &observed);
  else if (wx_document_parse(name_of(turns->against, side), observed.output.data,
                             observed.output.length, document, problem))
    status = wx_problem(turns->problem, -EINVAL, "%s", problem);
  wx_observed_free(&observed);
  free(arguments);
  return status;
}

/* All turns
 * -------------------------------------------------------------------------------------------------
 */

static bool same_text(const json_t *one, const json_t *other, const char *key) {
  const char *a = wx_json_get_text(one, key), *b = wx_json_get_text(other, key);
  return a == b || (a && b && strcmp(a, b) == 0);
}

static const json_t *find(const json_t *document, const json_t *like) {
  const json_t *results = json_object_get(document, "results");
  for (size_t i = 0; i < json_array_size(results); ++i) {
    const json_t *result = json_array_get(results, i);
    if (same_text(result, like, "workload") && same_text(result, like, "strategy") &&
        same_text(result, like, "peer"))
      return result;
  }
  return NULL;
}

static void take(Turns *turns, size_t side, const json_t *document) {
  const json_t *results = json_object_get(turns->first[OTHER], "results");
  for (size_t i = 0; i < turns->count; ++i) {
    const json_t *found = find(document, json_array_get(results, i));
    const json_t *sample = json_array_get(json_object_get(found, "samples_ns"), 0);
    seconds_at(turns, side, i)[turns->rounds] =
        json_is_number(sample) ? json_number_value(sample) / 1e9 : NAN;
  }
}

// The first document says how many results there are.
static int begin(Turns *turns) {
  int status = run_side(turns, OTHER, &turns->first[OTHER]);
  if (status)
    return status;
  turns->count = json_array_size(json_object_get(turns->first[OTHER], "results"));
  turns->seconds = calloc(SIDES * turns->count * turns->most_rounds + 1, sizeof *turns->seconds);
  if (!turns->seconds)
    return wx_problem(turns->problem, -EINVAL, "out of memory");
  return run_side(turns, THIS, &turns->first[THIS]);
}

static int run_round(Turns *turns) {
  for (size_t place = 0; place < SIDES; ++place) {
    const size_t side = wx_turn(SIDES, turns->rounds, place);
    json_t *document = NULL;
    wx_progress_show(&turns->progress, "round %ju of %ju: %s", (uintmax_t)turns->rounds + 1,
                     (uintmax_t)turns->most_rounds, name_of(turns->against, side));
    const int status = run_side(turns, side, &document);
    if (status)
      return status;
    take(turns, side, document);
    json_decref(document);
  }
  ++turns->rounds;
  return 0;
}

static void add_times(const Turns *turns, WxComparison *comparison, bool *lost) {
  const json_t *results = json_object_get(turns->first[OTHER], "results");
  for (size_t i = 0; i < turns->count; ++i) {
    const json_t *result = json_array_get(results, i);
    const double *other = seconds_at(turns, OTHER, i);
    const char *strategy = wx_json_get_text(result, "strategy");
    WxPaired paired;
    const int failed = wx_paired_compare(other, seconds_at(turns, AGAIN, i),
                                         seconds_at(turns, THIS, i), turns->rounds, &paired);
    *lost |= failed == -ENOMEM;
    if (failed || (strategy && strstr(strategy, " again")))
      continue; // One of them did not run to its end.
    WxInterval before;
    const char *operation =
        json_object_iter_key(json_object_iter(json_object_get(result, "time_ns")));
    char metric[96];
    snprintf(metric, sizeof metric, "time_ns.%.64s", operation ? operation : "");
    *lost |= wx_interval_median(other, turns->rounds, 1, &before) == -ENOMEM ||
             wx_compare_add_ratio(comparison, result, metric,
                                  wx_json_figure((WxFigure)llround(before.median * 1e9)),
                                  wx_json_figure((WxFigure)llround(paired.median.median * 1e9)),
                                  &paired, turns->against->ratios);
  }
}

static int compare(const Turns *turns, WxComparison *comparison) {
  const char *const names[2] = {name_of(turns->against, OTHER), name_of(turns->against, THIS)};
  char problem[WX_PROBLEM];
  bool lost = false;
  if (wx_compare(turns->first[OTHER], turns->first[THIS], names, WX_RATIOS_LEFT_OUT, comparison,
                 problem))
    return wx_problem(turns->problem, -EINVAL, "%s", problem);
  add_times(turns, comparison, &lost);
  if (!lost)
    return 0;
  wx_comparison_free(comparison);
  return wx_problem(turns->problem, -EINVAL, "out of memory");
}

int wx_compare_against(const WxAgainst *against, WxComparison *comparison, WxProblem *problem) {
  Turns turns = {.against = against,
                 .problem = problem,
                 .progress = wx_progress_begin(against->quiet),
                 .most_rounds = against->rounds  ? against->rounds
                                : against->quick ? QUICK_ROUNDS
                                                 : USUAL_ROUNDS};
  (void)wx_os_interrupt_begin();
  int status = begin(&turns);
  while (status == 0 && turns.rounds < turns.most_rounds && !wx_os_interrupted())
    status = run_round(&turns);
  wx_progress_end(&turns.progress);
  if (status == 0 && turns.rounds == 0)
    status = wx_problem(problem, -EINVAL, "interrupted before the first round");
  if (status == 0)
    status = compare(&turns, comparison);
  json_decref(turns.first[OTHER]);
  json_decref(turns.first[THIS]);
  free(turns.seconds);
  return status;
}
