// A scenario on a strategy.
#include "output/documents.h"
#include "output/json.h"
#include "output/result_json.h"

#include <string.h>

static void note_fall_back(WxDocument *document, const WxResult *result, const char *ran) {
  wx_document_note(document,
                   "%s on %s ran as %s, and was judged as that: the runtime's switch is off or its "
                   "file could not be made.",
                   result->scenario, result->strategy, ran);
}

void wx_run_document_add(WxDocument *document, const WxResult *result, const char *ran) {
  const bool fell_back = wx_result_ran(result) && strcmp(ran, result->strategy) != 0;
  json_t *json = wx_result_json(result);
  if (fell_back && wx_json_set(json, "fell_back_to", json_string(ran)))
    document->lost = true;
  if (fell_back)
    note_fall_back(document, result, ran);
  wx_result_note(document, json);
  wx_document_add_result(document, json);
}
