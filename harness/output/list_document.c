// Names of what there is.
#include "output/documents.h"

WxTable *wx_list_table(const char *title) {
  static const WxColumn columns[] = {{"name", WX_TEXT}, {"what it is", WX_TEXT}};
  return wx_table_new(title, columns, 2);
}

void wx_list_add(WxDocument *document, WxTable *table, const char *kind, const char *name,
                 const char *about) {
  wx_table_add(table, (const WxCell[]){wx_text(name), wx_text(about)});
  wx_document_add_result(
      document, json_pack("{s:s, s:s, s:s?}", "kind", kind, "name", name, "summary", about));
}
