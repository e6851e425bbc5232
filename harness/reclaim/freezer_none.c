#include "reclaim/freezer.h"

static int prepare(WxHerd *herd, WxUndo *undo, WxReason *reason) {
  (void)herd, (void)undo, (void)reason;
  return 0;
}

static int stop(WxHerd *herd, WxUndo *undo, uint64_t deadline_ns, WxReason *reason) {
  (void)herd, (void)undo, (void)deadline_ns, (void)reason;
  return 0;
}

static int resume(WxHerd *herd, WxUndo *undo) {
  (void)herd, (void)undo;
  return 0;
}

const WxFreezer wx_freezer_none = {
    .name = "none",
    .summary = "freezes nothing (for tests only)",
    .prepare = prepare,
    .stop = stop,
    .resume = resume,
};
