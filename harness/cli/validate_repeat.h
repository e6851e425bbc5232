/**
   @file validate_repeat.h
   What the modes of one workload, or of one command, take, measured in turns (`wxbench validate
   --repeat`).
*/
#ifndef WX_CLI_VALIDATE_REPEAT_H
#define WX_CLI_VALIDATE_REPEAT_H

#include "cli/validate_session.h"
#include "scenario/run_turns.h"

#include <jansson.h>

/// The measurement of one of them. Start with {0}, end with wx_repeat_free().
typedef struct {
  WxTurns turns;
  size_t modes[WX_TURNS_VARIANTS]; ///< Of each variant: its index in the session.
} WxRepeat;

/// Runs all modes whose `results` did run to their end, `on` (or else the first of them) twice a
/// round. Returns 0, or an exit status after the line is printed.
int wx_repeat_run(WxValidateSession *session, const WxAgain *again, const WxResult results[],
                  WxRepeat *repeat);

/// The member `time` of the result of mode `index` (docs/results.md): NULL with `*lost` false where
/// it took no part, with `*lost` true where memory ran out. `*ended` is set where it did not run to
/// its end in one of the rounds, else NULL.
json_t *wx_repeat_json(const WxRepeat *repeat, size_t index, const WxEnded **ended, bool *lost);

void wx_repeat_free(WxRepeat *repeat);

#endif
