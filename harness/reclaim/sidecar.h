/**
   @file sidecar.h
   The loop of a sidecar: holds one process, or all that there are and that come, near their live
   size.

   Where it watches all, nobody can make it serve nobody else: files, descriptors, lines and the
   time of a cycle are bounded, and users share them (tracked.h, fair_share.h). What cannot be done
   is said once, with its own reason, and tried again, less and less often.
*/
#ifndef WX_RECLAIM_SIDECAR_H
#define WX_RECLAIM_SIDECAR_H

#include "reclaim/reclaim.h"
#include "reclaim/select.h"
#include "reclaim/tracked.h"
#include "stats/problem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// Bytes that are written to WxSidecarOptions.wake. The end of the file counts as WX_SIDECAR_END.
enum { WX_SIDECAR_END = 'e', WX_SIDECAR_LOOK = 'l' };

/// Lines that are said in a cycle, and of the processes of one user, about what was found only half
/// of them. The rest is counted; why something is refused is said a later time.
enum { WX_SIDECAR_LINES = 64, WX_SIDECAR_LINES_OF_USER = 8 };

typedef struct {
  pid_t pid;                    ///< 0: all processes, those that come later too.
  const WxSelection *selection; ///< Which of all; NULL: no matter.
  uint64_t every_ns;
  WxReclaimBound above;
  WxReclaimOptions reclaim;
  int wake; ///< A pipe to be read: ends the loop, or urges it to look at once.
  /// One line for a person about something that was done or found; may be NULL.
  void (*say)(void *context, const char *line);
  /// An urged look is over; `why` NULL: what was orphaned before it is given back, else why not
  /// yet. May be NULL.
  void (*looked)(void *context, const char *why);
  /// Totals of one memfd that is not watched any more, or of each at the end.
  void (*result)(void *context, const WxReclaim *result);
  void *context;
} WxSidecarOptions;

/// Runs until it is told to end or, with a pid, until that process ends. Returns 0, or the reason
/// why the one process cannot be watched at all (as wx_reclaim_once()).
int wx_sidecar_run(const WxSidecarOptions *options, WxProblem *problem);

/* In a child process, beside a program that is a child of the caller
 * -------------------------------------------------------------------------------------------------
 */

typedef struct WxSidecar WxSidecar;

/// Starts a child process that holds `pid` near its live size: it looks every `every_ns`
/// nanoseconds. The child ends with its parent, with the target or by wx_sidecar_stop().
/// (A process and not a thread, since a wait of the parent for the target would else see it stop.
/// Where ptrace is limited to ancestors, the target must have permitted it by PR_SET_PTRACER.)
int wx_sidecar_start(pid_t pid, uint64_t every_ns, const WxReclaimOptions *options,
                     WxSidecar **started);

/// Has the sidecar look at the target at once, and waits until what was released before the call is
/// given back. -ESRCH where the target has ended, -ETIMEDOUT where it could not be stopped within
/// the pause for 30 s: then `problem` (may be NULL) says what kept it.
int wx_sidecar_settle(WxSidecar *sidecar, WxProblem *problem);

/// Ends the sidecar, adds up what it did in `result` (may be NULL) and frees it. Returns 0, or the
/// error that kept the sidecar from working. After it `problem` (may be NULL) says why.
int wx_sidecar_stop(WxSidecar *sidecar, WxReclaim *result, WxProblem *problem);

#endif
