#include "output/wrap.h"

#include "output/shown.h"
#include "output/width.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

// Bytes of the first character of `length`, which are at least one.
static size_t character(const char *text, size_t length) {
  uint32_t code;
  const size_t bytes = wx_utf8_decode(text, length, &code);
  return bytes ? bytes : 1;
}

/// The last places so far at which a line may end, 0 for none.
typedef struct {
  size_t outside; ///< At a space that is not within backticks.
  size_t inside;  ///< At one that is.
  size_t mark;    ///< Behind punctuation.
} Breaks;

static void note_break(Breaks *breaks, const char *text, size_t at, bool quoted) {
  if (text[at] == ' ' && at > 0 && text[at - 1] != ' ')
    *(quoted ? &breaks->inside : &breaks->outside) = at;
  else if (strchr("/,=:._-", text[at]))
    breaks->mark = at + 1;
}

size_t wx_wrap(const char *text, size_t width) {
  const size_t length = strlen(text);
  Breaks breaks = {0};
  bool quoted = false;
  size_t at = 0;
  for (size_t taken = 0, bytes; at < length; at += bytes) {
    bytes = character(text + at, length - at);
    taken += wx_width(text + at, bytes);
    if (taken > width && text[at] != ' ')
      break;
    quoted ^= text[at] == '`';
    note_break(&breaks, text, at, quoted);
  }
  if (at == length)
    return at;
  const size_t space = breaks.outside ? breaks.outside : breaks.inside;
  if (space || breaks.mark)
    return space ? space : breaks.mark;
  return at ? at : character(text, length);
}

const char *wx_wrap_rest(const char *text, size_t length) {
  return text + length + strspn(text + length, " ");
}

size_t wx_wrap_word(const char *text) {
  size_t widest = 0;
  while (*text) {
    const size_t length = strcspn(text, " ");
    const size_t width = wx_width(text, length);
    if (width > widest)
      widest = width;
    text = wx_wrap_rest(text, length);
  }
  return widest;
}
