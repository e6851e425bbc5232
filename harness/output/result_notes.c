// What a result has to say to people beside its row: what it ran as, expectations that failed or
// could not be judged.
#include "output/json.h"
#include "output/result_json.h"

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

static void note_expectation(WxDocument *document, const char *subject, const json_t *judged,
                             bool ended) {
  const char *name = wx_json_text_or(judged, "name", "an expectation");
  const char *reason = wx_json_get_text(judged, "reason");
  if (reason && !ended)
    wx_document_note(document, "NOT JUDGED: %s: %s: %s", subject, name, reason);
  else if (!reason && json_is_false(json_object_get(judged, "ok")))
    wx_document_note(document, "NOT MET: %s: %s: expected %s, measured %s", subject, name,
                     wx_json_text_or(judged, "expected", "?"),
                     wx_json_text_or(judged, "actual", "?"));
}

void wx_result_note(WxDocument *document, const json_t *result) {
  char subject[256];
  write_subject(result, subject, sizeof subject);
  const char *mislabelled = wx_json_get_text(result, "mislabelled");
  if (mislabelled)
    wx_document_note(document, "NOT AS ITS MODE SAYS: %s: %s", subject, mislabelled);
  const json_t *how = json_object_get(result, "ended");
  const char *ended = wx_json_get_text(how, "text");
  const bool demanded = json_is_true(json_object_get(how, "demanded"));
  if (ended) // Which is why expectations about figures cannot be judged.
    wx_document_note(document, "%s: %s: %s", demanded ? "ENDED AS DEMANDED" : "NOT FINISHED",
                     subject, ended);
  const json_t *expectations = json_object_get(result, "expectations");
  for (size_t i = 0; i < json_array_size(expectations); ++i)
    note_expectation(document, subject, json_array_get(expectations, i), ended != NULL);
}
