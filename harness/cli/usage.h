/**
   @file usage.h
   What a command line may be, for programs; and what was wrong with one that argp refused, which it
   keeps to itself once it may not print.

   Manual pages and completions are made from the former (packaging/manual.awk,
   packaging/completions.awk), so that they say what `--help` says. One record a line, fields
   separated by tabs: `verb NAME SUMMARY`, then of that verb `about TEXT`, `arguments TEXT`, `option
   --NAME -LETTER ARGUMENT DOC` for each, `example LINE` for each and `endings TEXT`.
*/
#ifndef WX_CLI_USAGE_H
#define WX_CLI_USAGE_H

#include "cli/options.h"

#include <stdio.h>

/// Keys of the common options that have no letter.
enum { WX_OPTION_JSON = 0x1000, WX_OPTION_FORMAT };

/// The options that every verb has, ended by {0}, and those of them that name a row of a table.
extern const struct argp_option wx_common_options[];
extern const WxOptionWords wx_common_words[];

/// Whether an option is the {0} that ends an array of them.
static inline bool wx_option_is_last(const struct argp_option *option) {
  return !option->name && !option->key && !option->doc && !option->group;
}

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

/// What asks for the records: of the program in place of a verb, or as all that follows the verb.
/// No option, since what begins like one may be shortened.
#define WX_DESCRIBE "--describe"

/// Writes the records of a verb that follow `verb`.
void wx_describe(FILE *stream, const WxOptionsSpec *spec);

/// Room for the example of any verb.
enum { WX_EXAMPLE_MOST = 1024 };

/// Copies the lines of an example, but for those with a verb that this program lacks: that for
/// servers has few (verbs.c).
void wx_example_lines(const char *example, char lines[WX_EXAMPLE_MOST]);

#endif
