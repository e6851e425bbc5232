// The runtime with W^X on, as shipped in .NET 7 to 11: a released block is zero-filled and its
// pages are kept.
#include "strategy/give_back.h"
#include "strategy/registry.h"

const WxStrategy wx_strategy_coreclr = {
    .name = "coreclr",
    .summary = "the runtime with W^X on: release zero-fills the block and keeps its pages",
    .capabilities =
        WX_CAN_REUSE_FILE | WX_CAN_ENFORCE_WX | WX_CAN_PATCH | WX_IS_RUNTIME_PATH | WX_KEEPS_PAGES,
    .open = wx_double_mapping_open,
    .reserve = wx_double_mapping_reserve,
    .commit = wx_double_mapping_commit,
    .map_rw = wx_double_mapping_map_rw,
    .unmap_rw = wx_double_mapping_unmap_rw,
    .release = wx_release_by_zeroing,
    .owns = wx_double_mapping_owns,
    .close = wx_double_mapping_close,
};
