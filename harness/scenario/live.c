#include "scenario/live.h"

#include "reclaim/preflight.h"

#include <errno.h>
#include <stdio.h>

// How often the sidecar looks: every 100 ms.
static const uint64_t every_ns = 100 * 1000 * 1000;

static int start(void *context, pid_t pid) {
  WxLive *live = context;
  static const WxReclaimOptions usual = {0};
  return wx_sidecar_start(pid, every_ns, &usual, &live->sidecar);
}

// Without the right to run before others a sidecar waits until the processors are free.
static int settle(void *context, char problem[WX_PROBLEM_SIZE]) {
  WxProblem why = {""};
  const int failed = wx_sidecar_settle(((WxLive *)context)->sidecar, &why);
  if (failed != -ETIMEDOUT)
    return failed;
  WxPreflight preflight;
  (void)wx_preflight(&preflight, WX_RECLAIM_PAUSE_NS, NULL);
  if (!why.text[0])
    (void)wx_problem(&why, 0, "%s",
                     preflight.urgent ? "its sidecar gave no answer"
                                      : "this program may not run before others (CAP_SYS_NICE)");
  snprintf(problem, WX_PROBLEM_SIZE, "what was released could not be given back in time: %.140s",
           why.text);
  return preflight.urgent ? failed : -EPERM;
}

static int stop(void *context, char problem[WX_PROBLEM_SIZE]) {
  WxLive *live = context;
  WxProblem why = {""};
  const int failed = wx_sidecar_stop(live->sidecar, &live->result, &why);
  live->sidecar = NULL;
  live->ran = failed == 0;
  if (failed)
    snprintf(problem, WX_PROBLEM_SIZE, "%.*s", WX_PROBLEM_SIZE - 1, why.text);
  return failed;
}

WxBeside wx_live_beside(WxLive *live) {
  return (WxBeside){start, settle, stop, live};
}

bool wx_live_was_refused(const WxEnded *ended) {
  return ended->how == WX_ENDED_STOPPED && (ended->error == -EPERM || ended->error == -EACCES);
}
