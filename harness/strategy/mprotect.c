// Code is written where it runs: the pages are made writable and not executable for that moment,
// and executable and not writable again. What V8 did before memory keys and LuaJIT does. Source:
// the pool of `coreclr-off` and private memory; a release unmaps.
//
// Security: no page is writable and executable at once and there is no alias; while one thread
// writes, the page (with --set granularity=block all code of its block) is writable by any thread
// at the address that will be run. An attacker needs a write at that moment. No other thread can
// run code of the page meanwhile: it would fault. It takes a program that may make memory
// executable (not under PR_SET_MDWE).
#include "strategy/in_place.h"
#include "strategy/registry.h"

static int mprotect_open(const WxStrategy *strategy, const WxStrategyOptions *options,
                         WxAllocator **opened) {
  return wx_in_place_open(strategy, options, WX_PAGE_IS_CODE, opened);
}

const WxStrategy wx_strategy_mprotect = {
    .name = "mprotect",
    .summary = "written in place: the pages (granularity=block: the block) are RW or RX by turns",
    .capabilities = WX_CAN_ENFORCE_WX | WX_CAN_PATCH | WX_IS_ALTERNATIVE,
    .open = mprotect_open,
    .reserve = wx_anonymous_reserve,
    .commit = wx_in_place_commit,
    .map_rw = wx_in_place_map_rw,
    .unmap_rw = wx_in_place_unmap_rw,
    .release = wx_in_place_release,
    .owns = wx_anonymous_owns,
    .close = wx_in_place_close,
};
