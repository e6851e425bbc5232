/**
   @file model_actions.h
   The actions on a modelled .NET runtime (clr/clr_process.h): assemblies, types, methods,
   collections.

   The runtime is opened and started by the first of them, over the strategy of the play.
*/
#ifndef WX_SCENARIO_MODEL_ACTIONS_H
#define WX_SCENARIO_MODEL_ACTIONS_H

#include "scenario/play.h"

/// `count` collectible assemblies into a group, each with `size` bytes of data beside its types.
int wx_model_assembly(const WxAction *action, WxPlay *play);

/// In each assembly of the group `count` types (one without it) of `methods` methods.
int wx_model_type(const WxAction *action, WxPlay *play);

/// In each assembly of the group, or without a group in code that is never unloaded, `count`
/// methods of `code` bytes (and `grow` more in each later round).
int wx_model_jit(const WxAction *action, WxPlay *play);

/// `count` dynamic methods of `code` bytes (and `grow` more in each later round) into a group.
int wx_model_dynamic(const WxAction *action, WxPlay *play);

/// Lets go of the assemblies and dynamic methods of a group: what was unloaded or dropped goes with
/// collections.
int wx_model_drop(const WxAction *action, WxPlay *play);

/// `count` full collections (one without it).
int wx_model_gc(const WxAction *action, WxPlay *play);

/// Runs all live code and checks it.
int wx_model_check(const WxAction *action, WxPlay *play);

/// Written and reserved bytes of the modelled runtime; 0 where there is none.
void wx_model_usage(const WxPlay *play, uint64_t *written, uint64_t *reserved);

/// Releases all of the modelled runtime and forgets it. Can be repeated after a failure.
int wx_model_close(WxPlay *play);

#endif
