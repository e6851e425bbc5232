/**
   @file suggest.h
   Near matches of a mistyped name. Pure functions.
*/
#ifndef WX_STATS_SUGGEST_H
#define WX_STATS_SUGGEST_H

#include <stddef.h>

/// The number of insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`
/// (optimal string alignment, no part edited twice); letters differing in case only count as one
/// edit for the whole word. Returns SIZE_MAX for texts over 64 characters.
size_t wx_suggest_distance(const char *a, const char *b);

/// Puts up to `capacity` names that `typed` may have meant into `near`, nearest first, equally near
/// ones in their given order: those within a third of its length (at least one, at most three
/// edits), and those that it begins. Returns how many.
size_t wx_suggest(const char *typed, const char *const names[], size_t count, const char *near[],
                  size_t capacity);

#endif
