// What a result has to say to people beside its row: expectations that failed or could not be
// judged.
#include "output/json.h"
#include "output/result.h"

#include <stdio.h>

// "SCENARIO on STRATEGY", or the names of a run of a real program, one after the other.
static void write_subject(const json_t *result, char *text, size_t size) {
  const char *strategy = wx_json_get_text(result, "strategy");
  const char *scenario = wx_json_get_text(result, "scenario");
  if (strategy && scenario)
    snprintf(text, size, "%s on %s", scenario, strategy);
  else
    wx_result_name(result, ", ", text, size);
}

static void note_expectation(WxDocument *document, const char *subject, const json_t *judged) {
  const char *name = wx_json_get_text(judged, "name");
  const char *reason = wx_json_get_text(judged, "reason");
  if (reason)
    wx_document_note(document, "NOT JUDGED: %s: %s: %s", subject, name, reason);
  else if (json_is_false(json_object_get(judged, "ok")))
    wx_document_note(document, "NOT MET: %s: %s: expected %s, measured %s", subject, name,
                     wx_json_get_text(judged, "expected"), wx_json_get_text(judged, "actual"));
}

void wx_result_note(WxDocument *document, const json_t *result) {
  char subject[256];
  write_subject(result, subject, sizeof subject);
  const char *ended = wx_json_get_text(json_object_get(result, "ended"), "text");
  if (ended) { // Which is why none of its expectations can be judged.
    wx_document_note(document, "NOT FINISHED: %s: %s", subject, ended);
    return;
  }
  const json_t *expectations = json_object_get(result, "expectations");
  for (size_t i = 0; i < json_array_size(expectations); ++i)
    note_expectation(document, subject, json_array_get(expectations, i));
}
