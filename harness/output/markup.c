#include "output/markup.h"

#include "output/shown.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

static const char *escape_of(char plain) {
  static const struct {
    char plain;
    const char *escaped;
  } escapes[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\n', "&#10;"}};
  for (size_t i = 0; i < sizeof escapes / sizeof *escapes; ++i) {
    if (escapes[i].plain == plain)
      return escapes[i].escaped;
  }
  return NULL;
}

// What XML cannot hold is what is not shown as it is.
static void write_text(FILE *stream, const char *text, bool lines) {
  for (size_t left = text ? strlen(text) : 0; left > 0;) {
    char shown[WX_SHOWN];
    const char *escaped = lines && *text == '\n' ? "\n" : escape_of(*text);
    const size_t taken = wx_shown_next(text, left, shown);
    fputs(escaped ? escaped : shown, stream);
    text += taken;
    left -= taken;
  }
}

void wx_markup_text(FILE *stream, const char *text) {
  write_text(stream, text, false);
}

void wx_markup_lines(FILE *stream, const char *text) {
  write_text(stream, text, true);
}

// Whether the character stands for something in Markdown where it is.
static bool is_special(const char *at) {
  return strchr("|\\`*<[", *at) || (*at == '&' && (isalpha((unsigned char)at[1]) || at[1] == '#'));
}

void wx_markup_markdown(FILE *stream, const char *text) {
  for (size_t left = strlen(text); left > 0;) {
    char shown[WX_SHOWN];
    const size_t taken = wx_shown_next(text, left, shown);
    if (is_special(text) || shown[0] == '\\')
      fputc('\\', stream);
    fputs(shown, stream);
    text += taken;
    left -= taken;
  }
}
