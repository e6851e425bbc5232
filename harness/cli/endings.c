#include "cli/endings.h"

#include "cli/say.h"
#include "cli/verb.h"

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

int wx_endings_status(const WxEndings *endings, const char *verb) {
  if (!endings->any && *endings->refused)
    return wx_cli_fail(verb, "%s", endings->refused);
  if (!endings->any && *endings->impossible)
    return wx_cli_impossible(verb, "%s", endings->impossible);
  return endings->failed ? WX_EXIT_FAILED : WX_EXIT_OK;
}

bool wx_endings_written(int status) {
  return status == WX_EXIT_OK || status == WX_EXIT_FAILED;
}
