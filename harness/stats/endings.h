/**
   @file endings.h
   How the results of a verb ended, all in all: one that cannot be had is a row like the others, and
   ends nothing.
*/
#ifndef WX_STATS_ENDINGS_H
#define WX_STATS_ENDINGS_H

#include "stats/result.h"

#include <stdbool.h>

/// Start with {0}.
typedef struct {
  bool any;                           ///< There is a result.
  bool failed;                        ///< One of them is not as it should be.
  char refused[2 * WX_ENDED_TEXT];    ///< The first that could not be played, and why.
  char impossible[2 * WX_ENDED_TEXT]; ///< The first that is not possible here, and why.
} WxEndings;

/// Takes one result in; `subject` names it in the one line, as "steady on coreclr".
void wx_endings_add(WxEndings *endings, const char *subject, const WxResult *result);

/// Takes in one that was skipped because it is not possible here.
void wx_endings_add_impossible(WxEndings *endings, const char *subject, const char *why);

#endif
