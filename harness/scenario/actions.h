/**
   @file actions.h
   What a round can consist of: one table, a row an action.
*/
#ifndef WX_SCENARIO_ACTIONS_H
#define WX_SCENARIO_ACTIONS_H

#include "scenario/stage.h"

/// Checks that the action exists, has the fields it needs and no others, and that their words and
/// quantities mean something. Returns 0, or -EINVAL with `problem` set.
int wx_action_check(const WxAction *action, const WxParameters *parameters,
                    char problem[WX_PROBLEM_SIZE]);

/// Whether the action is on a modelled runtime, so that its scenario needs a model.
bool wx_action_on_model(const WxAction *action);

/// Does the action. Returns 0 or a negative errno; one that `may_fail` is counted in the report and
/// ends well.
int wx_action_do(const WxAction *action, WxPlay *play);

#endif
