/**
   @file play.h
   A scenario played on a strategy, round by round; here or in a process that was executed for it.
*/
#ifndef WX_SCENARIO_PLAY_H
#define WX_SCENARIO_PLAY_H

#include "clr/versions.h"
#include "measure/fresh.h"
#include "measure/steps.h"
#include "os/steady.h"
#include "scenario/parameters.h"
#include "strategy/verb_figures.h"

/* The state of a play: the live blocks by group, and what was counted
 * -------------------------------------------------------------------------------------------------
 */

enum { WX_GROUP_NAME = 32 };

/// A live block and the function in it.
typedef struct {
  char *base;
  size_t size;
  size_t code;       ///< Bytes of its function, 0 where none was written.
  size_t written;    ///< Bytes of pages that were written.
  uint64_t identity; ///< Of the function.
} WxPlayBlock;

/// Blocks that are released together.
typedef struct {
  char name[WX_GROUP_NAME];
  WxPlayBlock *blocks;
  size_t count;
  size_t capacity;
} WxGroup;

/// What the player tells its observer beside the step protocol; lies in memory that both map.
typedef struct {
  int64_t reserved_bytes; ///< Whole live blocks, at the last step.
  int64_t mappings;       ///< The strategy's own.
  int64_t wx_pages; ///< Pages of the strategy that are writable and executable in one mapping.
  WxCost cost;
  WxVerbDurations durations;
  uint64_t minor_faults;         ///< Of all rounds.
  uint64_t failures;             ///< Actions that failed where they may.
  char path[WX_STRATEGY_NAME];   ///< The strategy that ran; another one after a fall-back.
  int error;                     ///< 0, or the negative errno that ended the play.
  char problem[WX_PROBLEM_SIZE]; ///< What failed, where.
} WxPlayReport;

/// A modelled runtime in a play (model_actions.h).
typedef struct WxModelPlay WxModelPlay;

/// The state of a play.
typedef struct {
  const WxParameters *parameters;
  WxAllocator *allocator;
  WxStepChannel channel;
  WxPlayReport *report;
  const WxSteady *steady; ///< This process's own pages; NULL in a test.
  uint64_t own_faults;    ///< Faults on those pages while the rounds ran.
  WxGroup *groups;
  size_t group_count;
  uint64_t round;    ///< From 1; 0 before the first.
  uint64_t identity; ///< Of the last function written.
  uint64_t live_bytes;
  uint64_t reserved_bytes;
  const WxClrVersion *version; ///< Which runtime `model` is.
  WxModelPlay *model;          ///< NULL before an action needs it.
} WxPlay;

/// The group of that name, made where it is not there yet. NULL if memory is out.
WxGroup *wx_play_group(WxPlay *play, const char *name);

/// Releases block `index` of a group; the last block takes its place.
int wx_play_release(WxPlay *play, WxGroup *group, size_t index);

/// Says a step, with the figures of this moment in the report.
int wx_play_step(WxPlay *play, const char *name);

/* Playing
 * -------------------------------------------------------------------------------------------------
 */

/// What is to be played.
typedef struct {
  const WxParameters *parameters;
  const WxStrategy *strategy;
  WxStrategyOptions options;
  const WxClrVersion *version; ///< Of the runtime that actions on a model get.
  WxPlayReport *report;
  const WxSteady *steady; ///< Of this process; NULL where it was not made steady.
} WxPlayOrder;

/// Plays all rounds: says step `start`, opens the strategy, does the rounds, releases what is live
/// unless the scenario keeps it, says step `end`, closes. Returns 0 or a negative errno; `report`
/// says what failed.
int wx_play(const WxPlayOrder *order, WxStepChannel channel);

/* In a process that was executed for it
 * -------------------------------------------------------------------------------------------------
 */

/// Makes `fresh` of `order`, whose `report` is not read: `fresh->report` is the WxPlayReport of the
/// play. Returns 0 or a negative errno; the caller ends with wx_fresh_close().
int wx_play_order_open(WxFresh *fresh, const WxPlayOrder *order);

#endif
