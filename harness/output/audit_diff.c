// What grew between two audits, by owner: of saved ones, maps, smaps, cores and living processes.
#include "attribution/saved.h"
#include "output/audit_document.h"
#include "output/audit_figures.h"
#include "output/json.h"
#include "output/load.h"
#include "stats/units.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Of those that are compared the one whose place follows; NULL at the end.
static const WxAuditFigure *next_figure(const WxAuditFigure *last) {
  const WxAuditFigure *next = NULL;
  for (size_t i = 0; i < WX_AUDIT_FIGURE_COUNT; ++i) {
    const WxAuditFigure *figure = &wx_audit_figures[i];
    if (figure->place > (last ? last->place : 0) && (!next || figure->place < next->place))
      next = figure;
  }
  return next;
}

static WxFigure figure_of(const json_t *result, const char *object, const char *member) {
  return wx_json_get_figure(json_object_get(result, object), member);
}

static void add_change(WxTable *table, WxJsonBuilder *list, const char *name, WxFigure was,
                       WxFigure is) {
  const WxFigure change = wx_figure_minus(is, was);
  wx_table_add(table, (WxCell[]){wx_text(name), wx_figure(was), wx_figure(is), wx_figure(change)});
  wx_json_append(list,
                 json_pack("{s:s, s:o, s:o, s:o}", "metric", name, "base", wx_json_figure(was),
                           "new", wx_json_figure(is), "change", wx_json_figure(change)));
}

// What one side says of an owner.
typedef struct {
  WxFigure memory; // Resident or in swap.
  WxFigure address_space;
  WxFigure mappings;
} Held;

typedef struct {
  const char *key, *name;
  Held was, is;
} Growth;

static const Held nothing_known = {WX_UNKNOWN, WX_UNKNOWN, WX_UNKNOWN};

static bool is_core(const json_t *result) {
  const char *source = wx_json_get_text(result, "source");
  return source && !strcmp(source, "core");
}

// Whether the source would show an owner that it does not have. A core may leave out reserved
// memory, names neither malloc's main heap nor, as a rule, the collector's range, and its segments
// are no mappings.
static bool would_show(const json_t *result, WxOwner owner) {
  static const WxOwner hidden[] = {WX_OWNER_HEAP_RESERVED, WX_OWNER_GC_RESERVED, WX_OWNER_RESERVED,
                                   WX_OWNER_MAIN_HEAP, WX_OWNER_GC_COMMITTED};
  if (owner == WX_OWNER_DOUBLE_MAPPER)
    return wx_known(figure_of(result, "doublemapper", "mapped_va_bytes"));
  bool shown = true;
  for (size_t i = 0; is_core(result) && i < sizeof hidden / sizeof *hidden; ++i)
    shown &= owner != hidden[i];
  return shown;
}

static Held held_in(const json_t *row, bool counted) {
  return (Held){
      wx_figure_plus(wx_json_get_figure(row, "rss_bytes"), wx_json_get_figure(row, "swap_bytes")),
      wx_json_get_figure(row, "bytes"),
      counted ? wx_json_get_figure(row, "mappings") : WX_UNKNOWN,
  };
}

// Of a source that was read in part nothing is known: what it lacks did not shrink.
static Held held_by(const json_t *result, WxOwner owner) {
  const json_t *owners = json_object_get(result, "owners");
  if (wx_json_get_text(result, "incomplete") || wx_json_get_text(result, "damage") ||
      !json_is_array(owners))
    return nothing_known;
  const bool counted = !is_core(result);
  bool sizes = false;
  for (size_t i = 0; i < json_array_size(owners); ++i) {
    const json_t *one = json_array_get(owners, i);
    const char *key = wx_json_get_text(one, "owner");
    sizes |= wx_known(wx_json_get_figure(one, "rss_bytes"));
    if (key && !strcmp(key, wx_audit_owner_key(owner)))
      return held_in(one, counted);
  }
  return would_show(result, owner) ? (Held){sizes ? 0 : WX_UNKNOWN, 0, counted ? 0 : WX_UNKNOWN}
                                   : nothing_known;
}

static Held held_nowhere(const json_t *result) {
  return (Held){figure_of(result, "doublemapper", "orphaned_bytes"), WX_UNKNOWN, WX_UNKNOWN};
}

static WxFigure growth_of(WxFigure was, WxFigure is) {
  const WxFigure grown = wx_figure_minus(is, was);
  return wx_known(grown) ? grown : INT64_MIN;
}

// By memory, and where that is not known by address space.
static int compare_growth(const void *left, const void *right) {
  const Growth *a = left, *b = right;
  const WxFigure memory_a = growth_of(a->was.memory, a->is.memory);
  const WxFigure memory_b = growth_of(b->was.memory, b->is.memory);
  if (memory_a != memory_b)
    return memory_a > memory_b ? -1 : 1;
  const WxFigure space_a = growth_of(a->was.address_space, a->is.address_space);
  const WxFigure space_b = growth_of(b->was.address_space, b->is.address_space);
  return space_a > space_b ? -1 : space_a < space_b;
}

