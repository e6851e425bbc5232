// Audits of many processes, worst first, each file counted once.
#include "attribution/survey.h"
#include "measure/bounded.h"
#include "output/audit_document.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int compare_rows(const void *left, const void *right) {
  const WxAuditRow *a = left, *b = right;
  if (a->rank != b->rank)
    return a->rank < b->rank ? -1 : 1;
  if (a->orphaned != b->orphaned)
    return a->orphaned > b->orphaned ? -1 : 1;
  return a->pid < b->pid ? -1 : a->pid > b->pid;
}

static bool is_seen(const WxAuditTotal *total, WxFileId id) {
  for (size_t i = 0; i < total->count; ++i)
    if (wx_file_id_equal(total->seen[i], id))
      return true;
  return false;
}

void wx_audit_add_to_total(WxAuditTotal *total, const WxTruth *truth) {
  for (size_t i = 0; i < truth->memfds.count; ++i) {
    const WxOrphans *file = &truth->files[i];
    if (total->count == total->capacity || is_seen(total, truth->memfds.items[i].id))
      continue;
    total->seen[total->count++] = truth->memfds.items[i].id;
    total->allocated += wx_known(file->allocated_bytes) ? file->allocated_bytes : 0;
    total->orphaned += wx_known(file->orphaned_bytes) ? file->orphaned_bytes : 0;
    total->unknown += !wx_known(file->orphaned_bytes);
  }
}

void wx_audit_make_row(WxAuditRow *row, const WxAudit *audit) {
  *row = (WxAuditRow){
      .json = wx_audit_json(audit),
      .rank = wx_verdict_rank(audit->verdict.code),
      .orphaned = audit->truth.orphaned_bytes,
      .pid = audit->pid,
      .allocated = audit->truth.allocated_bytes,
      .mapped = audit->truth.mapped_bytes,
      .rss = audit->status.rss_bytes,
      .mappings = audit->facts.mappings,
      .verdict = wx_verdict_code(audit->verdict.code),
  };
  snprintf(row->command, sizeof row->command, "%s", audit->command);
  snprintf(row->runtime, sizeof row->runtime, "%s", audit->runtime.version);
}

static WxTable *make_table(const WxAuditRow *rows, size_t count) {
  static const WxColumn columns[] = {
      {"pid", WX_TEXT},        {"command", WX_TEXT},   {"runtime", WX_TEXT},
      {"allocated", WX_BYTES}, {"mapped", WX_BYTES},   {"orphaned", WX_BYTES},
      {"RSS", WX_BYTES},       {"mappings", WX_COUNT}, {"verdict", WX_TEXT}};
  WxTable *table = wx_table_new(NULL, columns, sizeof columns / sizeof *columns);
  for (size_t i = 0; i < count; ++i) {
    const WxAuditRow *row = &rows[i];
    char pid[16];
    snprintf(pid, sizeof pid, "%d", (int)row->pid);
    wx_table_add(table,
                 (WxCell[]){wx_text(pid), wx_text(row->command),
                            wx_text(*row->runtime ? row->runtime : NULL), wx_figure(row->allocated),
                            wx_figure(row->mapped), wx_figure(row->orphaned), wx_figure(row->rss),
                            wx_figure(row->mappings), wx_text(row->verdict)});
  }
  return table;
}

enum { LIST_SIZE = 256, ENTRY_SIZE = 16 };

// "3 processes (12 34 56)".
static void list_processes(const WxProcesses *processes, char list[LIST_SIZE]) {
  const size_t count = processes->count;
  size_t used = (size_t)snprintf(list, LIST_SIZE, "%zu process%s (", count, count == 1 ? "" : "es");
  for (size_t i = 0; i < count && used < LIST_SIZE - 2 * ENTRY_SIZE; ++i)
    used +=
        (size_t)snprintf(list + used, LIST_SIZE - used, i ? " %d" : "%d", (int)processes->pids[i]);
  (void)snprintf(list + used, LIST_SIZE - used, used < LIST_SIZE - 2 * ENTRY_SIZE ? ")" : " ...)");
}

static void note_skipped(WxDocument *document, const WxSurvey *survey,
                         const WxProcesses *left_out) {
  char list[LIST_SIZE];
  if (survey->misled.count) {
    list_processes(&survey->misled, list);
    wx_document_note(document,
                     "Not opened: files that are called like the memfd and are none, of %s.", list);
  }
  if (left_out && left_out->count) {
    list_processes(left_out, list);
    wx_document_note(document, "Did not answer within %d s: %s.", WX_BOUNDED_SECONDS, list);
  }
  const size_t count = survey->skipped.count;
  list_processes(&survey->skipped, list);
  if (count)
    wx_document_note(document, "Skipped for lack of permission: %s%s.", list,
                     geteuid() == 0 ? ""
                     : count == 1   ? "; run as root to see it"
                                    : "; run as root to see them");
  else
    wx_document_note(document, "No process was skipped for lack of permission.");
}

void wx_audit_all_document(WxDocument *document, WxAuditRow *rows, size_t count,
                           const WxAuditTotal *total, const WxSurvey *survey,
                           const WxProcesses *left_out) {
  qsort(rows, count, sizeof *rows, compare_rows);
  for (size_t i = 0; i < count; ++i)
    wx_document_add_result(document, rows[i].json);
  wx_document_add_table(document, make_table(rows, count));
  wx_document_note(document,
                   "%zu process%s, %zu file%s, each counted once: %.1f MiB allocated, %.1f MiB "
                   "orphaned%s.",
                   count, count == 1 ? "" : "es", total->count, total->count == 1 ? "" : "s",
                   (double)total->allocated / 1048576, (double)total->orphaned / 1048576,
                   total->unknown ? " (some could not be opened)" : "");
  note_skipped(document, survey, left_out);
}

static size_t audit_found(const WxSurvey *survey, const WxAuditOptions *options, WxAuditRow *rows,
                          WxAuditTotal *total, WxProgress *progress) {
  size_t count = 0;
  WxAuditOptions how = *options;
  how.fast = true;
  how.any_memfd = true;
  how.known = &survey->mappers;
  for (size_t i = 0; i < survey->found.count; ++i) {
    WxAudit audit;
    wx_progress_show(progress, "process %zu of %zu", i + 1, survey->found.count);
    // One that has ended since is none any more.
    if (!wx_audit_live(&audit, survey->found.pids[i], &how)) {
      wx_audit_make_row(&rows[count++], &audit);
      wx_audit_add_to_total(total, &audit.truth);
    }
    wx_audit_free(&audit);
  }
  return count;
}

int wx_audit_all(WxDocument *document, const WxAuditOptions *options, WxProgress *progress) {
  WxSurvey survey = {0};
  char link[WX_MEMFD_LINK];
  wx_memfd_link(link, options->memfd);
  int failed = wx_survey_take(&survey, link, options->left_out);
  WxAuditRow *rows = calloc(survey.found.count + 1, sizeof *rows);
  // A process may have got another file since: then there are more than the survey saw.
  WxAuditTotal total = {.capacity = survey.file_count + survey.found.count};
  total.seen = calloc(total.capacity + 1, sizeof *total.seen);
  if (!failed && !(rows && total.seen))
    failed = -ENOMEM;
  if (!failed) {
    const size_t count = audit_found(&survey, options, rows, &total, progress);
    wx_audit_all_document(document, rows, count, &total, &survey, options->left_out);
  }
  free(rows);
  free(total.seen);
  wx_survey_free(&survey);
  return failed;
}
