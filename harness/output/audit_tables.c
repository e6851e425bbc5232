// An audit as tables: block A, what is true; block B, what a debugger shows and what it is; then
// the summary by kind, the container and the verdict.
#include "output/audit_document.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE_TEXT = 24, TEXT = 128, TITLE = 256, INFLATED_ROWS = 8 };
#define COUNT_OF(ARRAY) (sizeof(ARRAY) / sizeof *(ARRAY))

static const double mebibyte = 1024.0 * 1024.0;

// "127.96mb", as debuggers print it.
static void write_size(char text[SIZE_TEXT], uint64_t bytes) {
  static const char *const units[] = {"b", "kb", "mb", "gb", "tb"};
  double size = (double)bytes;
  size_t unit = 0;
  while (size >= 1024 && unit + 1 < COUNT_OF(units)) {
    size /= 1024;
    ++unit;
  }
  snprintf(text, SIZE_TEXT, unit ? "%.2f%s" : "%.0f%s", size, units[unit]);
}

static double share_of(WxFigure part, WxFigure whole) {
  return wx_known(part) && wx_known(whole) && whole > 0 ? 100.0 * (double)part / (double)whole
                                                        : (double)NAN;
}

/* A. What is true
 * -------------------------------------------------------------------------------------------------
 */

static void add_parts(WxDocument *document, const WxAudit *audit) {
  static const char *const names[WX_PARTS] = {"rx (code)", "rw (data, views)", "reserved", "other"};
  const char *file = audit->facts.subject ? audit->facts.subject : "double mapper";
  const WxColumn columns[] = {{file, WX_TEXT},
                              {"mappings", WX_COUNT},
                              {"address space", WX_BYTES},
                              {"Rss", WX_BYTES},
                              {"Pss", WX_BYTES}};
  char title[TEXT];
  snprintf(title, sizeof title, "A. What is true%s%s", *audit->command ? " of " : "",
           audit->command);
  WxTable *table = wx_table_new(title, columns, COUNT_OF(columns));
  for (size_t i = 0; i < WX_PARTS; ++i) {
    const WxProtectionPart *part = &audit->parts[i];
    if (part->count || i != WX_PART_OTHER)
      wx_table_add(table,
                   (WxCell[]){wx_text(names[i]), wx_figure(wx_audit_of_file(audit, part->count)),
                              wx_figure(wx_audit_of_file(audit, part->bytes)),
                              wx_figure(part->rss_bytes), wx_figure(part->pss_bytes)});
  }
  wx_document_add_table(document, table);
}

static void add_truth(WxDocument *document, const WxAudit *audit) {
  static const WxColumn columns[] = {
      {"figure", WX_TEXT}, {"bytes", WX_BYTES}, {"% of allocated", WX_RATIO}};
  const WxTruth *truth = &audit->truth;
  const WxFigure allocated = truth->allocated_bytes;
  const struct {
    const char *name;
    WxFigure bytes;
    bool part;
  } rows[] = {
      {"allocated (st_blocks)", allocated, true},
      {"mapped and allocated", truth->mapped_bytes, true},
      {"orphaned (mapped nowhere)", truth->orphaned_bytes, true},
      {"process RSS", audit->status.rss_bytes, false},
      {"process RssAnon", audit->status.rss_anon_bytes, false},
      {"process RssShmem", audit->status.rss_shmem_bytes, false},
      {"cgroup shmem", audit->cgroup.shmem_bytes, false},
      {"cgroup file_mapped", audit->cgroup.file_mapped_bytes, false},
      {"malloc arenas committed", wx_audit_of_whole(audit, audit->space->heaps.committed_bytes),
       false},
      {"malloc arenas reserved", wx_audit_of_whole(audit, audit->space->heaps.reserved_bytes),
       false},
      {"malloc arenas Rss", audit->residency[WX_OWNER_HEAP_COMMITTED].rss_bytes, false},
  };
  WxTable *table = wx_table_new(NULL, columns, COUNT_OF(columns));
  for (size_t i = 0; i < COUNT_OF(rows); ++i)
    wx_table_add(table,
                 (WxCell[]){wx_text(rows[i].name), wx_figure(rows[i].bytes),
                            wx_ratio(rows[i].part ? share_of(rows[i].bytes, allocated) : NAN)});
  wx_document_add_table(document, table);
}

