/**
   @file validate_command.h
   `wxbench validate --command`: a program of the user's in each mode, and what is said of it.
*/
#ifndef WX_CLI_VALIDATE_COMMAND_H
#define WX_CLI_VALIDATE_COMMAND_H

#include "cli/validate_session.h"

/// Runs it in the session's modes and adds the results to the document. Returns as
/// wx_validate_all().
int wx_validate_command(WxValidateSession *session);

#endif
