/**
   @file run_turns.h
   Whole runs of a real program, variant by variant, in turns (stats/turns.h): what they took.
*/
#ifndef WX_SCENARIO_RUN_TURNS_H
#define WX_SCENARIO_RUN_TURNS_H

#include "scenario/validation.h"
#include "stats/paired.h"

#include <stdbool.h>

enum { WX_TURNS_VARIANTS = 8, WX_TURNS_ROUNDS = 1000 };

/// What is measured of a run.
typedef enum { WX_WALL, WX_PROCESSOR, WX_USER, WX_SYSTEM, WX_TURNS_METRICS } WxTurnsMetric;

/// For machines: wall, processor, user or system.
const char *wx_turns_metric_name(WxTurnsMetric metric);

/// One run.
typedef struct {
  size_t place; ///< In its round, from 0.
  double seconds[WX_TURNS_METRICS];
  WxFigure minor_faults;
} WxTurnsRun;

/// One of the variants. The first one is the base, the second one the base once more: the noise.
typedef struct {
  const char *name;
  bool left; ///< It did not run to its end once, and takes part no more; `ended` says how.
  WxEnded ended;
  WxTurnsRun *runs; ///< One a round.
} WxTurnsVariant;

/// Runs variant `variant` once, with its times only. Returns 0 with `run` filled, which is freed by
/// the caller; anything else ends the measurement.
typedef int WxTurnsStart(void *context, size_t variant, WxValidation *run);

/// The measurement. Start with count, names, start and context, then wx_turns_begin(); end with
/// wx_turns_free().
typedef struct {
  WxTurnsVariant variants[WX_TURNS_VARIANTS];
  size_t count;
  WxTurnsStart *start;
  void *context;
  size_t rounds;    ///< Whole rounds so far, WX_TURNS_ROUNDS at most.
  bool interrupted; ///< No more rounds are made.
} WxTurns;

/// Makes room. Returns 0 or -ENOMEM.
int wx_turns_begin(WxTurns *turns);

/// Whether another round makes sense: the base is there, and nobody interrupted it.
bool wx_turns_go_on(const WxTurns *turns);

/// Makes one round. A variant that does not run to its end leaves; if it is the base, or when this
/// process is told to end, the round does not count. Returns 0, or what the start of a run
/// returned.
int wx_turns_round(WxTurns *turns);

/// Compares a variant, by its index, with the base. Returns 0; -ENODATA without a round, where the
/// variant or the base has left, or where a time is 0; -ENOMEM.
int wx_turns_compare(const WxTurns *turns, size_t variant, WxTurnsMetric metric, WxPaired *paired);

void wx_turns_free(WxTurns *turns);

/* The modes of one workload, or of one command: `on` (or else the first of them that ran) twice a
 * round
 * -------------------------------------------------------------------------------------------------
 */

/// The measurement. Start with {0}, end with wx_repeat_free().
typedef struct {
  WxTurns turns;
  size_t modes[WX_TURNS_VARIANTS]; ///< Of each variant: the index of its mode.
} WxRepeat;

enum { WX_REPEAT_BASE, WX_REPEAT_AGAIN, WX_REPEAT_NONE = WX_TURNS_VARIANTS };

/// Chooses all modes whose `results` did run to their end; none of them: repeat->turns.count is 0.
void wx_repeat_choose(WxRepeat *repeat, const WxResult results[], size_t count);

/// The variant that is compared of mode `mode`: of the base its second time. WX_REPEAT_NONE where
/// it takes no part.
size_t wx_repeat_variant(const WxRepeat *repeat, size_t mode);

void wx_repeat_free(WxRepeat *repeat);

#endif
