/**
   @file say.h
   What is said on stderr, line by line, as it may be shown (output/shown.h): the one line that a
   verb prints where it cannot go on, and what it does meanwhile. Nothing else but output/progress.c
   writes there.
*/
#ifndef WX_CLI_SAY_H
#define WX_CLI_SAY_H

#include "stats/endings.h"
#include "stats/problem.h"

#include <stdbool.h>
#include <stddef.h>

/// Prints `wxbench VERB: MESSAGE` on stderr as exactly one line (line breaks in it are written out)
/// and returns WX_EXIT_USAGE. `verb` NULL stands for the program itself. The message says what is
/// wrong, where, and what was expected.
int wx_cli_fail(const char *verb, const char *format, ...) __attribute__((format(printf, 2, 3)));

/// Prints the same line where nothing is wrong.
void wx_cli_say(const char *verb, const char *format, ...) __attribute__((format(printf, 2, 3)));

/// Prints one line with nothing before it.
void wx_cli_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/// The same for what this machine cannot do: returns WX_EXIT_IMPOSSIBLE.
int wx_cli_impossible(const char *verb, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/// Prints why something was refused, unless that was done, and returns the exit status that `error`
/// stands for.
int wx_cli_problem(const char *verb, int error, const WxProblem *problem);

/// The exit status of a verb whose results ended so; prints the one line where there is no result.
/// 0: all that ran met its expectations. 1: an expectation failed, or something that was begun did
/// not run to its end. 2: there is no result at all, since what was asked for cannot be played (the
/// player itself says so). 77: there is none, since nothing of it is possible here. In the last two
/// nothing is written but the one line.
int wx_cli_ended(const char *verb, const WxEndings *endings);

/// The same for `--help`.
#define WX_ENDINGS_HELP                                                                            \
  "Exit status: 0 all that ran met its expectations; 1 an expectation failed, or a program that "  \
  "was begun did not run to its end (a row with the reason; all else is kept and written); 2 "     \
  "nothing can be run with this input, or a result cannot be written; 77 nothing of it is "        \
  "possible here. SIGINT, SIGTERM and SIGHUP end it after what is there has been written."

/// Whether a document is to be written that ends with this status.
bool wx_cli_is_written(int status);

/// Prints wx_problem_unknown(). Returns WX_EXIT_USAGE.
int wx_cli_unknown(const char *verb, const char *what, const char *typed, const char *const names[],
                   size_t count);

/// The same of the names of a table.
int wx_cli_unknown_word(const char *verb, const char *what, const char *typed, WxWordAt *at);

#endif
