// The contract's document, indented by two.
#include "output/format.h"
#include "output/json.h"

#include <errno.h>

int wx_format_json(const WxDocument *document, FILE *stream) {
  json_t *root = wx_document_json(document);
  if (!root)
    return -ENOMEM;
  const int error = wx_json_write(root, stream);
  json_decref(root);
  return error;
}
