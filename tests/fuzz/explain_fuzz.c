// Rows pasted from a debugger, and environments: any text is read or passed over; pieces add up.
#include "attribution/allocator.h"
#include "attribution/explain.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void require(int holds) {
  if (!holds)
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *text = malloc(size + 1);
  if (!text)
    return 0;
  memcpy(text, data, size);
  text[size] = '\0';
  wx_explain_clean(text);
  require(strlen(text) <= size);
  WxRange range;
  for (bool found = wx_explain_parse(text, &range); found;
       found = wx_explain_parse_more(text, &range)) {
    const WxExplanation explanation = wx_explain(&range, WX_HEAP_SLOT_BYTES);
    uint64_t at = range.end ? range.start : 0;
    require((!range.end || range.start < range.end) && explanation.piece_count <= WX_PIECES_MAX);
    require(!range.name || (range.name >= text && range.name + range.name_length <= text + size));
    for (size_t i = 0; i < explanation.piece_count; ++i) {
      require(explanation.pieces[i].start == at && explanation.pieces[i].end > at);
      at = explanation.pieces[i].end;
    }
    require(at == range.end);
    char out[80];
    wx_explain_pieces(&explanation, out, sizeof out);
    wx_explain_verdict(&explanation, out, sizeof out);
    require(strlen(out) < sizeof out);
    WxRange whole = range;
    require(!wx_explain_parse_next(text, &whole) || whole.start < whole.end);
  }
  char *const end = text + strlen(text);
  require(wx_explain_divide(text, end) >= text && wx_explain_divide(text, end) <= end);
  memcpy(text, data, size);
  WxAllocator allocator = {0};
  wx_allocator_take_environment(&allocator, text, size);
  free(text);
  return 0;
}
