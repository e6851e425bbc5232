/**
   @file actions.h
   What a round can consist of: one table, a row an action.
*/
#ifndef WX_SCENARIO_ACTIONS_H
#define WX_SCENARIO_ACTIONS_H

#include "scenario/play.h"

/// Checks that the action exists and has the fields it needs and no others. Returns 0, or -EINVAL
/// with `problem` set.
int wx_action_check(const WxAction *action, char *problem, size_t size);

/// Does the action. Returns 0 or a negative errno; one that `may_fail` is counted in the report and
/// ends well.
int wx_action_do(const WxAction *action, WxPlay *play);

#endif
