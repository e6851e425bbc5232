#include "support/unfrozen.h"

#include "reclaim/find.h"
#include "reclaim/freezer.h"
#include "reclaim/sweep.h"
#include "reclaim/target.h"

static int sweep(WxTarget *target) {
  static WxSweepDone done;
  const WxSweep sweep = {.fd = target->fd,
                         .holders = &target->holders,
                         .freezer = &wx_freezer_none,
                         .max_pause_ns = WX_RECLAIM_PAUSE_NS,
                         .where = &target->orphaned};
  done = (WxSweepDone){0};
  const int failed = wx_target_look(target, NULL);
  return failed ? failed : wx_sweep_run(&sweep, &done, NULL);
}

int wx_sweep_unfrozen(pid_t pid, const char *name) {
  WxMaps maps = {0};
  WxMemfds memfds = {0};
  WxTarget target;
  int result = wx_reclaim_find(&memfds, pid, &maps, name, NULL);
  if (!result)
    result = wx_target_open(&target, pid, &memfds.items[0], NULL);
  if (!result) {
    result = sweep(&target);
    wx_target_close(&target);
  }
  wx_memfds_free(&memfds);
  wx_maps_free(&maps);
  return result;
}
