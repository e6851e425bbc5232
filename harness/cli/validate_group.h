/**
   @file validate_group.h
   Runs of `wxbench validate` in a memory group of their own: what the group counted and what the
   kernel wrote of a kill.
*/
#ifndef WX_CLI_VALIDATE_GROUP_H
#define WX_CLI_VALIDATE_GROUP_H

#include "cli/validate_session.h"
#include "cli/validate_smallest.h"
#include "scenario/confined.h"

/// Whether a group can be made here: 0, or an exit status after the one line is printed.
int wx_validate_group_try(const char *verb);

/// Adds to the result that was added last what its group counted (`memory_group`) and the smallest
/// limit that was found (`smallest_limit`, docs/results.md), each where there is one. `subject`
/// names it in a sentence.
void wx_validate_add_limits(WxValidateSession *session, const char *subject,
                            const WxConfined *confined, const WxSmallest *smallest);

#endif
