/**
   @file probe_session.h
   What `wxbench probe` works through: runtimes, each with W^X on and off; or one process.
*/
#ifndef WX_SESSION_PROBE_SESSION_H
#define WX_SESSION_PROBE_SESSION_H

#include "output/document.h"
#include "probe/tries.h"
#include "stats/problem.h"
#include "stats/words.h"

#include <sys/types.h>

typedef struct {
  WxDocument *document;
  WxTable *table; ///< Of predictions, or of what was observed.
  WxProblem *problem;
  WxTries tries;
} WxProbeSession;

/// Predicts the start of the runtimes named, versions or folders; without any of all that are here,
/// or else of each version that was measured. Returns 0, or a negative errno with the problem.
int wx_probe_runtimes(WxProbeSession *session, const WxNames *names);

/// Says how the process PID was started. Returns the same.
int wx_probe_process(WxProbeSession *session, pid_t pid);

#endif