static void add_extents(WxDocument *document, const WxAudit *audit) {
  static const WxColumn columns[] = {{"extents from", WX_BYTES},
                                     {"allocated", WX_COUNT},
                                     {"bytes", WX_BYTES},
                                     {"orphaned", WX_COUNT},
                                     {"orphaned bytes", WX_BYTES}};
  const WxHistogram *all = &audit->truth.allocated, *orphaned = &audit->truth.orphaned;
  if (!wx_known(audit->truth.orphaned_bytes) || audit->truth.allocated_bytes == 0)
    return;
  WxTable *table = wx_table_new(NULL, columns, COUNT_OF(columns));
  const bool known = audit->truth.extents_known;
  for (size_t i = 0; i < WX_SIZE_CLASSES; ++i)
    if (all->count[i] || orphaned->count[i])
      wx_table_add(table, (WxCell[]){wx_figure((WxFigure)(UINT64_C(4096) << i)),
                                     wx_figure(known ? (WxFigure)all->count[i] : WX_UNKNOWN),
                                     wx_figure(known ? (WxFigure)all->bytes[i] : WX_UNKNOWN),
                                     wx_figure((WxFigure)orphaned->count[i]),
                                     wx_figure((WxFigure)orphaned->bytes[i])});
  wx_document_add_table(document, table);
}

static void add_others(WxDocument *document, const WxAudit *audit) {
  static const WxColumn columns[] = {
      {"other memory file (memfd, deleted file of a tmpfs)", WX_TEXT},
      {"descriptor", WX_ID},
      {"bytes (st_blocks)", WX_BYTES}};
  enum { SHOWN = 10 };
  const WxMemfds *others = &audit->others;
  if (!others->count)
    return;
  WxTable *table = wx_table_new(NULL, columns, COUNT_OF(columns));
  for (size_t i = 0; i < others->count && i < SHOWN; ++i) {
    const WxMemfd *file = &others->items[i];
    wx_table_add(table, (WxCell[]){wx_text(file->link),
                                   wx_figure(file->number < 0 ? WX_UNKNOWN : file->number),
                                   wx_figure(file->allocated_bytes)});
  }
  wx_document_add_table(document, table);
  if (others->count > SHOWN)
    wx_document_note(document,
                     "%zu more memory files of the process are smaller (--json has them).",
                     others->count - SHOWN);
}

/* B. What a debugger shows, and what it is
 * -------------------------------------------------------------------------------------------------
 */

static void add_span(WxDocument *document, const WxAudit *audit) {
  static const WxColumn columns[] = {
      {"inside the interval", WX_TEXT}, {"bytes", WX_BYTES}, {"%", WX_RATIO}};
  static const char *const own[WX_PARTS] = {"own rx", "own rw", "own reserved", "own other"};
  const WxModule *module = audit->module;
  const WxFigure span = (WxFigure)(module->end - module->start);
  char title[TITLE], name[TEXT], by_both[SIZE_TEXT], by_clrmd[SIZE_TEXT];
  wx_module_name(module->path, name, sizeof name);
  write_size(by_both, module->end - module->start);
  write_size(by_clrmd, module->end - module->offset0);
  snprintf(title, sizeof title,
           "B. Module %s: %" PRIx64 "-%" PRIx64 ", %s (WinDbg, approximately); "
           "from %" PRIx64 ", %s (ClrMD 2 and 3)",
           name, module->start, module->end, by_both, module->offset0, by_clrmd);
  WxTable *table = wx_table_new(title, columns, COUNT_OF(columns));
  for (size_t i = 0; i < WX_PARTS; ++i)
    if (audit->parts[i].bytes)
      wx_table_add(table, (WxCell[]){wx_text(own[i]), wx_figure((WxFigure)audit->parts[i].bytes),
                                     wx_ratio(share_of((WxFigure)audit->parts[i].bytes, span))});
  for (size_t i = WX_OWNER_DOUBLE_MAPPER + 1; i < WX_OWNERS; ++i)
    if (audit->span.bytes[i])
      wx_table_add(table, (WxCell[]){wx_text(wx_owner_name((WxOwner)i)),
                                     wx_figure((WxFigure)audit->span.bytes[i]),
                                     wx_ratio(share_of((WxFigure)audit->span.bytes[i], span))});
  wx_table_add(table, (WxCell[]){wx_text("sum"), wx_figure(span), wx_ratio(100)});
  wx_document_add_table(document, table);
}

