#include "cli/validate_repeat.h"

#include "cli/say.h"
#include "output/json.h"
#include "output/paired_table.h"
#include "output/result.h"
#include "stats/turns.h"

#include <string.h>

enum { BASE, AGAIN, NONE = WX_TURNS_VARIANTS };

// What a run of a variant needs to know.
typedef struct {
  const WxValidateSession *session;
  const WxAgain *again;
  const WxRepeat *repeat;
} Repeating;

static int run_variant(void *context, size_t variant, WxValidation *run) {
  const Repeating *repeating = context;
  const WxValidateAsked *asked = repeating->session->asked;
  const WxAgain *again = repeating->again;
  return again->run(again->context, repeating->repeat->modes[variant], asked->memory_limit,
                    asked->time_limit_ns, run);
}

// The mode that the others are compared with: `on`, else the first that ran; `mode_count` where
// none did.
static size_t choose_base(const WxValidateSession *session, const WxResult results[]) {
  size_t base = session->mode_count;
  for (size_t i = session->mode_count; i-- > 0;)
    if (wx_result_ran(&results[i]) &&
        (base == session->mode_count || strcmp(results[base].mode, "on") != 0 ||
         strcmp(results[i].mode, "on") == 0))
      base = i;
  return base;
}

static void add_variant(WxRepeat *repeat, const WxValidateSession *session, size_t mode) {
  repeat->modes[repeat->turns.count] = mode;
  repeat->turns.variants[repeat->turns.count++].name = session->modes[mode]->name;
}

static int run_rounds(WxValidateSession *session, const Repeating *repeating, WxTurns *turns) {
  const size_t rounds = wx_turns_rounds(turns->count, (size_t)session->asked->repeat);
  int status = 0;
  while (status == 0 && turns->rounds < rounds && wx_turns_go_on(turns)) {
    wx_progress_show(&session->progress, "%s: round %zu of %zu in turns", repeating->again->subject,
                     turns->rounds + 1, rounds);
    status = wx_turns_round(turns);
  }
  return status;
}

int wx_repeat_run(WxValidateSession *session, const WxAgain *again, const WxResult results[],
                  WxRepeat *repeat) {
  const size_t base = choose_base(session, results);
  if (base == session->mode_count)
    return 0;
  add_variant(repeat, session, base);
  add_variant(repeat, session, base);
  for (size_t i = 0; i < session->mode_count; ++i)
    if (i != base && wx_result_ran(&results[i]))
      add_variant(repeat, session, i);
  Repeating repeating = {session, again, repeat};
  repeat->turns.start = run_variant;
  repeat->turns.context = &repeating;
  if (wx_turns_begin(&repeat->turns))
    return wx_cli_fail(session->verb, "out of memory");
  return run_rounds(session, &repeating, &repeat->turns);
}

/* As JSON
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
  if (object && !wx_json_set(object, key, value))
    return object;
  if (!object)
    json_decref(value);
  json_decref(object);
  return NULL;
}

static size_t variant_of(const WxRepeat *repeat, size_t mode) {
  for (size_t i = repeat->turns.count; i-- > 0;)
    if (repeat->modes[i] == mode) // Of the base: its second time, which is compared with the first.
      return i;
  return NONE;
}

static json_t *with_ratios(json_t *time, const WxTurns *turns, size_t variant) {
  for (WxTurnsMetric metric = 0; metric < WX_TURNS_METRICS; ++metric) {
    WxPaired paired;
    if (!wx_turns_compare(turns, variant, metric, &paired))
      time = with(time, wx_turns_metric_name(metric), wx_paired_json(&paired));
  }
  return time;
}

json_t *wx_repeat_json(const WxRepeat *repeat, size_t index, const WxEnded **ended, bool *lost) {
  const WxTurns *turns = &repeat->turns;
  const size_t variant = variant_of(repeat, index);
  *ended = NULL;
  *lost = false;
  if (variant == NONE)
    return NULL;
  const bool is_base = variant == AGAIN;
  const size_t first = is_base ? BASE : variant;
  const size_t left = turns->variants[first].left ? first : variant;
  json_t *time = json_pack("{s:s, s:I}", "base", turns->variants[BASE].name, "rounds",
                           (json_int_t)turns->rounds);
  if (turns->variants[left].left) {
    *ended = &turns->variants[left].ended;
    time = with(time, "ended", wx_ended_json(*ended));
  }
  time = with_ratios(time, turns, variant);
  if (!turns->variants[left].left)
    time = with(time, "runs", runs_json(turns, first));
  if (is_base && !*ended)
    time = with(time, "runs_again", runs_json(turns, AGAIN));
  *lost = !time;
  return time;
}

void wx_repeat_free(WxRepeat *repeat) {
  wx_turns_free(&repeat->turns);
}
