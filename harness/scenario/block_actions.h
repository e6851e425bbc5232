/**
   @file block_actions.h
   The actions on plain blocks: real mappings, real writes, functions that are run and checked.
*/
#ifndef WX_SCENARIO_BLOCK_ACTIONS_H
#define WX_SCENARIO_BLOCK_ACTIONS_H

#include "scenario/play.h"

/// Which blocks to make.
typedef struct {
  WxGroup *group;
  size_t count;
  size_t size; ///< Bytes each, whole pages.
  size_t code; ///< Bytes of the function in each.
} WxBlockPlan;

/// Resolves the fields of an action for the current round.
int wx_block_plan(const WxAction *action, WxPlay *play, WxBlockPlan *plan);

/// Reserves the blocks and adds them to the group.
int wx_blocks_reserve(WxPlay *play, const WxBlockPlan *plan);

/// As wx_blocks_reserve(), and writes a function into each and runs it.
int wx_blocks_generate(WxPlay *play, const WxBlockPlan *plan);

/// Commits pairs of `stride` bytes, executable and writable in turn, and writes one byte into each
/// part.
int wx_blocks_interleave(WxPlay *play, const char *name, size_t stride);

/// Replaces each function of the group by another one and runs it.
int wx_blocks_rewrite(WxPlay *play, const char *name);

/// Forks a child that does wx_blocks_rewrite() and ends, and waits for it. -EIO where the child
/// failed.
int wx_blocks_fork(WxPlay *play, const char *name);

/// Runs each function of the group.
int wx_blocks_call(WxPlay *play, const char *name);

/// Releases blocks of the group in the given order (NULL: oldest first).
int wx_blocks_release(WxPlay *play, const char *name, const char *order);

/// The name of the `index`-th order, NULL at the end.
const char *wx_blocks_order(size_t index);

#endif
