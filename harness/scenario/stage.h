/**
   @file stage.h
   The state of a play: the live blocks by group, and what was counted.
*/
#ifndef WX_SCENARIO_STAGE_H
#define WX_SCENARIO_STAGE_H

#include "clr/versions.h"
#include "measure/steps.h"
#include "os/steady.h"
#include "scenario/parameters.h"
#include "strategy/verb_figures.h"

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

/// A modelled runtime in a play (model.h).
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

#endif
