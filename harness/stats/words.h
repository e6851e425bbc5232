/**
   @file words.h
   The names of a table, as help, refusals and completions say them. The table stays where it is; a
   function hands out its names.
*/
#ifndef WX_STATS_WORDS_H
#define WX_STATS_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/// The `index`-th name of a table, NULL at its end.
typedef const char *WxWordAt(size_t index);

/// Room for the names of any table; what is longer is cut.
enum { WX_WORDS = 512 };

/// Writes `a, b or c`. Returns `text`.
char *wx_words_or(char text[WX_WORDS], WxWordAt *at);

/// Writes `a|b|c`, with what stands between them. Returns `text`.
char *wx_words_joined(char text[WX_WORDS], WxWordAt *at, const char *between);

/// Whether `word` is one of them.
bool wx_words_have(WxWordAt *at, const char *word);

/// Names that somebody typed, in their order; borrowed.
typedef struct {
  const char **items;
  size_t count;
} WxNames;

/// Whether `name` is one of them.
bool wx_names_have(const WxNames *names, const char *name);

/// One `--set KEY=VALUE`; borrowed.
typedef struct {
  const char *key;
  const char *value;
} WxSetting;

/// Several, in the order given.
typedef struct {
  WxSetting *items; ///< The keys are owned, the values inside argv.
  size_t count;
} WxSettings;

#endif