static void add_rows(WxDocument *document, const WxAudit *audit) {
  static const WxColumn columns[] = {
      {"Memory Kind", WX_TEXT}, {"StartAddr", WX_TEXT}, {"EndAddr-1", WX_TEXT},
      {"Size", WX_TEXT},        {"Type", WX_TEXT},      {"State", WX_TEXT},
      {"Protect", WX_TEXT},     {"Image", WX_TEXT},     {"REALLY", WX_TEXT}};
  char title[TITLE], module[TEXT], size[SIZE_TEXT];
  wx_module_name(audit->module->path, module, sizeof module);
  write_size(size, audit->rows.bytes);
  snprintf(title, sizeof title, "Its %zu largest rows in a debugger, of %zu with %s",
           audit->rows.count, audit->rows.seen, size);
  WxTable *table = wx_table_new(title, columns, COUNT_OF(columns));
  for (size_t i = 0; i < audit->rows.count; ++i) {
    const WxRow *row = &audit->rows.items[i];
    char start[32], end[32], really[256];
    snprintf(start, sizeof start, "%" PRIx64, row->start);
    snprintf(end, sizeof end, "%" PRIx64, row->end);
    write_size(size, row->end - row->start);
    wx_row_really(row, really, sizeof really);
    wx_table_add(table, (WxCell[]){wx_text("Image"), wx_text(start), wx_text(end), wx_text(size),
                                   wx_text("MEM_IMAGE"),
                                   wx_text(row->protection < 0 ? "MEM_UNKNOWN" : "MEM_COMMIT"),
                                   wx_text(wx_row_protection(row->protection)), wx_text(module),
                                   wx_text(really)});
  }
  wx_document_add_table(document, table);
}

static int compare_inflation(const void *left, const void *right) {
  const WxModule *const *a = left, *const *b = right;
  const uint64_t excess_a = (*a)->end - (*a)->start - (*a)->own_bytes;
  const uint64_t excess_b = (*b)->end - (*b)->start - (*b)->own_bytes;
  return excess_a > excess_b ? -1 : excess_a < excess_b;
}

static void add_inflated(WxDocument *document, const WxAudit *audit) {
  static const WxColumn columns[] = {{"most inflated modules", WX_TEXT},
                                     {"interval", WX_BYTES},
                                     {"really maps", WX_BYTES},
                                     {"times", WX_RATIO}};
  const size_t count = audit->modules.count;
  const WxModule **sorted = calloc(count + 1, sizeof *sorted);
  WxTable *table = sorted ? wx_table_new(NULL, columns, COUNT_OF(columns)) : NULL;
  for (size_t i = 0; sorted && i < count; ++i)
    sorted[i] = &audit->modules.items[i];
  if (sorted)
    qsort(sorted, count, sizeof *sorted, compare_inflation);
  for (size_t i = 0; sorted && i < count && i < INFLATED_ROWS; ++i) {
    const WxModule *module = sorted[i];
    char name[TEXT];
    if (wx_module_inflation(module) < 1.5)
      break;
    wx_module_name(module->path, name, sizeof name);
    wx_table_add(table,
                 (WxCell[]){wx_text(name), wx_figure((WxFigure)(module->end - module->start)),
                            wx_figure((WxFigure)module->own_bytes),
                            wx_ratio(wx_module_inflation(module))});
  }
  free(sorted);
  if (table && !wx_table_error(table) && !wx_table_rows(table))
    wx_table_free(table);
  else
    wx_document_add_table(document, table);
}