static json_t *held_json(const Held *held) {
  return json_pack("{s:o, s:o, s:o}", "memory_bytes", wx_json_figure(held->memory),
                   "address_space_bytes", wx_json_figure(held->address_space), "mappings",
                   wx_json_figure(held->mappings));
}

// Nothing, as far as it is known.
static bool is_nothing(const Held *held) {
  return (!wx_known(held->memory) || held->memory == 0) &&
         (!wx_known(held->address_space) || held->address_space == 0);
}

enum { ROWS = WX_OWNERS }; // Holes have no row, what is mapped nowhere has one.

static size_t find_growth(const json_t *base, const json_t *now, Growth rows[ROWS]) {
  size_t count = 0;
  for (size_t i = 0; i < WX_OWNERS; ++i) {
    const WxOwner owner = (WxOwner)i;
    const Growth row = {wx_audit_owner_key(owner), wx_owner_name(owner), held_by(base, owner),
                        held_by(now, owner)};
    if (owner != WX_OWNER_HOLE && (!is_nothing(&row.was) || !is_nothing(&row.is)))
      rows[count++] = row;
  }
  rows[count++] =
      (Growth){"orphaned", "double mapper, orphaned", held_nowhere(base), held_nowhere(now)};
  qsort(rows, count, sizeof *rows, compare_growth);
  return count;
}

// What grew by owner, worst first.
static json_t *add_owners(WxDocument *document, const json_t *base, const json_t *now) {
  static const WxColumn columns[] = {{"memory of", WX_TEXT}, {"before", WX_BYTES},
                                     {"now", WX_BYTES},      {"change", WX_BYTES},
                                     {"space +", WX_BYTES},  {"mappings +", WX_COUNT}};
  Growth rows[ROWS];
  const size_t count = find_growth(base, now, rows);
  WxTable *table =
      wx_table_new(wx_json_get_text(now, "command"), columns, sizeof columns / sizeof *columns);
  WxJsonBuilder list = wx_json_list();
  for (size_t i = 0; i < count; ++i) {
    const Held *was = &rows[i].was, *is = &rows[i].is;
    const Held change = {wx_figure_minus(is->memory, was->memory),
                         wx_figure_minus(is->address_space, was->address_space),
                         wx_figure_minus(is->mappings, was->mappings)};
    wx_table_add(table, (WxCell[]){wx_text(rows[i].name), wx_figure(was->memory),
                                   wx_figure(is->memory), wx_figure(change.memory),
                                   wx_figure(change.address_space), wx_figure(change.mappings)});
    wx_json_append(&list,
                   json_pack("{s:s, s:o, s:o, s:o}", "owner", rows[i].key, "base", held_json(was),
                             "new", held_json(is), "change", held_json(&change)));
  }
  wx_document_add_table(document, table);
  return wx_json_built(&list);
}

static void note_part(WxDocument *document, const char *which, const json_t *result) {
  const char *why = wx_json_get_text(result, "incomplete");
  if (why)
    wx_document_note(document,
                     "What was there %s was read in part (%s): nothing is said of its owners.",
                     which, why);
}

void wx_audit_diff_add(WxDocument *document, const json_t *base, const json_t *now) {
  static const WxColumn byte_columns[] = {
      {"bytes", WX_TEXT}, {"before", WX_BYTES}, {"now", WX_BYTES}, {"change", WX_BYTES}};
  static const WxColumn count_columns[] = {
      {"count", WX_TEXT}, {"before", WX_COUNT}, {"now", WX_COUNT}, {"change", WX_COUNT}};
  json_t *owners = add_owners(document, base, now);
  WxTable *bytes = wx_table_new(NULL, byte_columns, 4);
  WxTable *numbers = wx_table_new(NULL, count_columns, 4);
  WxJsonBuilder list = wx_json_list();
  for (const WxAuditFigure *figure = NULL; (figure = next_figure(figure));)
    add_change(wx_unit_of(figure->member) == WX_UNIT_BYTES ? bytes : numbers, &list, figure->name,
               figure_of(base, figure->object, figure->member),
               figure_of(now, figure->object, figure->member));
  const char *was = wx_json_get_text(json_object_get(base, "verdict"), "code");
  const char *is = wx_json_get_text(json_object_get(now, "verdict"), "code");
  wx_document_add_table(document, bytes);
  wx_document_add_table(document, numbers);
  wx_document_note(document, "Verdict: %s, now %s.", was ? was : "unknown", is ? is : "unknown");
  wx_document_note(document, "Memory is resident or in swap; `space +` and `mappings +` are by how "
                             "much address space and mappings grew.");
  note_part(document, "before", base);
  note_part(document, "now", now);
  wx_document_add_result(document,
                         json_pack("{s:o, s:o, s:o, s:o, s:o}", "pid",
                                   wx_json_figure(wx_json_get_figure(now, "pid")), "verdict_base",
                                   wx_json_text(was), "verdict", wx_json_text(is), "owners", owners,
                                   "changes", wx_json_built(&list)));
}

