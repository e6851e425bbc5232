/**
   @file worker.h
   Runs a sweep in a child process, so that whatever happens the target goes on:
   - tracing ends with the process that traces, also of tasks that have not stopped yet (waiting for
     a vforked child or a disk), which cannot be detached one by one;
   - a worker that hangs can be killed (attaching waits for a target that executes another program,
     which may wait for its tracer);
   - it has a clock in the kernel, which kills it when it holds others for too long (freezer.h);
   - if one of the two dies, the other one lets the target go on. The worker is in a session of its
     own and has a name of its own, so that what ends the tool (a key, its process group) does not
     end both.
*/
#ifndef WX_RECLAIM_WORKER_H
#define WX_RECLAIM_WORKER_H

#include "reclaim/sweep.h"
#include "stats/problem.h"

typedef struct WxWorker WxWorker;

/// The memory shared with workers; one for many sweeps, one after another. The caller ends with
/// wx_worker_close().
int wx_worker_open(WxWorker **opened);

/// What the sweeps have done since it was opened.
const WxSweepDone *wx_worker_done(const WxWorker *worker);

/// The next sweep begins at the first byte of the file, and has not failed yet.
void wx_worker_rewind(WxWorker *worker);

/// Runs one sweep (`undo` is set here) from where the last one got to; it ends with the caller too.
/// Returns what wx_sweep_run() returned, and -ECHILD where the worker died.
int wx_worker_run(WxWorker *worker, const WxSweep *sweep, WxProblem *problem);

void wx_worker_close(WxWorker *worker);

#endif
