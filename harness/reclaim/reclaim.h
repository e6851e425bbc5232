/**
   @file reclaim.h
   Gives the orphaned pages of running .NET processes back.

   The runtime fills a released block with zeros and keeps its pages (dotnet/runtime 89776). A hole
   of a shared-memory file reads as zero too, so punching a page that holds only zeros changes no
   content that anyone can read, mapped or not, as long as nobody writes to it between the check and
   the punch. Therefore every process that maps the file is frozen for that moment (freezer.h).
   Everything else happens while they run.

   Library code: no output, negative errno, a WxProblem where a person has to understand.
*/
#ifndef WX_RECLAIM_RECLAIM_H
#define WX_RECLAIM_RECLAIM_H

#include "measure/memfd.h"
#include "reclaim/freezer.h"
#include "reclaim/select.h"
#include "stats/figure.h"
#include "stats/problem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// The default pause: 2 ms. A pause of more than so many times its budget is over it, and after so
/// many of them in a row the tool gives up.
enum { WX_RECLAIM_PAUSE_NS = 2000000, WX_RECLAIM_OVER = 2, WX_RECLAIM_GIVE_UP = 10 };

/// For tests: `between` runs between the zero check and the punch of each batch of pages,
/// `before_freeze` between the search for zero pages and the freeze. Each may be NULL.
typedef struct {
  void (*between)(void *context);
  void (*before_freeze)(void *context);
  void *context;
} WxReclaimHook;

typedef struct WxPauseLog WxPauseLog; // pauses.h

/// How to reclaim. {0} is the default.
typedef struct {
  const WxFreezer *freezer; ///< NULL: the first of the table, ptrace.
  uint64_t max_pause_ns;    ///< First interrupt to last detach; 0: WX_RECLAIM_PAUSE_NS.
  unsigned give_up;         ///< So many pauses in a row over budget; 0: WX_RECLAIM_GIVE_UP.
  bool mapped;              ///< Also pages that are mapped, where they hold only zeros.
  bool dry_run;             ///< Look, freeze and punch nothing.
  const char *memfd;        ///< Name of the memfd, of any program; NULL: that of a .NET runtime.
  const WxReclaimHook *hook;
  bool (*ended)(void *context); ///< Whether to end after the pause at hand, 0 is returned then. It
                                ///< is asked in a child process too. May be NULL.
  void *ended_context;
  WxPauseLog *log; ///< Gets every pause of a wx_reclaim_once(); NULL: none.
} WxReclaimOptions;

/// The pauses of a reclaim. The quantiles are exact to 2 %.
typedef struct {
  uint64_t count;
  uint64_t p50_ns;
  uint64_t p99_ns;
  uint64_t max_ns;
  uint64_t total_ns;
  uint64_t abandoned;         ///< Attempts given up after tasks were touched; not in `count`.
  uint64_t held_abandoned_ns; ///< How long these held the process in all.
  uint64_t over_budget; ///< Pauses and attempts of more than WX_RECLAIM_OVER times the budget.
  uint64_t late_max_ns; ///< The longest that a task may have stood still after its pause, because
                        ///< it came to its stop only then.
  uint64_t
      rescued_bytes; ///< Written back: the kernel wrote them between check and punch (punch.h).
} WxPauses;

/// What was done to one memfd.
typedef struct {
  pid_t pid; ///< The process it was reached through.
  uint64_t device;
  uint64_t inode;
  uint64_t before_bytes;      ///< Allocated (st_blocks) before.
  uint64_t after_bytes;       ///< Allocated after; with dry_run what it would be.
  uint64_t punched_bytes;     ///< Given back, by st_blocks; with dry_run what would be.
  WxFigure zero_mapped_bytes; ///< Mapped and all zero: given back with `mapped`, else left alone;
                              ///< unknown where nobody looked (a sidecar).
  uint64_t wall_ns;           ///< The whole reclaim, pauses and what lies between.
  WxPauses pauses;            ///< With dry_run `count` and `total_ns` are estimates, the rest is 0.
  unsigned processes_frozen;  ///< The most processes that were frozen together.
  unsigned mappers_unreadable; ///< Processes that may not be read, and cannot hold the memfd.
} WxReclaim;

/// Reclaims the memfd of process `pid` once. 0 also where there was nothing to give back.
/// -ESRCH: no such process, or it ended. -ENODATA: it has no doublemapper memfd. -EACCES, -EPERM:
/// not permitted, or the memfd is sealed. -EBUSY: traced by another. -ETIMEDOUT: it could not be
/// stopped within the pause, several times; what was done before is in `result`.
int wx_reclaim_once(pid_t pid, const WxReclaimOptions *options, WxReclaim *result,
                    WxProblem *problem);

/// As wx_reclaim_once(), for one of the files that wx_memfd_find() found.
int wx_reclaim_memfd(pid_t pid, const WxMemfd *memfd, const WxReclaimOptions *options,
                     WxReclaim *result, WxProblem *problem);

/* From all processes, users taking turns (fair_share.h)
 * -------------------------------------------------------------------------------------------------
 */

typedef struct {
  const WxSelection *selection; ///< NULL: no matter.
  WxReclaimOptions reclaim;
  /// Gets each memfd in the end: 0, or why it could not be done, and what was done.
  void (*done)(void *context, int error, const char *why, const WxReclaim *result);
  void *context;
} WxAllOptions;

typedef struct {
  size_t files;    ///< That were found.
  size_t failed;   ///< Of them.
  size_t left_out; ///< Because there were too many (tracked.h).
  size_t ours;     ///< Processes of wxbench's own, which are left out (select.h).
} WxAllDone;

/// A file that cannot be reached through one process is tried through the others that hold it. 0
/// also where some or all failed; else what kept it from looking.
int wx_reclaim_all(const WxAllOptions *options, WxAllDone *done);

/* From a program that is started, at the moment of each release
 * -------------------------------------------------------------------------------------------------
 */

/// Becomes the program `argv[0]`, looked up in PATH, with libwxreclaim.so preloaded, which gives
/// back each block that the program's .NET runtime releases, after all other libraries that the
/// environment names: no process of ours remains, so signals and the exit status are the program's
/// own. `argv` ends with NULL. Returns on failure only, a negative errno with its reason.
int wx_reclaim_preloaded(char *const *argv, WxProblem *problem);

#endif
