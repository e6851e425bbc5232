// The results of hyperfine, the program that times whole processes, as a table among ours.
#include "output/documents.h"
#include "output/json.h"

#include <math.h>

bool wx_is_hyperfine(const json_t *root) {
  const json_t *results = json_object_get(root, "results");
  for (size_t i = 0; i < json_array_size(results); ++i) {
    const json_t *result = json_array_get(results, i);
    if (!wx_json_get_text(result, "command") || !json_is_array(json_object_get(result, "times")))
      return false;
  }
  return json_array_size(results) > 0;
}

static WxCell seconds(const json_t *result, const char *key) {
  const json_t *value = json_object_get(result, key);
  const double nanoseconds = json_is_number(value) ? json_number_value(value) * 1e9 : NAN;
  return wx_figure(fabs(nanoseconds) < 9e18 ? (WxFigure)llround(nanoseconds) : WX_UNKNOWN);
}

static WxFigure count_failed(const json_t *result) {
  const json_t *codes = json_object_get(result, "exit_codes");
  WxFigure failed = 0;
  for (size_t i = 0; i < json_array_size(codes); ++i) {
    const json_t *code = json_array_get(codes, i);
    failed += !json_is_integer(code) || json_integer_value(code) != 0; // null: by a signal.
  }
  return failed;
}

// A row a command: mean with its standard deviation, median, least, most, and processor time.
static WxTable *make_table(const char *title, const json_t *root) {
  static const WxColumn columns[] = {
      {"whole process", WX_TEXT}, {"runs", WX_COUNT}, {"failed", WX_COUNT},
      {"median", WX_NS},          {"mean", WX_NS},    {"+-", WX_NS},
      {"least", WX_NS},           {"most", WX_NS},    {"user", WX_NS},
      {"system", WX_NS},
  };
  WxTable *table = wx_table_new(title, columns, sizeof columns / sizeof *columns);
  const json_t *results = json_object_get(root, "results");
  for (size_t i = 0; i < json_array_size(results); ++i) {
    const json_t *result = json_array_get(results, i);
    const size_t runs = json_array_size(json_object_get(result, "times"));
    wx_table_add(table,
                 (WxCell[]){wx_text(wx_json_get_text(result, "command")), wx_figure((WxFigure)runs),
                            wx_figure(count_failed(result)), seconds(result, "median"),
                            seconds(result, "mean"), seconds(result, "stddev"),
                            seconds(result, "min"), seconds(result, "max"), seconds(result, "user"),
                            seconds(result, "system")});
  }
  return table;
}

void wx_hyperfine_document_add(WxDocument *document, const char *name, const json_t *root) {
  wx_document_add_table(document, make_table(name, root));
  wx_document_note(document,
                   "%s: measured by hyperfine, one command after the other. Which is faster is for "
                   "runs in turns to say (wxbench validate --repeat).",
                   name);
}
