// The contract's document, indented by two.
#include "output/format.h"

#include <errno.h>

int wx_format_json(const WxDocument *document, FILE *stream) {
  json_t *root = wx_document_json(document);
  if (!root)
    return -ENOMEM;
  int error = json_dumpf(root, stream, JSON_INDENT(2)) == 0 ? 0 : -EIO;
  if (fputc('\n', stream) == EOF)
    error = -EIO;
  json_decref(root);
  return error;
}
