#include "output/reclaim_document.h"

#include "output/json.h"
#include "reclaim/tracked.h"
#include "stats/units.h"

enum { MOST_RESULTS = 4096 };

void wx_reclaim_document_init(WxDocument *document) {
  wx_document_init(document, "reclaim");
}

static json_t *pauses_json(const WxPauses *pauses, bool dry_run) {
  const WxPauses *p = pauses;
  return json_pack(
      "{s:I, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:I}", "count", (json_int_t)p->count, "p50_ns",
      wx_json_figure(p->count && !dry_run ? (WxFigure)p->p50_ns : WX_UNKNOWN), "p99_ns",
      wx_json_figure(p->count && !dry_run ? (WxFigure)p->p99_ns : WX_UNKNOWN), "max_ns",
      wx_json_figure(p->count && !dry_run ? (WxFigure)p->max_ns : WX_UNKNOWN), "total_ns",
      wx_json_figure(dry_run ? WX_UNKNOWN : (WxFigure)p->total_ns), "abandoned",
      (json_int_t)p->abandoned, "held_abandoned_ns", (json_int_t)p->held_abandoned_ns,
      "over_budget", (json_int_t)p->over_budget, "late_max_ns", (json_int_t)p->late_max_ns,
      "rescued_bytes", (json_int_t)p->rescued_bytes);
}

json_t *wx_reclaim_json(const WxReclaim *result, bool dry_run) {
  return json_pack(
      "{s:I, s:I, s:b, s:I, s:I, s:I, s:o, s:o, s:I, s:I, s:o}", "pid", (json_int_t)result->pid,
      "inode", (json_int_t)result->inode, "dry_run", dry_run, "before_bytes",
      (json_int_t)result->before_bytes, "after_bytes", (json_int_t)result->after_bytes,
      "punched_bytes", (json_int_t)result->punched_bytes, "zero_mapped_bytes",
      wx_json_figure(result->zero_mapped_bytes), "pauses", pauses_json(&result->pauses, dry_run),
      "processes_frozen", (json_int_t)result->processes_frozen, "mappers_unreadable",
      (json_int_t)result->mappers_unreadable, "wall_ns",
      wx_json_figure(result->wall_ns ? (WxFigure)result->wall_ns : WX_UNKNOWN));
}

void wx_reclaim_document_add(WxDocument *document, const WxReclaim *result, bool dry_run) {
  if (json_array_size(document->results) >= MOST_RESULTS)
    (void)json_array_remove(document->results, 0);
  wx_document_add_result(document, wx_reclaim_json(result, dry_run));
}

void wx_reclaim_document_finish(WxDocument *document, bool dry_run) {
  static const WxColumn columns[] = {{"pid", WX_ID},
                                     {"before", WX_BYTES},
                                     {"after", WX_BYTES},
                                     {"given back", WX_BYTES},
                                     {"zero, mapped", WX_BYTES},
                                     {"pauses", WX_COUNT},
                                     {"median", WX_NS},
                                     {"p99", WX_NS},
                                     {"longest", WX_NS},
                                     {"total", WX_NS},
                                     {"abandoned", WX_COUNT},
                                     {"held by these", WX_NS},
                                     {"over budget", WX_COUNT}};
  WxTable *table = wx_table_new(NULL, columns, sizeof columns / sizeof *columns);
  size_t index;
  json_t *result;
  json_array_foreach(document->results, index, result) {
    const json_t *pauses = json_object_get(result, "pauses");
    wx_table_add(table, (WxCell[]){wx_figure(wx_json_get_figure(result, "pid")),
                                   wx_figure(wx_json_get_figure(result, "before_bytes")),
                                   wx_figure(wx_json_get_figure(result, "after_bytes")),
                                   wx_figure(wx_json_get_figure(result, "punched_bytes")),
                                   wx_figure(wx_json_get_figure(result, "zero_mapped_bytes")),
                                   wx_figure(wx_json_get_figure(pauses, "count")),
                                   wx_figure(wx_json_get_figure(pauses, "p50_ns")),
                                   wx_figure(wx_json_get_figure(pauses, "p99_ns")),
                                   wx_figure(wx_json_get_figure(pauses, "max_ns")),
                                   wx_figure(wx_json_get_figure(pauses, "total_ns")),
                                   wx_figure(wx_json_get_figure(pauses, "abandoned")),
                                   wx_figure(wx_json_get_figure(pauses, "held_abandoned_ns")),
                                   wx_figure(wx_json_get_figure(pauses, "over_budget"))});
  }
  wx_document_add_table(document, table);
  if (dry_run)
    wx_document_note(document, "Dry run: nothing was frozen or given back; the pauses are an "
                               "estimate.");
}

void wx_reclaim_document_note_all(WxDocument *document, const char *memfd, const WxAllDone *done) {
  const char *name = memfd ? memfd : WX_DOUBLEMAPPER_NAME;
  if (!done->files)
    wx_document_note(document, "No process that may be traced has a %s%s.", wx_memfd_kind(name),
                     name);
  if (done->ours)
    wx_document_note(document, "%zu of wxbench's own processes are left out.", done->ours);
  if (done->left_out)
    wx_document_note(document,
                     "%zu memfds at least are left out: more than %d of a process, or %d in all.",
                     done->left_out, WX_DISCOVERY_FILES, WX_TRACKED_FILES);
}

void wx_reclaim_document_advise(WxDocument *document, const WxHeadroom *before,
                                const WxReclaim *result) {
  if (!wx_headroom_is_less(before, result->punched_bytes))
    return;
  char left[WX_UNITS_TEXT], limit[WX_UNITS_TEXT];
  wx_document_note(document,
                   "Its memory group had %s left of %s, less than came back: the next unloads fill "
                   "it again, and one may pass the limit. The preload gives back at each release: "
                   "wxbench reclaim -- COMMAND.",
                   wx_units_format_bytes(left, before->left_bytes),
                   wx_units_format_bytes(limit, before->limit_bytes));
}
