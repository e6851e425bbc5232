// The contract's document, indented by two.
#include "output/format.h"
#include "output/json.h"
#include "output/shown.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// What stands before the results, up to their bracket.
static int write_head(const WxDocument *document, FILE *stream) {
  json_t *head = wx_document_head(document);
  char *text = head ? wx_json_print(head, JSON_INDENT(2)) : NULL;
  json_decref(head);
  if (!text)
    return -ENOMEM;
  wx_shown_put_json(stream, text, strlen(text) - strlen("\n}"));
  fputs(",\n  \"results\": ", stream);
  free(text);
  return 0;
}

// One result after the other: all together may be larger than what they were made of.
int wx_format_json(const WxDocument *document, FILE *stream) {
  const size_t count = wx_document_results(document);
  int error = write_head(document, stream);
  WxJsonItems items = wx_json_items_begin(stream, 4);
  for (size_t i = 0; i < count && !error; ++i)
    error = wx_json_items_put(&items, wx_document_result(document, i));
  wx_json_items_end(&items);
  fputs("\n}\n", stream);
  return error;
}
