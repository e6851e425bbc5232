/**
   @file actions.h
   What a round can consist of: one table, a row an action.
*/
#ifndef WX_SCENARIO_ACTIONS_H
#define WX_SCENARIO_ACTIONS_H

#include "scenario/play.h"
#include "stats/words.h"

/// The name of the `index`-th action, NULL at the end; what it does.
const char *wx_action_name(size_t index);
const char *wx_action_about(size_t index);

/// The name of the `index`-th field of actions, NULL at the end; which words it may be, NULL where
/// it is a name or a quantity.
const char *wx_action_field(size_t index);
WxWordAt *wx_action_field_words(size_t index);

/// Whether an action has a field.
typedef enum { WX_USE_NONE, WX_USE_MAY, WX_USE_NEEDS } WxActionUse;
WxActionUse wx_action_use(size_t action, size_t field);

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
