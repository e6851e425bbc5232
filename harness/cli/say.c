#include "cli/say.h"

#include "cli/suggest.h"
#include "cli/verb.h"
#include "os/text.h"
#include "output/shown.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

// Writes "'a', 'b' or 'c'".
static void write_choice(FILE *stream, const char *const names[], size_t count) {
  for (size_t i = 0; i < count; ++i)
    fprintf(stream, "%s'%s'", i == 0 ? "" : i + 1 < count ? ", " : " or ", names[i]);
}

int wx_cli_unknown(const char *verb, const char *what, const char *typed, const char *const names[],
                   size_t count) {
  const char *near[3];
  const size_t found = wx_suggest(typed, names, count, near, 3);
  WxText choice = {0};
  FILE *stream = wx_text_stream(&choice);
  if (stream) {
    fputs(found > 0 ? "did you mean " : "expected ", stream);
    write_choice(stream, found > 0 ? near : names, found > 0 ? found : count);
    fputs(found > 0 ? "?" : "", stream);
    (void)wx_text_stream_end(stream, &choice);
  }
  const int status = wx_cli_fail(verb, "unknown %s '%s'; %s", what, typed,
                                 choice.data ? choice.data : "see wxbench --help");
  wx_text_free(&choice);
  return status;
}

int wx_cli_unknown_word(const char *verb, const char *what, const char *typed, WxWordAt *at) {
  enum { MOST = 64 };
  const char *names[MOST];
  size_t count = 0;
  while (count < MOST && (names[count] = at(count)))
    ++count;
  return wx_cli_unknown(verb, what, typed, names, count);
}
