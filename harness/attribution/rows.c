#include "attribution/rows.h"

#include "attribution/explain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  WxRows *rows;
  const WxSpace *space;
  const WxModules *modules;
  const WxModule *module;
  size_t most;
} Finder;

// Keeps the largest rows, largest first.
static void keep(Finder *finder, const WxRow *row) {
  WxRows *rows = finder->rows;
  const WxModule *owner = wx_modules_at(finder->modules, row->start);
  if (owner != finder->module)
    return;
  ++rows->seen;
  rows->bytes += row->end - row->start;
  size_t at = rows->count;
  while (at > 0 && rows->items[at - 1].end - rows->items[at - 1].start < row->end - row->start)
    --at;
  if (at == finder->most)
    return;
  if (rows->count < finder->most)
    ++rows->count;
  memmove(&rows->items[at + 1], &rows->items[at], (rows->count - at - 1) * sizeof *row);
  rows->items[at] = *row;
}

static bool is_shown(const WxSpace *space, const WxMapping *mapping) {
  return mapping->protection || mapping->path[0] == '/' || space->is_core;
}

// The row that begins with mapping `*index`, which is then moved behind it.
static WxRow take_row(const WxSpace *space, size_t *index) {
  const WxMapping *mapping = &space->mappings[(*index)++];
  WxRow row = {.start = mapping->start, .end = mapping->end, .protection = mapping->protection};
  for (; *index < space->count; ++*index) {
    const WxMapping *next = &space->mappings[*index];
    if (next->start != row.end || next->protection != row.protection || !is_shown(space, next))
      break;
    row.end = next->end;
  }
  return row;
}

static void keep_gap(Finder *finder, uint64_t start, uint64_t end) {
  const uint64_t last = finder->module->end;
  const WxRow gap = {
      .start = start, .end = end < last ? end : last, .protection = WX_PROTECTION_NOTHING};
  if (gap.start < gap.end)
    keep(finder, &gap);
}

int wx_rows_find(WxRows *rows, const WxSpace *space, const WxModules *modules,
                 const WxModule *module, size_t most) {
  free(rows->items);
  *rows = (WxRows){.items = calloc(most + 1, sizeof *rows->items), .capacity = most};
  if (!rows->items)
    return -ENOMEM;
  Finder finder = {rows, space, modules, module, most};
  uint64_t covered = module->start;
  for (size_t i = wx_space_find(space, module->start);
       i < space->count && space->mappings[i].start < module->end;) {
    if (!is_shown(space, &space->mappings[i])) {
      ++i;
      continue;
    }
    const WxRow row = take_row(space, &i);
    keep_gap(&finder, covered, row.start);
    keep(&finder, &row);
    covered = row.end;
  }
  keep_gap(&finder, covered, module->end);
  for (size_t i = 0; i < rows->count; ++i)
    rows->items[i].really = wx_space_sum(space, rows->items[i].start, rows->items[i].end);
  return 0;
}

const char *wx_row_protection(int protection) {
  static const char *const names[] = {
      "PAGE_NOACCESS", "PAGE_EXECUTE",      "PAGE_WRITECOPY", "PAGE_EXECUTE_WRITECOPY",
      "PAGE_READONLY", "PAGE_EXECUTE_READ", "PAGE_READWRITE", "PAGE_EXECUTE_READWRITE",
  };
  return protection < 0 ? "PAGE_UNKNOWN" : names[protection & 7];
}

void wx_row_really(const WxRow *row, char *text, size_t size) {
  uint64_t left[WX_OWNERS];
  memcpy(left, row->really.bytes, sizeof left);
  size_t used = 0;
  for (;;) {
    size_t largest = 0;
    for (size_t i = 1; i < WX_OWNERS; ++i)
      if (left[i] > left[largest])
        largest = i;
    if (!left[largest] || used >= size)
      return;
    const bool small = left[largest] < 1024 * 1024;
    const int length = snprintf(
        text + used, size - used, "%s%s %.2f%s", used ? " + " : "", wx_owner_name((WxOwner)largest),
        (double)left[largest] / (small ? 1024.0 : 1024.0 * 1024.0), small ? "kb" : "mb");
    used += length > 0 ? (size_t)length : 0;
    left[largest] = 0;
  }
}

void wx_rows_free(WxRows *rows) {
  free(rows->items);
  *rows = (WxRows){0};
}
