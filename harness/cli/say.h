/**
   @file say.h
   The one line that a verb prints where it cannot go on.
*/
#ifndef WX_CLI_SAY_H
#define WX_CLI_SAY_H

#include <stddef.h>

/// Prints `wxbench VERB: MESSAGE` on stderr as exactly one line (line breaks in it become blanks)
/// and returns WX_EXIT_USAGE. `verb` NULL stands for the program itself. The message says what is
/// wrong, where, and what was expected.
int wx_cli_fail(const char *verb, const char *format, ...) __attribute__((format(printf, 2, 3)));

/// The same for what this machine cannot do: returns WX_EXIT_IMPOSSIBLE.
int wx_cli_impossible(const char *verb, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/// Reports an unknown name and its near matches, or all names where none is near:
/// `unknown strategy 'corclr'; did you mean 'coreclr'?`. `what` is the noun. Returns WX_EXIT_USAGE.
int wx_cli_unknown(const char *verb, const char *what, const char *typed, const char *const names[],
                   size_t count);

#endif
