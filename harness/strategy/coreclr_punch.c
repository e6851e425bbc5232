// The proposed fix: the runtime's allocator, but a release unmaps the block and punches a hole
// where it was.
#include "strategy/give_back.h"
#include "strategy/registry.h"

static int release(WxAllocator *allocator, void *base) {
  return wx_double_mapping_release(allocator, base, wx_give_back_by_punching);
}

const WxStrategy wx_strategy_coreclr_punch = {
    .name = "coreclr+punch",
    .summary = "the proposed fix: as coreclr, but release unmaps and punches a hole",
    .capabilities = WX_CAN_REUSE_FILE | WX_CAN_ENFORCE_WX | WX_CAN_PATCH,
    .open = wx_double_mapping_open,
    .reserve = wx_double_mapping_reserve,
    .commit = wx_double_mapping_commit,
    .map_rw = wx_double_mapping_map_rw,
    .unmap_rw = wx_double_mapping_unmap_rw,
    .release = release,
    .owns = wx_double_mapping_owns,
    .close = wx_double_mapping_close,
};
