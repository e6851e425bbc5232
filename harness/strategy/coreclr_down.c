// The runtime's allocator, but once the pool is used up blocks come from the end of the file, which
// falls: the kernel places mappings downwards, so that neighbours in memory are neighbours in the
// file too and one mapping to it. Source: what the runtime does not do, whose offsets rise.
//
// Security: as `coreclr`.
#include "strategy/give_back.h"
#include "strategy/registry.h"

const WxStrategy wx_strategy_coreclr_down = {
    .name = "coreclr+down",
    .summary =
        "as coreclr, but outside of the pool offsets fall as addresses do, so that mappings merge",
    .capabilities = WX_CAN_REUSE_FILE | WX_CAN_ENFORCE_WX | WX_CAN_PATCH | WX_KEEPS_PAGES |
                    WX_FILLS_DOWN | WX_IS_ALTERNATIVE,
    .open = wx_double_mapping_open,
    .reserve = wx_double_mapping_reserve,
    .commit = wx_double_mapping_commit,
    .map_rw = wx_double_mapping_map_rw,
    .unmap_rw = wx_double_mapping_unmap_rw,
    .release = wx_release_by_zeroing,
    .owns = wx_double_mapping_owns,
    .close = wx_double_mapping_close,
};
