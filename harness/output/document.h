/**
   @file document.h
   What one verb has to say: JSON results for machines, tables and notes for people, all written by
   any of the formats (format.h).

   Building is sticky, as for tables: a lost part is remembered, and the document refuses to be
   written rather than be incomplete.
*/
#ifndef WX_OUTPUT_DOCUMENT_H
#define WX_OUTPUT_DOCUMENT_H

#include "output/table.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/// Results that are made each time they are written, so that hundreds of thousands take the memory
/// of one. They have no samples and no expectations.
typedef struct {
  size_t count;
  json_t *(*make)(const void *context, size_t index); ///< A new reference, NULL without memory.
  void *context;
  void (*release)(void *context); ///< Called when the document is freed.
} WxMadeResults;

typedef struct {
  const char *kind; ///< run, validate, replay, ... as in JSON; borrowed.
  json_t *context;  ///< An object; see context.h.
  json_t *results;  ///< An array of objects; empty where they are made.
  WxMadeResults made;
  WxTable **tables;
  size_t table_count;
  char **notes; ///< Sentences for people, in order.
  size_t note_count;
  size_t lead_count; ///< So many of them stand above the tables.
  size_t width;      ///< Columns of the terminal that its tables are to fit, 0 for any.
  bool lost;         ///< Memory ran out while building.
} WxDocument;

/// Starts an empty document. It ends with wx_document_free(), also after a failure.
void wx_document_init(WxDocument *document, const char *kind);

/// Appends a result and takes ownership of it. NULL counts as lost.
void wx_document_add_result(WxDocument *document, json_t *result);

/// Has the results made, instead of any that are added. The document owns the context.
void wx_document_make_results(WxDocument *document, const WxMadeResults *made);

/// How many results there are, made ones or added ones.
size_t wx_document_results(const WxDocument *document);

/// The result number `index`, a new reference. NULL where memory ran out.
json_t *wx_document_result(const WxDocument *document, size_t index);

/// Appends a table and takes ownership of it. NULL counts as lost.
void wx_document_add_table(WxDocument *document, WxTable *table);

/// Appends a sentence as it may be shown (shown.h), printed below the tables; see
/// wx_document_lead().
void wx_document_note(WxDocument *document, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/// Puts the sentences so far above the tables.
void wx_document_lead(WxDocument *document);

/// The JSON document without its results, a new reference: schema, kind, context. NULL where memory
/// ran out.
json_t *wx_document_head(const WxDocument *document);

/// The whole JSON document as a new reference: schema, kind, context, results (not made ones). NULL
/// where memory ran out.
json_t *wx_document_json(const WxDocument *document);

/// Ends a look at it, as to write it: 0, or -ENOMEM where a part was lost, also of what is made.
/// The next look may be whole.
int wx_document_end_look(const WxDocument *document);

void wx_document_free(WxDocument *document);

#endif
