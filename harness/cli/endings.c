#include "cli/endings.h"

#include "cli/say.h"
#include "cli/verb.h"

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
