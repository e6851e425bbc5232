// What the smallest reproductions printed, explained to someone who sees it for the first time.
#include "output/documents.h"
#include "output/json.h"
#include "stats/units.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

enum { KIB = 1024, NAME_SIZE = 64 };

/// The exit status of a reproduction that cannot run here.
enum { NOT_POSSIBLE = 77 };

/// A row that a reproduction printed: sizes of the memfd, and what tools see after the release.
typedef struct {
  char name[NAME_SIZE];
  WxFigure before;
  WxFigure after;
  WxFigure seen;
} Row;

// Takes the next `12,345 KiB` of a line, or fails.
static bool take_kib(const char **at, WxFigure *bytes) {
  WxFigure kib = 0;
  const char *digit = *at + strspn(*at, " ");
  if (*digit < '0' || *digit > '9')
    return false;
  for (; (*digit >= '0' && *digit <= '9') || *digit == ','; ++digit)
    if (*digit != ',' && kib < INT32_MAX)
      kib = kib * 10 + (*digit - '0');
  if (strncmp(digit, " KiB", 4) != 0)
    return false;
  *at = digit + 4;
  *bytes = kib * KIB;
  return true;
}

// `NAME  N KiB  N KiB  N KiB`: the name ends with two spaces, or where the first number begins.
static bool read_row(const char *line, Row *row) {
  for (const char *at = line; (at = strchr(at, ' ')); ++at) {
    const char *rest = at;
    if (!take_kib(&rest, &row->before) || !take_kib(&rest, &row->after) ||
        !take_kib(&rest, &row->seen))
      continue;
    snprintf(row->name, sizeof row->name, "%.*s", (int)(at - line), line);
    return at > line;
  }
  return false;
}

WxTable *wx_demo_table(void) {
  static const WxColumn columns[] = {{"reproduction", WX_TEXT},
                                     {"released by", WX_TEXT},
                                     {"memfd before", WX_BYTES},
                                     {"memfd after", WX_BYTES},
                                     {"tools see after", WX_BYTES}};
  return wx_table_new(NULL, columns, sizeof columns / sizeof *columns);
}

static json_t *row_json(const Row *row) {
  WxJsonBuilder builder = wx_json_object();
  wx_json_put(&builder, "name", wx_json_text(row->name));
  wx_json_put(&builder, "before_bytes", wx_json_figure(row->before));
  wx_json_put(&builder, "after_bytes", wx_json_figure(row->after));
  wx_json_put(&builder, "rss_shmem_bytes", wx_json_figure(row->seen));
  return wx_json_built(&builder);
}

// Says what a row shows, with its own numbers.
static void note_row(WxDocument *document, const char *reproduction, const Row *row) {
  char before[WX_UNITS_TEXT], after[WX_UNITS_TEXT], seen[WX_UNITS_TEXT];
  wx_units_format_bytes(before, row->before);
  wx_units_format_bytes(after, row->after);
  wx_units_format_bytes(seen, row->seen);
  if (row->after > row->before)
    wx_document_note(document,
                     "%s, %s: releasing made the file grow, from %s to %s. RSS, top and dumps show "
                     "%s of it.",
                     reproduction, row->name, before, after, seen);
  else if (row->before)
    wx_document_note(document, "%s, %s: releasing gave %s of %s back.", reproduction, row->name,
                     wx_units_format_bytes(seen, row->before - row->after), before);
  else
    wx_document_note(document, "%s, %s: there is no such file, and nothing to grow.", reproduction,
                     row->name);
}

// Adds the rows of what it printed to the table and to `rows`.
static void add_rows(WxDocument *document, WxTable *table, const char *name, char *printed,
                     WxJsonBuilder *rows) {
  char *rest = NULL;
  for (char *line = strtok_r(printed, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
    Row row;
    if (!read_row(line, &row))
      continue;
    wx_table_add(table, (WxCell[]){wx_text(name), wx_text(row.name), wx_figure(row.before),
                                   wx_figure(row.after), wx_figure(row.seen)});
    wx_json_append(rows, row_json(&row));
    note_row(document, name, &row);
  }
}

void wx_demo_document_add(WxDocument *document, WxTable *table, WxEndings *endings,
                          const char *reproduction, WxObserved *observed) {
  const bool exited = observed->outcome == WX_OBSERVED_DIED && WIFEXITED(observed->wait_status);
  const int status = exited ? WEXITSTATUS(observed->wait_status) : -1;
  WxEnded ended;
  wx_observed_ended(observed, &ended);
  WxJsonBuilder result = wx_json_object(), rows = wx_json_list();
  wx_json_put(&result, "reproduction", wx_json_text(reproduction));
  wx_json_put(&result, "shown", status == NOT_POSSIBLE ? json_null() : json_boolean(!status));
  if (status == NOT_POSSIBLE) {
    const char *why = *ended.last_line ? ended.last_line : "not possible here";
    wx_endings_add_impossible(endings, reproduction, why);
    wx_document_note(document, "%s was not run: %s", reproduction, why);
    wx_json_put(&result, "skipped", wx_json_text(why));
  } else {
    endings->any = true;
    endings->failed |= status != 0;
    if (observed->output.length)
      add_rows(document, table, reproduction, observed->output.data, &rows);
    if (status != 0)
      wx_document_note(document, "NOT SHOWN: %s: %s", reproduction, ended.text);
  }
  wx_json_put(&result, "rows", wx_json_built(&rows));
  wx_document_add_result(document, wx_json_built(&result));
}

void wx_demo_document_begin(WxDocument *document) {
  wx_document_note(document,
                   "Since .NET 7 all executable memory is one file in memory (memfd:doublemapper), "
                   "mapped twice: once to run code, once to write it (W^X).");
  wx_document_note(document,
                   "To release code, the runtime fills its block with zeros and unmaps it. The "
                   "fill allocates every page of the block that was never used, and unmapping "
                   "gives none of them back. What is mapped nowhere is in no RSS, no Pss and no "
                   "dump; the memory limit of a container counts it.");
  wx_document_lead(document);
}

void wx_demo_document_end(WxDocument *document) {
  wx_document_note(document, "Is it your process? wxbench audit PID. Give it back while it runs: "
                             "wxbench reclaim --pid PID --dry-run, then without --dry-run.");
  wx_document_note(
      document, "DOTNET_EnableWriteXorExecute=0 avoids it and gives up W^X; where memory may not "
                "be writable and executable at once, the runtime does not start then (wxbench "
                "probe).");
}
