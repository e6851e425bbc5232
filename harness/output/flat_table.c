#include "output/flat_table.h"

#include "stats/units.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_COLUMNS = 48, NAME_SIZE = 96 };

// The columns found so far.
typedef struct {
  char names[MOST_COLUMNS][NAME_SIZE];
  WxColumn columns[MOST_COLUMNS];
  bool holds_text[MOST_COLUMNS]; ///< Some result has a string there.
  size_t count;
  bool fixed; ///< The names are chosen: no column is added.
} Head;

static bool ends_with(const char *text, const char *end) {
  const size_t length = strlen(text), tail = strlen(end);
  return length >= tail && strcmp(text + length - tail, end) == 0;
}

static WxCellType type_of(const char *name, const json_t *value) {
  if (json_is_real(value))
    return WX_RATIO;
  const WxUnit unit = wx_unit_of(name);
  if (unit != WX_UNIT_COUNT)
    return unit == WX_UNIT_BYTES ? WX_BYTES : WX_NS;
  if (ends_with(name, "pid") || ends_with(name, "inode"))
    return WX_ID;
  return json_is_integer(value) ? WX_COUNT : WX_TEXT;
}

static size_t find(const Head *head, const char *name) {
  size_t i = 0;
  while (i < head->count && strcmp(head->names[i], name) != 0)
    ++i;
  return i;
}

// Calls `visit` for each member that is no list and no object, by its dotted name.
static void walk(json_t *object, const char *prefix, void (*visit)(void *, const char *, json_t *),
                 void *context) {
  const char *key;
  json_t *value;
  json_object_foreach(object, key, value) {
    char name[NAME_SIZE];
    const int length = snprintf(name, sizeof name, "%s%s%s", prefix, *prefix ? "." : "", key);
    if (length >= NAME_SIZE || json_is_array(value))
      continue;
    if (json_is_object(value))
      walk(value, name, visit, context);
    else
      visit(context, name, value);
  }
}

// Fixes the columns. One that no result has stays text without content.
static void choose(Head *head, const char *const wanted[]) {
  for (; *wanted && head->count < MOST_COLUMNS; ++wanted) {
    snprintf(head->names[head->count], NAME_SIZE, "%s", *wanted);
    head->columns[head->count] = (WxColumn){head->names[head->count], WX_TEXT};
    ++head->count;
  }
  head->fixed = true;
}

// A member that is null in one result may say its type in a later one, and a whole number may be
// followed by a fraction.
static void add_column(void *context, const char *name, json_t *value) {
  Head *head = context;
  const size_t i = find(head, name);
  if (i == MOST_COLUMNS || (head->fixed && i == head->count))
    return;
  WxColumn *column = &head->columns[i];
  if (i == head->count) {
    strcpy(head->names[i], name);
    *column = (WxColumn){head->names[i], type_of(name, value)};
    ++head->count;
  } else if (column->type == WX_TEXT ? json_is_number(value) : json_is_real(value)) {
    column->type = type_of(name, value);
  }
  head->holds_text[i] |= json_is_string(value) || json_is_boolean(value);
  if (head->holds_text[i])
    column->type = WX_TEXT;
}

typedef struct {
  const Head *head;
  WxCell *cells;
  char (*numbers)[WX_CELL_TEXT]; ///< For numbers in columns of text.
} Filling;

static const char *text_of(const json_t *value, char number[WX_CELL_TEXT]) {
  if (json_is_number(value)) {
    snprintf(number, WX_CELL_TEXT, "%.15g", json_number_value(value));
    return number;
  }
  if (json_is_boolean(value))
    return json_is_true(value) ? "yes" : "no";
  return json_string_value(value);
}

static void fill_cell(void *context, const char *name, json_t *value) {
  const Filling *filling = context;
  const size_t i = find(filling->head, name);
  if (i == filling->head->count)
    return;
  if (filling->head->columns[i].type == WX_TEXT)
    filling->cells[i] = wx_text(text_of(value, filling->numbers[i]));
  else if (filling->head->columns[i].type == WX_RATIO)
    filling->cells[i] = wx_ratio(json_is_number(value) ? json_number_value(value) : NAN);
  else
    filling->cells[i] = wx_figure(json_is_integer(value) ? json_integer_value(value) : WX_UNKNOWN);
}

static void add_row(WxTable *table, const Head *head, json_t *result) {
  WxCell cells[MOST_COLUMNS];
  char numbers[MOST_COLUMNS][WX_CELL_TEXT];
  for (size_t i = 0; i < head->count; ++i) {
    cells[i] = wx_figure(WX_UNKNOWN);
    if (head->columns[i].type == WX_TEXT)
      cells[i] = wx_text(NULL);
    else if (head->columns[i].type == WX_RATIO)
      cells[i] = wx_ratio(NAN);
  }
  walk(result, "", fill_cell, &(Filling){head, cells, numbers});
  wx_table_add(table, cells);
}

WxTable *wx_flat_table(const char *title, const json_t *results, const char *const wanted[]) {
  Head *head = calloc(1, sizeof *head);
  if (!head)
    return NULL;
  if (wanted)
    choose(head, wanted);
  for (size_t i = 0; i < json_array_size(results); ++i)
    walk(json_array_get(results, i), "", add_column, head);
  WxTable *table = wx_table_new(title, head->columns, head->count);
  for (size_t i = 0; i < json_array_size(results); ++i)
    add_row(table, head, json_array_get(results, i));
  free(head);
  return table;
}
