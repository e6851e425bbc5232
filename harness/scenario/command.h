/**
   @file command.h
   Runs a program of the user's in one mode, without changing it: looked at from outside at its
   steps where it speaks the step protocol (measure/steps.h), else again and again until it ends.
*/
#ifndef WX_SCENARIO_COMMAND_H
#define WX_SCENARIO_COMMAND_H

#include "measure/runtime.h"
#include "scenario/validation.h"

/// What to run; all borrowed. Commands are for /bin/sh.
typedef struct {
  const char *command;
  const char *load;  ///< Run beside it once its runtime is there; the program is ended after it.
  const char *check; ///< Run before the program is ended, or after it has ended by itself.
  const WxMode *mode;
  const char *preload;    ///< libwxreclaim.so.
  const WxBeside *beside; ///< NULL: nothing.
  uint64_t every_ns;      ///< Between two looks.
  uint64_t lasts_ns;      ///< The program is ended after this time; 0: it ends by itself.
  uint64_t memory_limit;  ///< As that of WxValidationOrder.
  uint64_t time_limit_ns; ///< Everything is killed after this time; 0: never.
  bool unsampled; ///< Times only: it is looked at no more than what goes on beside it needs.
} WxCommandOrder;

enum { WX_COMMAND_NONE = -1 };

/// One run. Start with {0}, end with wx_command_run_free().
typedef struct {
  WxValidation validation;               ///< Its output: what the program printed.
  char runtime[WX_RUNTIME_VERSION_SIZE]; ///< The version, or "unknown".
  int exit_status;  ///< Of the program, 128 + n for a signal; WX_COMMAND_NONE where it was
                    ///< ended by us.
  int load_status;  ///< As exit_status; WX_COMMAND_NONE without a load.
  int check_status; ///< The same of the check.
  bool load_cut;    ///< The load still ran when the program's time was over.
  bool check_late;  ///< The check was killed at the time limit.
  WxText check_output;
} WxCommandRun;

/// Runs it; whatever became of it is in `run`.
void wx_command_run(const WxCommandOrder *order, WxCommandRun *run);

/// A program whose load or check failed has not run to its end: says so in `ended`.
void wx_command_take_statuses(const WxCommandRun *run, WxEnded *ended);

enum { WX_COMMAND_JUDGED = 4, WX_COMMAND_SHOWN = 64 };

/// What was judged of one run. The expectations point into it, so that it must not move.
typedef struct {
  WxExpectationResult items[WX_COMMAND_JUDGED];
  char expected[WX_COMMAND_JUDGED][WX_COMMAND_SHOWN];
  char actual[WX_COMMAND_JUDGED][WX_COMMAND_SHOWN];
  size_t count;
} WxCommandJudged;

/// Judges a run by its load and its check, and by what the `first` one printed: with a check that
/// says what is right, without one the program's own output has to be the same.
void wx_command_judge(const WxCommandOrder *order, const WxCommandRun *first,
                      const WxCommandRun *run, WxCommandJudged *judged);

void wx_command_run_free(WxCommandRun *run);

#endif
