#include "cli/say.h"

#include "cli/verb.h"
#include "output/shown.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

// One write for the whole line, so that lines of several processes do not mix.
static void say(const char *prefix, const char *format, va_list arguments) {
  char *message = NULL;
  char *shown = NULL;
  if (vasprintf(&message, format, arguments) >= 0) {
    shown = wx_shown(message);
    free(message);
  }
  if (shown)
    fprintf(stderr, "%s%s\n", prefix, shown);
  else
    fputs("wxbench: out of memory\n", stderr);
  free(shown);
}

static void say_of(const char *verb, const char *format, va_list arguments) {
  char prefix[64];
  snprintf(prefix, sizeof prefix, "wxbench%s%s: ", verb ? " " : "", verb ? verb : "");
  say(prefix, format, arguments);
}

void wx_cli_line(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  say("", format, arguments);
  va_end(arguments);
}

void wx_cli_say(const char *verb, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  say_of(verb, format, arguments);
  va_end(arguments);
}

int wx_cli_fail(const char *verb, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  say_of(verb, format, arguments);
  va_end(arguments);
  return WX_EXIT_USAGE;
}

int wx_cli_impossible(const char *verb, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  say_of(verb, format, arguments);
  va_end(arguments);
  return WX_EXIT_IMPOSSIBLE;
}

int wx_cli_problem(const char *verb, int error, const WxProblem *problem) {
  if (!*problem->text)
    return error == -ENOTSUP ? WX_EXIT_IMPOSSIBLE : WX_EXIT_USAGE;
  return error == -ENOTSUP ? wx_cli_impossible(verb, "%s", problem->text)
                           : wx_cli_fail(verb, "%s", problem->text);
}

int wx_cli_unknown(const char *verb, const char *what, const char *typed, const char *const names[],
                   size_t count) {
  WxProblem problem;
  return wx_cli_problem(verb, wx_problem_unknown(&problem, what, typed, names, count), &problem);
}

int wx_cli_unknown_word(const char *verb, const char *what, const char *typed, WxWordAt *at) {
  WxProblem problem;
  return wx_cli_problem(verb, wx_problem_unknown_word(&problem, what, typed, at), &problem);
}

int wx_cli_ended(const char *verb, const WxEndings *endings) {
  if (!endings->any && *endings->refused)
    return wx_cli_fail(verb, "%s", endings->refused);
  if (!endings->any && *endings->impossible)
    return wx_cli_impossible(verb, "%s", endings->impossible);
  return endings->failed ? WX_EXIT_FAILED : WX_EXIT_OK;
}

bool wx_cli_is_written(int status) {
  return status == WX_EXIT_OK || status == WX_EXIT_FAILED;
}
