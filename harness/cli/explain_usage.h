/**
   @file explain_usage.h
   Which argument of a command line getopt did not like, and why: argp keeps that to itself once it
   may not print.
*/
#ifndef WX_CLI_EXPLAIN_USAGE_H
#define WX_CLI_EXPLAIN_USAGE_H

#include <argp.h>

/// Keys of the common options that have no letter.
enum { WX_OPTION_JSON = 0x1000, WX_OPTION_FORMAT };

/// The options that every verb has, ended by {0}.
extern const struct argp_option wx_common_options[];

/// Prints the one line about a command line that argp refused. `next` is the index at which it
/// stopped, `own` the verb's options (may be NULL). Returns WX_EXIT_USAGE.
int wx_explain_usage(const char *verb, const struct argp_option *own, int argc, char **argv,
                     int next);

#endif
