/**
   @file problem.h
   Why something that was asked for is not done: one line for a person, beside a negative errno. The
   verb prints it (cli/say.h); nothing below it does.
*/
#ifndef WX_STATS_PROBLEM_H
#define WX_STATS_PROBLEM_H

#include "stats/words.h"

/// A sentence without a final dot; what is longer is cut. "" where the reason has been printed, by
/// a program that was run.
typedef struct {
  char text[8192];
} WxProblem;

/// Writes the reason (where `problem` is not NULL) and returns `error`, a negative errno: -ENOTSUP
/// for what this machine cannot do, any other for what is wrong with what was asked.
int wx_problem(WxProblem *problem, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/// Names the near matches of an unknown name, or all names where none is near: `unknown strategy
/// 'corclr'; did you mean 'coreclr'?`. `what` is the noun. Returns -EINVAL.
int wx_problem_unknown(WxProblem *problem, const char *what, const char *typed,
                       const char *const names[], size_t count);

/// The same of the names of a table.
int wx_problem_unknown_word(WxProblem *problem, const char *what, const char *typed, WxWordAt *at);

#endif
