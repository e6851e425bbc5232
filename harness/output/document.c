#include "output/document.h"

#include "output/shown.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void wx_document_init(WxDocument *document, const char *kind) {
  *document = (WxDocument){.kind = kind, .context = json_object(), .results = json_array()};
  document->lost = !document->context || !document->results;
}

void wx_document_add_result(WxDocument *document, json_t *result) {
  if (json_array_append_new(document->results, result) != 0)
    document->lost = true;
}

void wx_document_make_results(WxDocument *document, const WxMadeResults *made) {
  document->made = *made;
}

size_t wx_document_results(const WxDocument *document) {
  return document->made.make ? document->made.count : json_array_size(document->results);
}

json_t *wx_document_result(const WxDocument *document, size_t index) {
  const WxMadeResults *made = &document->made;
  return made->make ? made->make(made->context, index)
                    : json_incref(json_array_get(document->results, index));
}

void wx_document_add_table(WxDocument *document, WxTable *table) {
  WxTable **tables = wx_table_error(table) == 0
                         ? reallocarray(document->tables, document->table_count + 1, sizeof *tables)
                         : NULL;
  if (!tables) {
    wx_table_free(table);
    document->lost = true;
    return;
  }
  document->tables = tables;
  tables[document->table_count++] = table;
}

void wx_document_note(WxDocument *document, const char *format, ...) {
  char *text;
  va_list arguments;
  va_start(arguments, format);
  const int length = vasprintf(&text, format, arguments);
  va_end(arguments);
  if (length < 0) {
    document->lost = true;
    return;
  }
  char *shown = wx_shown(text);
  free(text);
  char **notes =
      shown ? reallocarray(document->notes, document->note_count + 1, sizeof *notes) : NULL;
  if (!notes) {
    free(shown);
    document->lost = true;
    return;
  }
  document->notes = notes;
  notes[document->note_count++] = shown;
}

void wx_document_lead(WxDocument *document) {
  document->lead_count = document->note_count;
}

json_t *wx_document_head(const WxDocument *document) {
  return document->lost ? NULL
                        : json_pack("{s:s, s:s, s:O}", "schema", "wxbench/1", "kind",
                                    document->kind, "context", document->context);
}

json_t *wx_document_json(const WxDocument *document) {
  json_t *root = wx_document_head(document);
  if (!root || !json_object_set(root, "results", document->results))
    return root;
  json_decref(root);
  return NULL;
}

int wx_document_end_look(const WxDocument *document) {
  int error = document->lost ? -ENOMEM : 0;
  for (size_t i = 0; i < document->table_count; ++i) {
    const int lost = wx_table_end_look(document->tables[i]);
    error = error ? error : lost;
  }
  return error;
}

void wx_document_free(WxDocument *document) {
  if (document->made.release)
    document->made.release(document->made.context);
  for (size_t i = 0; i < document->table_count; ++i)
    wx_table_free(document->tables[i]);
  for (size_t i = 0; i < document->note_count; ++i)
    free(document->notes[i]);
  free(document->tables);
  free(document->notes);
  json_decref(document->context);
  json_decref(document->results);
  *document = (WxDocument){0};
}
