/**
   @file explain_usage.h
   Which argument of a command line getopt did not like, and why: argp keeps that to itself once it
   may not print.
*/
#ifndef WX_CLI_EXPLAIN_USAGE_H
#define WX_CLI_EXPLAIN_USAGE_H

#include "cli/options.h"

/// Keys of the common options that have no letter.
enum { WX_OPTION_JSON = 0x1000, WX_OPTION_FORMAT };

/// The options that every verb has, ended by {0}, and those of them that name a row of a table.
extern const struct argp_option wx_common_options[];
extern const WxOptionWords wx_common_words[];

/// The table whose names the option of that key has for values, NULL where there is none. `words`
/// may be NULL.
WxWordAt *wx_option_words(const WxOptionWords *words, int key);

/// Room for the help of an option.
enum { WX_OPTION_DOC = 1024 };

/// The help of an option, `%s` in it replaced by the names that `at` hands out (NULL: none).
/// Returns `text`, or its own where nothing is replaced.
const char *wx_option_doc(const struct argp_option *option, WxWordAt *at, char text[WX_OPTION_DOC]);

/// Prints the one line about a command line that argp refused. `next` is the index at which it
/// stopped, `own` the verb's options (may be NULL). Returns WX_EXIT_USAGE.
int wx_explain_usage(const char *verb, const struct argp_option *own, int argc, char **argv,
                     int next);

#endif
