#include "reclaim/freezer.h"

static int prepare(WxHolders *holders, WxProblem *problem) {
  (void)holders, (void)problem;
  return 0;
}

static int stop(const WxStopping *stopping) {
  (void)stopping;
  return 0;
}

static int resume(WxHolders *holders, WxUndo *undo) {
  (void)holders, (void)undo;
  return 0;
}

const WxFreezer wx_freezer_none = {
    .name = "none",
    .summary = "freezes nothing (for tests only)",
    .prepare = prepare,
    .stop = stop,
    .resume = resume,
};
