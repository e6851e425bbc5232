#include "stats/words.h"

#include <stdio.h>
#include <string.h>

static char *join(char *text, WxWordAt *at, const char *between, const char *last) {
  size_t length = 0;
  text[0] = '\0';
  const char *word;
  for (size_t i = 0; (word = at(i)) && length < WX_WORDS; ++i) {
    const char *before = i == 0 ? "" : at(i + 1) ? between : last;
    length += (size_t)snprintf(text + length, WX_WORDS - length, "%s%s", before, word);
  }
  return text;
}

char *wx_words_or(char text[WX_WORDS], WxWordAt *at) {
  return join(text, at, ", ", " or ");
}

char *wx_words_joined(char text[WX_WORDS], WxWordAt *at, const char *between) {
  return join(text, at, between, between);
}

bool wx_names_have(const WxNames *names, const char *name) {
  for (size_t i = 0; i < names->count; ++i)
    if (strcmp(names->items[i], name) == 0)
      return true;
  return false;
}

bool wx_words_have(WxWordAt *at, const char *word) {
  const char *known;
  for (size_t i = 0; (known = at(i)); ++i)
    if (strcmp(known, word) == 0)
      return true;
  return false;
}