/* The two
 * -------------------------------------------------------------------------------------------------
 */

static int load_document(const char *path, json_t **root, WxProblem *problem) {
  char damage[WX_PROBLEM];
  if (wx_document_load(path, root, damage))
    return wx_problem(problem, -EINVAL, "%s", damage);
  const char *kind = wx_json_get_text(*root, "kind");
  if (kind && !strcmp(kind, "audit"))
    return 0;
  return wx_problem(problem, -EINVAL, "%s: expected an audit, not a document of kind %s", path,
                    kind ? kind : "null");
}

pid_t wx_audit_diff_process(const char *what) {
  char *end;
  const long pid = strtol(what, &end, 10);
  return !*end && pid > 0 && pid <= INT32_MAX && access(what, F_OK) ? (pid_t)pid : 0;
}

// The first character tells a document and a core; everything else is a listing.
static int source_of(const char *path, WxSource *source) {
  FILE *file = fopen(path, "re");
  if (!file)
    return -errno;
  int first;
  do
    first = fgetc(file);
  while (first == ' ' || first == '\t' || first == '\r' || first == '\n');
  const int error = ferror(file) ? EIO : 0;
  fclose(file);
  *source = first == '\177' ? WX_SOURCE_CORE : WX_SOURCE_MAPS;
  return error ? -error : first == '{';
}

// A document as `audit --json` would have written it, of an audit that `failed` or did not; ends
// the audit.
static int take_document(const char *what, WxAudit *audit, int failed, json_t **root,
                         WxProblem *problem) {
  if (failed)
    failed = wx_audit_problem(what, audit, failed, problem);
  else if (!(*root = json_pack("{s:[o]}", "results", wx_audit_json(audit))))
    failed = wx_problem(problem, -ENOMEM, "%s", strerror(ENOMEM));
  wx_audit_free(audit);
  return failed;
}

static int load_living(const char *what, pid_t pid, const WxAuditOptions *options, json_t **root,
                       WxProblem *problem) {
  WxAudit audit;
  const int failed = wx_audit_live(&audit, pid, options);
  return take_document(what, &audit, failed, root, problem);
}

static int load_saved(const char *what, const char *path, const WxAuditOptions *options,
                      json_t **root, WxProblem *problem) {
  WxSource source = WX_SOURCE_MAPS;
  const int kind = source_of(path, &source);
  if (kind < 0)
    return wx_problem(problem, -EINVAL, "%s: %s", what, strerror(-kind));
  if (kind)
    return load_document(path, root, problem);
  WxAudit audit;
  const int failed = wx_audit_file(&audit, source, path, options);
  return take_document(what, &audit, failed, root, problem);
}

int wx_audit_diff_load(const char *what, const WxAuditOptions *options, json_t **root,
                       WxProblem *problem) {
  const pid_t pid = wx_audit_diff_process(what);
  if (pid)
    return load_living(what, pid, options, root, problem);
  WxSaved saved;
  int failed = wx_saved_open(&saved, what);
  if (failed)
    failed = wx_problem(problem, -EINVAL, "%s: %s", what, strerror(-failed));
  else
    failed = load_saved(what, saved.path, options, root, problem);
  wx_saved_close(&saved);
  return failed;
}

// Of a kill or a difference a document has results, too, but they say nothing of a process.
static bool is_of_process(const json_t *result) {
  return json_is_object(json_object_get(result, "doublemapper"));
}

// The result of the same process; a single result matches any single one.
static const json_t *matching(const json_t *results, const json_t *result, size_t others) {
  const WxFigure pid = wx_json_get_figure(result, "pid");
  for (size_t i = 0; i < json_array_size(results); ++i)
    if (wx_json_get_figure(json_array_get(results, i), "pid") == pid)
      return json_array_get(results, i);
  return json_array_size(results) == 1 && others == 1 ? json_array_get(results, 0) : NULL;
}

size_t wx_audit_diff_document(WxDocument *document, const json_t *base, const json_t *now) {
  const json_t *before = json_object_get(base, "results"), *after = json_object_get(now, "results");
  size_t compared = 0;
  for (size_t i = 0; i < json_array_size(after); ++i) {
    const json_t *result = json_array_get(after, i);
    const json_t *match = matching(before, result, json_array_size(after));
    if (!match || !is_of_process(match) || !is_of_process(result))
      continue;
    wx_audit_diff_add(document, match, result);
    ++compared;
  }
  return compared;
}
