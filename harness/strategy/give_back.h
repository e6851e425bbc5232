/**
   @file give_back.h
   The ways in which a double-mapped block's pages are given back.
*/
#ifndef WX_STRATEGY_GIVE_BACK_H
#define WX_STRATEGY_GIVE_BACK_H

#include "strategy/double_mapping.h"

/// What the runtime does: maps the whole block writable in its place, fills it with zeros, unmaps
/// it. The pages stay in the file, and those that had never been touched are allocated by the fill.
int wx_give_back_by_zeroing(WxDoubleMapping *self, WxBlock *block);

/// The verb release by it.
int wx_release_by_zeroing(WxAllocator *allocator, void *base);

/// Unmaps the block and punches a hole where it was. A hole reads as zero, which is all that the
/// zero fill is for (dotnet/runtime PR 78069). Where none can be punched (a sealed file) the block
/// is filled with zeros.
int wx_give_back_by_punching(WxDoubleMapping *self, WxBlock *block);

#endif
