#include "stats/endings.h"

#include <stdio.h>

static bool cannot_be_played(const WxResult *result) {
  return !result->skipped && result->ended && result->ended->how == WX_ENDED_EXIT &&
         result->ended->error;
}

static void keep_first(char kept[2 * WX_ENDED_TEXT], const char *subject, const char *why) {
  if (!*kept)
    snprintf(kept, 2 * WX_ENDED_TEXT, "%s: %s", subject, why);
}

void wx_endings_add(WxEndings *endings, const char *subject, const WxResult *result) {
  endings->failed = endings->failed || !wx_result_ok(result);
  if (cannot_be_played(result))
    keep_first(endings->refused, subject, result->ended->text);
  else
    endings->any = true;
}

void wx_endings_add_impossible(WxEndings *endings, const char *subject, const char *why) {
  keep_first(endings->impossible, subject, why);
}
