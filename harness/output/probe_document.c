// Whether .NET will start, or how it did.
#include "output/documents.h"
#include "output/json.h"

static const char *const modes[] = {"off", "on"};

static const char *or_null(const char *text) {
  return text && *text ? text : NULL;
}

static json_t *tried_json(const WxTries *tries) {
  WxJsonBuilder object = wx_json_object();
  for (int i = 0; i < WX_TRY_COUNT; ++i) {
    char text[32];
    wx_json_put(&object, wx_try_key((WxTry)i), wx_json_text(wx_tried_text(tries->tried[i], text)));
  }
  return wx_json_built(&object);
}

static json_t *limit_json(WxFigure limit) {
  return limit == WX_UNLIMITED ? json_string("unlimited") : wx_json_figure(limit);
}

static json_t *limits_json(const WxTries *tries) {
  return json_pack(
      "{s:o, s:o, s:o, s:o, s:o}", "address_space_bytes", limit_json(tries->address_space_limit),
      "file_size_bytes", limit_json(tries->file_size_limit), "group_bytes",
      limit_json(tries->group_limit), "memory_bytes", wx_json_figure(tries->memory_bytes),
      "max_map_count", wx_json_figure(tries->max_map_count));
}

WxTable *wx_probe_table(void) {
  static const WxColumn columns[] = {{"runtime", WX_TEXT},
                                     {"mode", WX_TEXT},
                                     {"W^X", WX_TEXT},
                                     {"ends", WX_TEXT},
                                     {"message", WX_TEXT}};
  return wx_table_new("will it start, and with W^X on or off", columns, 5);
}

void wx_probe_document_add(WxDocument *document, WxTable *table, const char *runtime, bool on,
                           const WxPrediction *prediction, const WxTries *tries) {
  const char *start = wx_start_name(prediction->start);
  const char *why = or_null(prediction->why);
  const char *ends = or_null(prediction->ends);
  wx_table_add(table, (const WxCell[]){wx_text(runtime), wx_text(modes[on]), wx_text(start),
                                       wx_text(ends), wx_text(prediction->message)});
  wx_document_add_result(document,
                         json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:s?, s:o, s:o}", "runtime",
                                   runtime, "mode", modes[on], "predicted", start, "why", why,
                                   "ends", ends, "message", prediction->message, "tried",
                                   tried_json(tries), "limits", limits_json(tries)));
  if (why)
    wx_document_note(document, "%s, %s: %s: %s", runtime, modes[on], start, why);
}

void wx_probe_document_end(WxDocument *document, const WxTries *tries) {
  char text[32];
  const WxTried punch = tries->tried[WX_TRY_PUNCH];
  if (tries->tried[WX_TRY_FITTING_SIZE].how == WX_TRIED_WORKS && punch.how != WX_TRIED_WORKS &&
      punch.how != WX_TRIED_UNKNOWN)
    wx_document_note(document,
                     "%s fails with %s: a runtime does without, but the preload cannot give memory "
                     "back here",
                     wx_try_what(WX_TRY_PUNCH), wx_tried_text(punch, text));
  if (tries->seccomp != 0)
    wx_document_note(
        document,
        "%s: of what it may deny, what is listed as tried is known, and of the other system calls "
        "of a start whether they are answered at all",
        wx_known(tries->seccomp) ? "a seccomp filter is in force"
                                 : "whether a seccomp filter is in force is not known");
}

WxTable *wx_probe_observed_table(void) {
  static const WxColumn columns[] = {{"pid", WX_ID}, {"runtime", WX_TEXT}, {"W^X", WX_TEXT}};
  return wx_table_new("whether W^X is on", columns, 3);
}

void wx_probe_observed_add(WxDocument *document, WxTable *table, pid_t pid,
                           const WxObservedStart *observed) {
  const char *start = wx_start_name(observed->start);
  const char *version = or_null(observed->version);
  const char *why = or_null(observed->why);
  wx_table_add(table, (const WxCell[]){{.figure = pid}, wx_text(version), wx_text(start)});
  wx_document_add_result(document, json_pack("{s:i, s:s?, s:s, s:s?}", "pid", (int)pid, "runtime",
                                             version, "observed", start, "why", why));
  if (why)
    wx_document_note(document, "process %d: %s", (int)pid, why);
}
