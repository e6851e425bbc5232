// The runtime's allocator, but sizes are rounded up to classes, four to each doubling, so that a
// released block is reused for any size of its class; and what is kept is bounded: a release zeroes
// while no more than `slack` bytes are kept, and punches above that. Source: what the runtime's
// list, which knows exact sizes and no bound, does not do.
//
// Security: as `coreclr`.
#include "os/os.h"
#include "strategy/give_back.h"
#include "strategy/registry.h"

#include <errno.h>

enum { STEPS = 4 };

// 0 where it would not fit.
static size_t class_of(size_t size) {
  size_t step = wx_os_page_size();
  while (step * STEPS * 2 <= size && step < SIZE_MAX / STEPS / 4)
    step *= 2;
  return wx_round_up(size, step);
}

static int reserve(WxAllocator *allocator, size_t size, WxRange within, void **base) {
  const size_t rounded = class_of(size);
  return rounded ? wx_double_mapping_reserve(allocator, rounded, within, base) : -ENOMEM;
}

static int give_back(WxDoubleMapping *self, WxBlock *block) {
  const bool keeps = !block->unmapped && self->kept + block->size <= self->options.slack;
  const int result =
      keeps ? wx_give_back_by_zeroing(self, block) : wx_give_back_by_punching(self, block);
  if (result == 0 && keeps) {
    block->kept = true;
    self->kept += block->size;
  }
  return result;
}

static int release(WxAllocator *allocator, void *base) {
  return wx_double_mapping_release(allocator, base, give_back);
}

const WxStrategy wx_strategy_coreclr_bucket = {
    .name = "coreclr+bucket",
    .summary = "as coreclr, but sizes have classes, and no more than slack is kept",
    .capabilities =
        WX_CAN_REUSE_FILE | WX_CAN_ENFORCE_WX | WX_CAN_PATCH | WX_KEEPS_BOUNDED | WX_IS_ALTERNATIVE,
    .open = wx_double_mapping_open,
    .reserve = reserve,
    .commit = wx_double_mapping_commit,
    .map_rw = wx_double_mapping_map_rw,
    .unmap_rw = wx_double_mapping_unmap_rw,
    .release = release,
    .owns = wx_double_mapping_owns,
    .close = wx_double_mapping_close,
};