/* The summary by kind, the container and the verdict
 * -------------------------------------------------------------------------------------------------
 */

// "n/a" where the source has not all of an owner.
static void write_known_size(char text[SIZE_TEXT], WxFigure bytes) {
  if (wx_known(bytes))
    write_size(text, (uint64_t)bytes);
  else
    snprintf(text, SIZE_TEXT, "n/a");
}

// Kinds as debuggers list them; sorted by size on request.
static void add_kinds(WxDocument *document, const WxAudit *audit, bool by_size) {
  static const WxColumn columns[] = {{"Memory Kind", WX_TEXT}, {"Count", WX_COUNT},
                                     {"Size", WX_TEXT},        {"Size (bytes)", WX_COUNT},
                                     {"Rss", WX_BYTES},        {"Swap", WX_BYTES}};
  WxTable *table = wx_table_new("Summary by kind", columns, COUNT_OF(columns));
  bool done[WX_OWNERS] = {false};
  WxFigure mappings = 0, bytes = 0;
  char size[SIZE_TEXT];
  for (size_t n = 0; n < WX_OWNERS; ++n) {
    size_t pick = n;
    for (size_t i = 0; by_size && i < WX_OWNERS; ++i)
      if (!done[i] && (done[pick] || audit->ownership.bytes[i] > audit->ownership.bytes[pick]))
        pick = i;
    done[pick] = true;
    if (!audit->ownership.bytes[pick] || pick == WX_OWNER_HOLE)
      continue;
    const WxOwnerResidency *residency = &audit->residency[pick];
    const WxFigure its = wx_audit_owner_bytes(audit, (WxOwner)pick);
    const WxFigure count = wx_audit_owner_mappings(audit, (WxOwner)pick);
    write_known_size(size, its);
    wx_table_add(table, (WxCell[]){wx_text(wx_owner_name((WxOwner)pick)), wx_figure(count),
                                   wx_text(size), wx_figure(its), wx_figure(residency->rss_bytes),
                                   wx_figure(residency->swap_bytes)});
    mappings = wx_figure_plus(mappings, count);
    bytes = wx_figure_plus(bytes, its);
  }
  write_known_size(size, bytes);
  wx_table_add(table,
               (WxCell[]){wx_text("[TOTAL]"), wx_figure(mappings), wx_text(size), wx_figure(bytes),
                          wx_figure(audit->status.rss_bytes), wx_figure(audit->status.swap_bytes)});
  wx_document_add_table(document, table);
}

static void add_container(WxDocument *document, const WxAudit *audit) {
  static const WxColumn columns[] = {
      {"owner in the container", WX_TEXT}, {"bytes", WX_BYTES}, {"% of usage", WX_RATIO}};
  const WxContainer *container = &audit->container;
  if (!wx_known(container->usage))
    return;
  const struct {
    const char *name;
    WxFigure bytes;
  } rows[] = {
      {"JIT and loader heaps (double mapper)", container->double_mapper},
      {"GC range (by pattern)", container->gc},
      {"malloc", container->malloc_bytes},
      {"thread stacks", container->stacks},
      {"other anonymous of the process", container->other_anon},
      {"anonymous of other processes", container->other_processes},
      {"other shmem (/dev/shm, tmpfs, memfds)", container->other_shmem},
      {"page cache", container->page_cache},
      {"sockets", container->sockets},
      {"slab", container->slab},
      {"page tables", container->page_tables},
      {"kernel stacks", container->kernel_stacks},
      {"other kernel", container->other_kernel},
      {"residue", container->residue},
      {"usage", container->usage},
  };
  char title[TEXT];
  snprintf(title, sizeof title, "The whole container (cgroup v%d)", audit->group.version);
  WxTable *table = wx_table_new(title, columns, COUNT_OF(columns));
  for (size_t i = 0; i < COUNT_OF(rows); ++i)
    wx_table_add(table, (WxCell[]){wx_text(rows[i].name), wx_figure(rows[i].bytes),
                                   wx_ratio(share_of(rows[i].bytes, container->usage))});
  wx_document_add_table(document, table);
}

