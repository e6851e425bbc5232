/**
   @file validate_session.h
   What `wxbench validate` works through: runtimes, on each of them workloads, each in several
   modes.

   Whatever is refused or fails here returns a negative errno with the session's problem.
*/
#ifndef WX_SESSION_VALIDATE_SESSION_H
#define WX_SESSION_VALIDATE_SESSION_H

#include "output/document.h"
#include "output/matrix_rows.h"
#include "output/progress.h"
#include "scenario/run_turns.h"
#include "scenario/runtimes.h"
#include "scenario/smallest.h"
#include "stats/endings.h"
#include "stats/problem.h"
#include "stats/words.h"

#include <limits.h>

enum { WX_VALIDATE_MODES = 8 };

/// What the command line asked for. Nothing named is the usual.
typedef struct {
  WxNames runtimes;
  WxNames workloads;
  WxNames modes;
  WxSettings settings;
  uint64_t time_limit_ns; ///< Of one run.
  uint64_t repeat;        ///< Rounds in which the modes are measured in turns; 0: none.
  const char *matrix;     ///< The folder in which the rows are kept; NULL: no matrix.
  const char *command;    ///< A program of the user's instead of workloads; NULL: none.
  const char *load;       ///< What is run beside it, and
  const char *check;      ///< what says whether it is right; NULL: none.
  uint64_t every_ns;      ///< Between two looks at it.
  uint64_t lasts_ns;      ///< It is ended after this time; 0: it ends by itself.
  uint64_t memory_limit;  ///< Of the memory group of each run, in bytes; 0: no group.
  uint64_t smallest_step; ///< How finely the smallest limit is looked for; 0: it is not.
  uint64_t fidelity;      ///< Real runs that the model is compared with; 0: no comparison.
} WxValidateAsked;

typedef struct {
  const WxValidateAsked *asked;
  WxDocument *document;
  WxProblem *problem;
  WxProgress progress;
  const WxMode *modes[WX_VALIDATE_MODES];
  size_t mode_count;
  WxMatrix matrix;
  size_t present;                   ///< Runtimes that were asked for and are here.
  const char *absent;               ///< The first of those that are not.
  char missing[WX_NO_RUNTIME_TEXT]; ///< Why the runtime that is asked for now is not here; "" where
                                    ///< it is.
  char program[PATH_MAX];           ///< The workload program.
  char preload[PATH_MAX];           ///< libwxreclaim.so.
  char recorder[PATH_MAX];          ///< libwxrecord.so, with a comparison.
  WxEndings endings;
} WxValidateSession;

/// Runs all that was asked for and adds the results to the document. Returns 0 or the error.
int wx_validate_all(WxValidateSession *session);

/// The user's program instead of workloads: runs it in the session's modes and adds the results to
/// the document. Returns 0 or the error.
int wx_validate_command(WxValidateSession *session);

/// Loads the workloads that were asked for and lets them go: whether they and the settings are
/// right. Returns 0 or the error.
int wx_validate_check_workloads(WxValidateSession *session);

/// Runs one mode once more, with times and nothing else, in a group with `memory_limit` and for
/// `time_limit_ns` at the most. Returns 0 with `run` filled, which is freed by the caller, or the
/// error.
typedef int WxAgainRun(void *context, size_t mode, uint64_t memory_limit, uint64_t time_limit_ns,
                       WxValidation *run);

/// What is run again and again: a workload on a runtime, or the user's command. All is borrowed.
typedef struct {
  const char *subject; ///< As "asm, VERSION".
  WxAgainRun *run;
  void *context;
} WxAgain;

/// Looks for the smallest limit of one mode, of which `first` is a run without a limit; with
/// `compared` what it prints has to be the same. Returns 0 or the error.
int wx_validate_smallest(WxValidateSession *session, const WxAgain *again, size_t mode,
                         const WxValidation *first, bool compared, WxSmallest *smallest);

/// Runs all modes whose `results` did run to their end in turns. Returns the same.
int wx_validate_repeat(WxValidateSession *session, const WxAgain *again, const WxResult results[],
                       WxRepeat *repeat);

/// How one mode is run; `beside` is what goes on beside mode `live`. All is borrowed.
WxValidationOrder wx_validate_order(const WxValidateSession *session,
                                    const WxParameters *parameters,
                                    const WxInstalledRuntime *runtime, size_t mode,
                                    const WxBeside *beside);

/// The memory limit of a run that is looked at, as WxValidationOrder has it.
uint64_t wx_validate_memory_limit(const WxValidateAsked *asked);

/// How many workloads were asked for.
size_t wx_validate_workload_count(const WxValidateAsked *asked);

/// Runs the workloads that were asked for on one runtime. Returns 0 or the error.
int wx_validate_workloads(WxValidateSession *session, const WxInstalledRuntime *runtime);

#endif
