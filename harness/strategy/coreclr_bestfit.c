// The runtime's allocator, but a released block is reused for any smaller request too, the smallest
// that is large enough first, and neighbours in the file merge. Source: what the runtime's list
// does not do (free_list.h). A release zero-fills, as there: what is kept no longer grows where
// sizes drift.
//
// Security: as `coreclr`.
#include "strategy/give_back.h"
#include "strategy/registry.h"

const WxStrategy wx_strategy_coreclr_bestfit = {
    .name = "coreclr+bestfit",
    .summary = "as coreclr, but released blocks are split, and merge by their place in the file",
    .capabilities = WX_CAN_REUSE_FILE | WX_CAN_ENFORCE_WX | WX_CAN_PATCH | WX_KEEPS_PAGES |
                    WX_FITS_BEST | WX_IS_ALTERNATIVE,
    .open = wx_double_mapping_open,
    .reserve = wx_double_mapping_reserve,
    .commit = wx_double_mapping_commit,
    .map_rw = wx_double_mapping_map_rw,
    .unmap_rw = wx_double_mapping_unmap_rw,
    .release = wx_release_by_zeroing,
    .owns = wx_double_mapping_owns,
    .close = wx_double_mapping_close,
};
