#include "output/replay_document.h"

#include "output/json.h"

#include <string.h>

// Who gave memory back while it was recorded: in JSON, and for people.
static const struct {
  const char *name;
  const char *note;
} givers[] = {
    [WX_REPLAY_NOBODY] = {NULL, NULL},
    [WX_REPLAY_PRELOAD] = {"preload",
                           "Recorded beside libwxreclaim.so, which gave memory back at each "
                           "release: its memory is that of coreclr+punch; coreclr shows what the "
                           "program would have kept without."},
    [WX_REPLAY_OUTSIDE] = {"outside",
                           "Memory was given back from outside while this was recorded: coreclr "
                           "shows what the program would have kept without."},
};

static json_t *recorded_json(const WxReplayReport *report) {
  const WxReplayTally *tally = &report->tally;
  return json_pack(
      "{s:I, s:I, s:I, s:o, s:o, s:I, s:I, s:b, s:s?, s:o}", "events", (json_int_t)tally->events,
      "left_out", (json_int_t)tally->left_out, "lost", (json_int_t)report->header.lost, "end_bytes",
      wx_json_figure(tally->recorded_end_known ? (WxFigure)tally->recorded_end_bytes : WX_UNKNOWN),
      "peak_bytes", wx_json_figure((WxFigure)tally->recorded_peak), "after_end",
      (json_int_t)tally->after_end, "live_blocks", (json_int_t)tally->live_blocks, "ended_by_exit",
      report->header.ended_by_exit, "given_back_by", givers[wx_replay_giver(tally)].name, "damage",
      report->damage.reason ? json_string(report->damage.reason) : json_null());
}

static void note_recording(WxDocument *document, const WxReplayReport *report) {
  if (report->damage.reason)
    wx_document_note(document, "The trace %s at byte %ju; what comes before was replayed.",
                     report->damage.reason, (uintmax_t)report->damage.offset);
  if (report->header.lost > 0)
    wx_document_note(document, "%ju events were lost while recording: %s.",
                     (uintmax_t)report->header.lost, strerror((int)report->header.lost_errno));
  if (!report->tally.recorded_end_known)
    wx_document_note(document, "The trace does not say what was allocated at the end: what is "
                               "retained is not known.");
  const char *note = givers[wx_replay_giver(&report->tally)].note;
  if (note)
    wx_document_note(document, "%s", note);
  if (report->tally.left_out > 0)
    wx_document_note(document,
                     "%ju events were left out: they concern blocks that the trace does "
                     "not describe, or calls that no strategy has.",
                     (uintmax_t)report->tally.left_out);
}

// Whether an earlier result has told of the recording, which is the same for all.
static bool is_noted(const WxDocument *document) {
  for (size_t i = 0; i < json_array_size(document->results); i++)
    if (json_object_get(json_array_get(document->results, i), "recorded"))
      return true;
  return false;
}

void wx_replay_document_add(WxDocument *document, const WxReplayRun *run) {
  const WxResult *result = &run->result;
  const bool ran = wx_result_ran(result);
  json_t *json = wx_result_json(result);
  if (ran && wx_json_set(json, "recorded", recorded_json(&run->report)))
    document->lost = true;
  if (ran && strcmp(run->report.path, result->strategy) != 0 &&
      wx_json_set(json, "fell_back_to", json_string(run->report.path)))
    document->lost = true;
  if (ran && !is_noted(document))
    note_recording(document, &run->report);
  wx_result_note(document, json);
  wx_document_add_result(document, json);
}

static json_t *interval_json(const WxInterval *interval) {
  return json_pack("{s:o, s:o, s:o, s:I}", "median", wx_json_real(interval->median), "ci_low",
                   wx_json_real(interval->low), "ci_high", wx_json_real(interval->high), "n",
                   (json_int_t)interval->n);
}

void wx_replay_document_add_overhead(WxDocument *document, const char *path,
                                     const WxOverhead *measured) {
  wx_document_add_result(document, json_pack("{s:o, s:s, s:{s:I, s:o, s:o, s:o}}", "scenario",
                                             wx_json_text(path), "strategy", "coreclr", "overhead",
                                             "calls", (json_int_t)measured->calls, "ratio",
                                             interval_json(&measured->ratio), "same",
                                             interval_json(&measured->same), "bare_ns",
                                             interval_json(&measured->bare_ns)));
  static const WxColumn columns[] = {{"compared", WX_TEXT},
                                     {"ratio", WX_RATIO},
                                     {"low", WX_RATIO},
                                     {"high", WX_RATIO},
                                     {"pairs", WX_COUNT}};
  const struct {
    const char *name;
    const WxInterval *interval;
  } rows[] = {{"replay / bare loop", &measured->ratio}, {"bare loop / itself", &measured->same}};
  WxTable *table = wx_table_new("overhead", columns, sizeof columns / sizeof *columns);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const WxInterval *interval = rows[i].interval;
    const WxCell cells[] = {wx_text(rows[i].name), wx_ratio(interval->median),
                            wx_ratio(interval->low), wx_ratio(interval->high),
                            wx_figure((WxFigure)interval->n)};
    wx_table_add(table, cells);
  }
  wx_document_add_table(document, table);
  wx_document_note(document, "%ju system calls; a bare loop takes %.1f ms.",
                   (uintmax_t)measured->calls, measured->bare_ns.median / 1e6);
}
