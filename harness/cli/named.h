/**
   @file named.h
   Checks names of the command line against what there is, and prints the one line for an unknown
   one.
*/
#ifndef WX_CLI_NAMED_H
#define WX_CLI_NAMED_H

#include "cli/options.h"

/// Return 0 where every name is that of a strategy, or of a model; else an exit status after the
/// line is printed.
int wx_cli_check_strategies(const char *verb, const WxNames *strategies);
int wx_cli_check_models(const char *verb, const WxNames *models);

#endif