static void note_heaps(WxDocument *document, const WxAudit *audit) {
  const WxHeaps *heaps = &audit->space->heaps;
  const WxAllocator *allocator = &audit->allocator;
  if (allocator->rules.other_malloc) {
    wx_document_note(document, "malloc is %s's: nothing is counted as a glibc heap.",
                     allocator->name);
    return;
  }
  if (heaps->proven && wx_audit_is_part(audit))
    wx_document_note(document, "malloc: heaps are in it, by %s; how many there are is not known.",
                     wx_heap_proof_name(heaps->weakest));
  else if (heaps->proven)
    wx_document_note(document, "malloc: %zu arenas beside the main one, %zu heaps, by %s%s.",
                     heaps->arenas, heaps->proven, wx_heap_proof_name(heaps->weakest),
                     !heaps->ring_checked   ? ""
                     : heaps->ring_complete ? "; the arenas' ring is complete"
                                            : "; the arenas' ring is not complete");
  if (heaps->weakest == WX_PROOF_SHAPE)
    wx_document_note(document, "The shape alone misfires on GC ranges: take the heaps as likely.");
  if (heaps->pattern_count)
    wx_document_note(document,
                     "%zu more whole slots (%.1f MiB) may be full heaps, by pattern only; they are "
                     "in no sum.",
                     heaps->pattern_count, (double)heaps->pattern_bytes / mebibyte);
  if (*allocator->arena_max || *allocator->top_pad || *allocator->tunables)
    wx_document_note(document,
                     "Its environment: MALLOC_ARENA_MAX=%s MALLOC_TOP_PAD_=%s "
                     "GLIBC_TUNABLES=%s.",
                     allocator->arena_max, allocator->top_pad, allocator->tunables);
}

static void note_limit(WxDocument *document, const WxAudit *audit) {
  if (!wx_known(audit->max_map_count))
    return;
  char when[TEXT] = "";
  if (wx_known(audit->seconds_to_limit))
    snprintf(when, sizeof when, "; at the mean rate since its start the limit comes in %.1f days",
             (double)audit->seconds_to_limit / 86400);
  wx_document_note(document, "%lld of %lld mappings (%.0f %%)%s.", (long long)audit->facts.mappings,
                   (long long)audit->max_map_count,
                   share_of(audit->facts.mappings, audit->max_map_count), when);
}

static void note_verdict(WxDocument *document, const WxAudit *audit) {
  wx_document_note(document, "VERDICT %s: %s", wx_verdict_code(audit->verdict.code),
                   audit->verdict.text);
  wx_document_note(document, "Next: %s", audit->verdict.next);
}

// The verdict stands first and, since that is what a terminal shows in the end, last.
void wx_audit_tables(WxDocument *document, const WxAudit *audit, bool by_size) {
  note_verdict(document, audit);
  wx_document_lead(document);
  add_parts(document, audit);
  add_truth(document, audit);
  add_extents(document, audit);
  add_others(document, audit);
  if (audit->module) {
    add_span(document, audit);
    add_rows(document, audit);
  }
  add_inflated(document, audit);
  add_kinds(document, audit, by_size);
  add_container(document, audit);
  note_heaps(document, audit);
  note_limit(document, audit);
  if (audit->truth.estimate)
    wx_document_note(document, "The process changed while it was looked at, or only it was asked: "
                               "mapped and orphaned are estimates.");
  if (audit->module)
    wx_document_note(document,
                     "Rows that SOS renames to CLR heaps are still in the list; of nested "
                     "intervals the one with the highest start is taken.");
  for (size_t i = 0; i < audit->notice_count; ++i)
    wx_document_note(document, "%s", audit->notices[i]);
  note_verdict(document, audit);
}
