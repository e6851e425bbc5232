// An audit as tables: block A, what is true; block B, what a debugger shows and what it is; then
// the summary by kind, the container and the verdict.
#include "output/audit_tables.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { TEXT = 128 };
static const double mebibyte = 1024.0 * 1024.0;

// "127.96mb", as debuggers print it.
void wx_audit_write_size(char text[WX_SIZE_TEXT], uint64_t bytes) {
  static const char *const units[] = {"b", "kb", "mb", "gb", "tb"};
  double size = (double)bytes;
  size_t unit = 0;
  while (size >= 1024 && unit + 1 < COUNT_OF(units)) {
    size /= 1024;
    ++unit;
  }
  snprintf(text, WX_SIZE_TEXT, unit ? "%.2f%s" : "%.0f%s", size, units[unit]);
}

double wx_audit_share(WxFigure part, WxFigure whole) {
  return wx_known(part) && wx_known(whole) && whole > 0 ? 100.0 * (double)part / (double)whole
                                                        : (double)NAN;
}

// Kinds as debuggers list them; sorted by size on request.
static void add_kinds(WxDocument *document, const WxAudit *audit, bool by_size) {
  static const WxColumn columns[] = {{"Memory Kind", WX_TEXT}, {"Count", WX_COUNT},
                                     {"Size", WX_TEXT},        {"Size (bytes)", WX_COUNT},
                                     {"Rss", WX_BYTES},        {"Swap", WX_BYTES}};
  WxTable *table = wx_table_new("Summary by kind", columns, COUNT_OF(columns));
  bool done[WX_OWNERS] = {false};
  WxFigure mappings = 0, bytes = 0;
  char size[WX_SIZE_TEXT];
  for (size_t n = 0; n < WX_OWNERS; ++n) {
    size_t pick = n;
    for (size_t i = 0; by_size && i < WX_OWNERS; ++i)
      if (!done[i] && (done[pick] || audit->ownership.bytes[i] > audit->ownership.bytes[pick]))
        pick = i;
    done[pick] = true;
    const uint64_t its = audit->ownership.bytes[pick];
    if (!its || pick == WX_OWNER_HOLE)
      continue;
    const WxOwnerResidency *residency = &audit->residency[pick];
    wx_audit_write_size(size, its);
    wx_table_add(table, (WxCell[]){wx_text(wx_owner_name((WxOwner)pick)),
                                   wx_figure((WxFigure)residency->mappings), wx_text(size),
                                   wx_figure((WxFigure)its), wx_figure(residency->rss_bytes),
                                   wx_figure(residency->swap_bytes)});
    mappings += (WxFigure)residency->mappings;
    bytes += (WxFigure)its;
  }
  wx_audit_write_size(size, (uint64_t)bytes);
  wx_table_add(table,
               (WxCell[]){wx_text("[TOTAL]"), wx_figure(mappings), wx_text(size), wx_figure(bytes),
                          wx_figure(audit->status.rss_bytes), wx_figure(audit->status.swap_bytes)});
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
  if (heaps->proven)
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
                   wx_audit_share(audit->facts.mappings, audit->max_map_count), when);
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
  wx_audit_tables_truth(document, audit);
  wx_audit_tables_shown(document, audit);
  add_kinds(document, audit, by_size);
  wx_audit_tables_container(document, audit);
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
