#include "cli/validate_add.h"

#include "cli/documents.h"
#include "cli/validate_group.h"
#include "output/json.h"
#include "output/result.h"

#include <stdio.h>
#include <string.h>

enum { FIGURE_NAME = 64 };

void wx_validate_document_add(WxDocument *document, const WxResult *result, const WxLive *live,
                              json_t *time) {
  json_t *json = wx_result_json(result);
  if (live->ran && wx_json_set(json, "reclaim", wx_validate_live_json(live)))
    document->lost = true;
  if (time && wx_json_set(json, "time", time))
    document->lost = true;
  if (wx_result_ran(result))
    wx_document_note(document, "%s, %s, %s: %s. %s", result->workload, result->mode,
                     result->runtime, result->verdict_code, result->verdict_text);
  wx_result_note(document, json);
  wx_document_add_result(document, json);
}

// Lines `wxworkload: NAME=VALUE` of its standard error: what nobody can see from outside.
static json_t *figures_json(const WxText *errors) {
  static const char prefix[] = "wxworkload: ";
  json_t *figures = NULL;
  for (const char *line = errors->data; line && *line;) {
    char name[FIGURE_NAME];
    long long value;
    if (strncmp(line, prefix, sizeof prefix - 1) == 0 &&
        sscanf(line + sizeof prefix - 1, "%63[a-z0-9_]=%lld", name, &value) == 2) {
      figures = figures ? figures : json_object();
      if (json_object_set_new(figures, name, json_integer(value)))
        break;
    }
    line = strchr(line, '\n');
    line += line != NULL;
  }
  return figures;
}

static void note_ended(WxValidateSession *session, const WxRepeat *repeat, const char *subject,
                       const WxEnded *ended) {
  wx_document_note(session->document, "NOT FINISHED: %s, in round %zu: %s", subject,
                   repeat->turns.rounds + 1, ended->text);
  session->endings.failed = true;
}

void wx_validate_add(WxValidateSession *session, const WxResult *result,
                     const WxMeasured *measured) {
  char subject[WX_ENDED_TEXT];
  snprintf(subject, sizeof subject, "%s, %s, %s", result->workload, result->mode, result->runtime);
  if (result->skipped && result->skipped != wx_interrupted)
    wx_endings_add_impossible(&session->endings, subject, result->skipped);
  else
    wx_endings_add(&session->endings, subject, result);
  const WxEnded *ended;
  bool lost;
  json_t *time = wx_repeat_json(measured->repeat, measured->mode, &ended, &lost);
  session->document->lost |= lost;
  wx_validate_document_add(session->document, result, measured->live, time);
  json_t *row =
      json_array_get(session->document->results, json_array_size(session->document->results) - 1);
  json_t *figures = figures_json(&measured->run->errors);
  if (figures && (!row || wx_json_set(row, "figures", figures)))
    session->document->lost = true;
  wx_validate_add_limits(session, subject, &measured->run->confined, measured->smallest);
  if (ended)
    note_ended(session, measured->repeat, subject, ended);
}
