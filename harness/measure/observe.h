/**
   @file observe.h
   Starts a program (or a function in a child process) and looks at it at each of its steps
   (steps.h), while it waits.
*/
#ifndef WX_MEASURE_OBSERVE_H
#define WX_MEASURE_OBSERVE_H

#include "measure/fresh.h"
#include "measure/steps.h"
#include "os/text.h"
#include "stats/ended.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

/// How long anything that is run may take at the most, where nothing is said: ten minutes.
#define WX_USUAL_LIMIT_NS (UINT64_C(600) * 1000 * 1000 * 1000)

/// What becomes of the program's standard output and error.
typedef enum {
  WX_STREAM_INHERIT,
  WX_STREAM_DISCARD,
  WX_STREAM_CAPTURE,
  WX_STREAM_WITH_ERRORS, ///< Of standard output: goes where its standard error goes, if it has one.
} WxStream;

/// How the observation ended.
typedef enum {
  WX_OBSERVED_ENDED,   ///< It reached step `end`; its wait status is its own affair.
  WX_OBSERVED_DIED,    ///< It ended, or closed its pipe and ended, before step `end`.
  WX_OBSERVED_LATE,    ///< It was killed at the time limit.
  WX_OBSERVED_GARBLED, ///< It did not keep the protocol and was killed; `complaint` says how.
  WX_OBSERVED_STOPPED, ///< The callback returned an error, or this process was told to end
                       ///< (os/interrupt.h: -EINTR), and it was killed.
} WxOutcome;

/// Called at each step, while the program waits. Other than 0 ends the observation with
/// WX_OBSERVED_STOPPED and that value.
typedef int WxStepCallback(void *context, pid_t pid, const WxStep *step);

/// What to start and how. Zero is a good value for all but one of `argv`, `child`
/// and `fresh`.
typedef struct {
  char *const *argv; ///< The program, looked up in PATH, and its arguments; ends with NULL.
  /// Instead of `argv`: runs in the child; its result is the exit status. What it prints it must
  /// flush itself.
  int (*child)(WxStepChannel channel, void *context);
  void *child_context;
  /// Instead of both: this program is executed afresh and plays the order (fresh.h).
  const WxFresh *fresh;
  /// `NAME=value` adds or replaces a variable, `NAME` alone removes it; ends with NULL, or NULL.
  const char *const *environment;
  const char *directory; ///< Working directory, or NULL for this one.
  const char *group; ///< The folder of the control group it is put into (memory_group.h), or NULL.
  bool guarded;      ///< What the program has started and is in its process group is killed, too,
                     ///< when the program ends, or this process dies (watchdog.h).
  WxStream output;   ///< Its standard input is empty always.
  WxStream errors;
  size_t capture_limit;   ///< Bytes kept of each captured stream, the last of them; 0: 1 MiB.
  uint64_t time_limit_ns; ///< 0: none.
  WxStepCallback *on_step;
  /// Called every `every_ns` while it runs, whether it says steps or not; NULL: never. Its result
  /// is taken as that of on_step.
  int (*on_tick)(void *context, pid_t pid);
  uint64_t every_ns;
  void *context;
} WxObserveOptions;

/// What happened. Start with {0}, end with wx_observed_free().
typedef struct {
  WxOutcome outcome;
  int stopped_by;      ///< With WX_OBSERVED_STOPPED: what the callback returned, or -EINTR.
  int wait_status;     ///< As waitpid() gives it.
  struct rusage usage; ///< Of the program and the children that it waited for.
  uint64_t wall_ns;    ///< From before the fork until it was reaped, waiting at steps included.
  uint64_t waiting_ns; ///< The part of it that the callback took.
  uint64_t steps;      ///< How many were said.
  WxStep last;         ///< The last of them.
  WxText output;       ///< What was captured.
  WxText errors;
  char complaint[160]; ///< One line on what was wrong, "" where nothing was.
} WxObserved;

/// Runs the program to its end. Returns 0 with `observed` filled, whatever the program did; or a
/// negative errno where it could not be started (that of execve: -ENOENT, -EACCES) or the observer
/// itself failed, in which case nothing of the program is left running.
///
/// The program leads a process group of its own: whatever is killed is that group, nothing else. It
/// is killed too when the calling thread dies. What it leaves running when it ends well is not
/// touched, nor waited for.
int wx_observe(const WxObserveOptions *options, WxObserved *observed);

/// Says how the program ended: in words as "killed by signal 9 (Killed) after step collected of
/// round 1", followed by the first line of its captured standard error.
void wx_observed_ended(const WxObserved *observed, WxEnded *ended);

/// Says of a program for which wx_observe() returned `error` that it did not start.
void wx_observed_not_started(const char *program, int error, WxEnded *ended);

void wx_observed_free(WxObserved *observed);

/* A part of this program, with a report in memory that both map
 * -------------------------------------------------------------------------------------------------
 */

/// What is played, and how it is looked at.
typedef struct {
  int (*play)(WxStepChannel channel, void *context); ///< Its result is the exit status.
  const WxFresh *fresh; ///< Instead of `play`: what is played in a process executed for it.
  WxStepCallback *on_step;
  void *context;      ///< Of both.
  const int *error;   ///< In the report: what the child says went wrong, a negative errno, or 0.
  const char *said;   ///< In the report: the same in words. NULL or "" leaves it to the errno.
  bool without_steps; ///< It may end well without having said a step.
  uint64_t time_limit_ns; ///< 0: none.
} WxChildOrder;

/// A part that is played in a process executed for it (fresh.h) and says no steps; its order, and
/// room for its report, which begins with an `int` as `error` above.
typedef struct {
  WxFreshPlay *play;
  const void *order;
  size_t order_size;
  void *report;
  size_t report_size;
  size_t said_at;         ///< Where in the report `said` stands; 0: nowhere.
  uint64_t time_limit_ns; ///< 0: none.
} WxFreshPart;

/// Plays it to the end and copies its report; `ended` is as below. Returns 0, or a negative errno
/// where it could not be begun.
int wx_observe_fresh(const WxFreshPart *part, WxEnded *ended);

/// Maps `size` bytes for a report, zeroed, which a child shares; they are no part of what is
/// measured and not counted. NULL where there is no memory.
void *wx_child_report_new(size_t size);
void wx_child_report_free(void *report, size_t size);

/// Plays to the end. `ended` says whether it got there: WX_ENDED_WELL, else why not, with `error`
/// where the child reported one. `observed` is filled as far as it went and holds nothing to be
/// freed.
void wx_observe_child(const WxChildOrder *order, WxObserved *observed, WxEnded *ended);

#endif
