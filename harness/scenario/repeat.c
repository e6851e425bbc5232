#include "scenario/repeat.h"

#include <string.h>

// The mode that the others are compared with: `on`, else the first that ran; `count` where none
// did.
static size_t choose_base(const WxResult results[], size_t count) {
  size_t base = count;
  for (size_t i = count; i-- > 0;)
    if (wx_result_ran(&results[i]) && (base == count || strcmp(results[base].mode, "on") != 0 ||
                                       strcmp(results[i].mode, "on") == 0))
      base = i;
  return base;
}

static void add_variant(WxRepeat *repeat, const WxResult results[], size_t mode) {
  repeat->modes[repeat->turns.count] = mode;
  repeat->turns.variants[repeat->turns.count++].name = results[mode].mode;
}

void wx_repeat_choose(WxRepeat *repeat, const WxResult results[], size_t count) {
  const size_t base = choose_base(results, count);
  if (base == count)
    return;
  add_variant(repeat, results, base);
  add_variant(repeat, results, base);
  for (size_t i = 0; i < count; ++i)
    if (i != base && wx_result_ran(&results[i]))
      add_variant(repeat, results, i);
}

size_t wx_repeat_variant(const WxRepeat *repeat, size_t mode) {
  for (size_t i = repeat->turns.count; i-- > 0;)
    if (repeat->modes[i] == mode)
      return i;
  return WX_REPEAT_NONE;
}

void wx_repeat_free(WxRepeat *repeat) {
  wx_turns_free(&repeat->turns);
}
