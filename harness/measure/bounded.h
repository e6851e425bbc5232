/**
   @file bounded.h
   A bound for work that reads of processes what they can hold back.

   A read of /proc/PID/maps waits for a lock of that process, and one of its environment or memory
   for whatever file lies behind it; a process that has a FUSE file of its own can so hold its
   reader for ever, and by no signal can the reader be ended then. Therefore the work is done in a
   child process that can be left behind.
*/
#ifndef WX_MEASURE_BOUNDED_H
#define WX_MEASURE_BOUNDED_H

#include "measure/process_status.h"

#include <sys/types.h>

/// How long a child may wait without getting on, in seconds.
enum { WX_BOUNDED_SECONDS = 5 };

/// Runs `work(left_out, context)` in a child process and returns its result, an exit status; 128 +
/// n where signal n has ended it. Where it waits for another process, it is killed and begun anew
/// without that one: it must leave out the processes in `left_out`, and have no effect before its
/// end. Where there is no doing without (the process is `needed`, or there have been many),
/// -ETIMEDOUT with `culprit`. Another negative errno: there is no child.
int wx_bounded_run(int (*work)(const WxProcesses *left_out, void *context), void *context,
                   pid_t needed, pid_t *culprit);

#endif
