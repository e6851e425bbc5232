// Code is written once, where it will run, and then made executable for good. Source: the pool of
// `coreclr-off` and private memory; a release unmaps.
//
// Security: no page is writable and executable at once, there is no alias, and what can run can
// never be written again: a page that was published is refused (EPERM), also for a second function
// in it. An attacker needs a write before the first run. It takes a program that may make memory
// executable (not under PR_SET_MDWE).
#include "strategy/in_place.h"
#include "strategy/registry.h"

static int publish_open(const WxStrategy *strategy, const WxStrategyOptions *options,
                        WxAllocator **opened) {
  return wx_in_place_open(strategy, options, WX_PAGE_IS_DRAFT, opened);
}

const WxStrategy wx_strategy_publish = {
    .name = "publish",
    .summary = "written once, then executable for good: a page written before is refused",
    .capabilities = WX_CAN_ENFORCE_WX | WX_IS_ALTERNATIVE,
    .open = publish_open,
    .reserve = wx_anonymous_reserve,
    .commit = wx_in_place_commit,
    .map_rw = wx_in_place_map_rw,
    .unmap_rw = wx_in_place_unmap_rw,
    .release = wx_in_place_release,
    .owns = wx_anonymous_owns,
    .close = wx_in_place_close,
};
