#include "stats/problem.h"

#include "stats/suggest.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int wx_problem(WxProblem *problem, int error, const char *format, ...) {
  if (!problem)
    return error;
  va_list arguments;
  va_start(arguments, format);
  // cppcheck-suppress ctuuninitvar; it is only written to
  (void)vsnprintf(problem->text, sizeof problem->text, format, arguments);
  va_end(arguments);
  return error;
}

// Appends what fits.
static size_t append(WxProblem *problem, size_t length, const char *before, const char *name) {
  const size_t room = sizeof problem->text - length;
  const int wanted = snprintf(problem->text + length, room, "%s'%s'", before, name);
  return length + ((size_t)wanted < room ? (size_t)wanted : room - 1);
}

int wx_problem_unknown(WxProblem *problem, const char *what, const char *typed,
                       const char *const names[], size_t count) {
  const char *near[3];
  const size_t found = wx_suggest(typed, names, count, near, 3);
  const char *const *shown = found ? near : names;
  const size_t last = found ? found : count;
  // cppcheck-suppress ctuuninitvar; it is only written to
  const int began = snprintf(problem->text, sizeof problem->text, "unknown %s '%s'; %s", what,
                             typed, found ? "did you mean " : "expected ");
  size_t length = (size_t)began < sizeof problem->text ? (size_t)began : sizeof problem->text - 1;
  for (size_t i = 0; i < last; ++i)
    length = append(problem, length, i == 0 ? "" : i + 1 < last ? ", " : " or ", shown[i]);
  if (found && length + 1 < sizeof problem->text)
    snprintf(problem->text + length, 2, "?");
  return -EINVAL;
}

int wx_problem_unknown_word(WxProblem *problem, const char *what, const char *typed, WxWordAt *at) {
  enum { MOST = 64 };
  const char *names[MOST];
  size_t count = 0;
  while (count < MOST && (names[count] = at(count)))
    ++count;
  return wx_problem_unknown(problem, what, typed, names, count);
}
