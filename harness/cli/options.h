/**
   @file options.h
   The command line of a verb, by glibc's argp: what all verbs have in common, and helpers for what
   each has of its own. Every fault of usage is one line on stderr and exit status 2.

   A verb describes itself by a WxOptionsSpec and begins so:

       WxOptions options;
       if (!wx_options_parse(&options, &spec, argc, argv, &own))
         return options.status;
*/
#ifndef WX_CLI_OPTIONS_H
#define WX_CLI_OPTIONS_H

#include "output/format.h"
#include "stats/words.h"

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/// An option whose value is a name of a table: completions offer them, and `%s` in its help is
/// `a, b or c`.
typedef struct {
  int key;
  WxWordAt *at;
} WxOptionWords;

/// What a verb accepts.
typedef struct {
  const char *arguments;             ///< As `[SCENARIO|FILE.yaml...]`; NULL where it takes none.
  const char *summary;               ///< What it does, in a sentence or two.
  const char *example;               ///< One or more command lines, each on its own line.
  const struct argp_option *options; ///< Its own ones, ended by {0}; may be NULL. No -q, -h.
  const WxOptionWords *words;        ///< Of its own options, ended by {0}; may be NULL.
  argp_parser_t parse; ///< Gets `own` as state->input; ARGP_ERR_UNKNOWN for what it does not know.
  bool command;        ///< The first argument begins a command line: no option is read after it.
  const char *endings; ///< What its exit status means (WX_ENDINGS_HELP), or NULL.
  const char *format;  ///< Of stdout where --format is not given; NULL is the table.
} WxOptionsSpec;

/// What was given.
typedef struct {
  const char *verb;
  char *command; ///< The whole command line, quoted for a shell; owned.
  time_t started;
  const char *json;       ///< FILE of --json, NULL without; `-` is stdout.
  const WxFormat *format; ///< For stdout; NULL for nothing (--quiet without --format).
  bool quiet;
  char **arguments; ///< What is no option, in order; inside argv.
  size_t argument_count;
  int status; ///< The exit status where parsing ended the program.
  bool help;
  bool said;
  int next; ///< Where argp stopped.
  int key;  ///< Of the option that is read.
  const WxOptionsSpec *spec;
  void *own;
} WxOptions;

/// Parses the command line. False ends the program with options->status: --help was printed (0), or
/// what it says, for a program (usage.h), or a fault was reported (2); nothing is left to free.
/// After true the verb ends with wx_cli_finish() or wx_options_free().
bool wx_options_parse(WxOptions *options, const WxOptionsSpec *spec, int argc, char **argv,
                      void *own);

void wx_options_free(WxOptions *options);

/// Inside a verb's parser: reports a fault, after the name of the option that is read (as `--above:
/// `), and returns the error to return.
error_t wx_options_refuse(struct argp_state *state, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/// Reads the value of the option that is read, or reports the fault. Return 0 or the error that the
/// parser has to return.
error_t wx_options_count(struct argp_state *state, const char *text, uint64_t lowest,
                         uint64_t highest, uint64_t *value);
error_t wx_options_bytes(struct argp_state *state, const char *text, uint64_t *value);
/// In nanoseconds; a number without a unit counts `bare_ns`.
error_t wx_options_duration(struct argp_state *state, const char *text, uint64_t bare_ns,
                            uint64_t *value);

/// The name of a memfd, as memfd_create() gets it.
error_t wx_options_memfd(struct argp_state *state, const char *text, const char **name);

/// The row of `--limit`, the most that one run of `WHAT` may take, and its value in nanoseconds.
#define WX_LIMIT_OPTION(KEY, WHAT)                                                                 \
  {                                                                                                \
    "limit", KEY, "TIME", 0,                                                                       \
        "End a " WHAT                                                                              \
        " that takes longer, as 90s or 5min (a bare number: seconds). Default: 10min",             \
        0                                                                                          \
  }
error_t wx_options_limit(struct argp_state *state, const char *text, uint64_t *limit_ns);

/// Adds a value, inside argv, of an option that may be repeated. Start with {0}, end with
/// wx_names_free().
error_t wx_names_add(struct argp_state *state, WxNames *names, const char *name);
void wx_names_free(WxNames *names);

/// Adds the argument of --set, or reports what is wrong with it. Start with {0}, end with
/// wx_settings_free().
error_t wx_settings_add(struct argp_state *state, WxSettings *settings, const char *text);

/// The value set last for `key`, NULL where there is none.
const char *wx_settings_get(const WxSettings *settings, const char *key);
void wx_settings_free(WxSettings *settings);

/// Writes the document where the options say (--json FILE, stdout), frees the document and the
/// options, and returns the exit status: `status`, or 2 with one line where something could not be
/// written. Adds the context, unless the verb filled it; `seed` is the run's, or WX_UNKNOWN.
int wx_cli_finish(WxOptions *options, WxDocument *document, WxFigure seed, int status);

#endif
