// Block B of an audit's tables: what a debugger shows, and what it is.
#include "output/audit_tables.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { TEXT = 128, TITLE = 256, INFLATED_ROWS = 8 };

static void add_span(WxDocument *document, const WxAudit *audit) {
  static const WxColumn columns[] = {
      {"inside the interval", WX_TEXT}, {"bytes", WX_BYTES}, {"%", WX_RATIO}};
  static const char *const own[WX_PARTS] = {"own rx", "own rw", "own reserved", "own other"};
  const WxModule *module = audit->module;
  const WxFigure span = (WxFigure)(module->end - module->start);
  char title[TITLE], by_both[WX_SIZE_TEXT], by_clrmd[WX_SIZE_TEXT];
  wx_audit_write_size(by_both, module->end - module->start);
  wx_audit_write_size(by_clrmd, module->end - module->offset0);
  snprintf(title, sizeof title,
           "B. Module doublemapper__deleted_: %" PRIx64 "-%" PRIx64 ", %s (WinDbg, approximately); "
           "from %" PRIx64 ", %s (ClrMD 2 and 3)",
           module->start, module->end, by_both, module->offset0, by_clrmd);
  WxTable *table = wx_table_new(title, columns, COUNT_OF(columns));
  for (size_t i = 0; i < WX_PARTS; ++i)
    if (audit->parts[i].bytes)
      wx_table_add(table,
                   (WxCell[]){wx_text(own[i]), wx_figure((WxFigure)audit->parts[i].bytes),
                              wx_ratio(wx_audit_share((WxFigure)audit->parts[i].bytes, span))});
  for (size_t i = WX_OWNER_DOUBLE_MAPPER + 1; i < WX_OWNERS; ++i)
    if (audit->span.bytes[i])
      wx_table_add(table,
                   (WxCell[]){wx_text(wx_owner_name((WxOwner)i)),
                              wx_figure((WxFigure)audit->span.bytes[i]),
                              wx_ratio(wx_audit_share((WxFigure)audit->span.bytes[i], span))});
  wx_table_add(table, (WxCell[]){wx_text("sum"), wx_figure(span), wx_ratio(100)});
  wx_document_add_table(document, table);
}

static void add_rows(WxDocument *document, const WxAudit *audit) {
  static const WxColumn columns[] = {
      {"Memory Kind", WX_TEXT}, {"StartAddr", WX_TEXT}, {"EndAddr-1", WX_TEXT},
      {"Size", WX_TEXT},        {"Type", WX_TEXT},      {"State", WX_TEXT},
      {"Protect", WX_TEXT},     {"Image", WX_TEXT},     {"REALLY", WX_TEXT}};
  char title[TITLE], size[WX_SIZE_TEXT];
  wx_audit_write_size(size, audit->rows.bytes);
  snprintf(title, sizeof title, "Its %zu largest rows in a debugger, of %zu with %s",
           audit->rows.count, audit->rows.seen, size);
  WxTable *table = wx_table_new(title, columns, COUNT_OF(columns));
  for (size_t i = 0; i < audit->rows.count; ++i) {
    const WxRow *row = &audit->rows.items[i];
    char start[32], end[32], really[256];
    snprintf(start, sizeof start, "%" PRIx64, row->start);
    snprintf(end, sizeof end, "%" PRIx64, row->end);
    wx_audit_write_size(size, row->end - row->start);
    wx_row_really(row, really, sizeof really);
    wx_table_add(table, (WxCell[]){wx_text("Image"), wx_text(start), wx_text(end), wx_text(size),
                                   wx_text("MEM_IMAGE"),
                                   wx_text(row->protection < 0 ? "MEM_UNKNOWN" : "MEM_COMMIT"),
                                   wx_text(wx_row_protection(row->protection)),
                                   wx_text("doublemapper__deleted_"), wx_text(really)});
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

void wx_audit_tables_shown(WxDocument *document, const WxAudit *audit) {
  if (audit->module) {
    add_span(document, audit);
    add_rows(document, audit);
  }
  add_inflated(document, audit);
}
