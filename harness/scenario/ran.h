/**
   @file ran.h
   What a mode really ran as: settings are lost where a script starts a program with an environment
   of its own, and W^X is off without a word where its memfd cannot be made.
*/
#ifndef WX_SCENARIO_RAN_H
#define WX_SCENARIO_RAN_H

#include "scenario/mode.h"
#include "stats/result.h"

#include <sys/types.h>

enum { WX_RAN_TEXT = 256 };

/// Start with {0}; nothing to free.
typedef struct {
  const char *w_xor_x;       ///< As `wxbench audit` says it; NULL where it was not seen.
  bool on;                   ///< W^X is.
  bool settled;              ///< What was seen stays so.
  bool preloaded;            ///< libwxreclaim.so is there.
  char differs[WX_RAN_TEXT]; ///< What is otherwise than the mode says; "" for nothing.
} WxRan;

/// Looks at the process with the runtime, until what it says is settled: a runtime that has not
/// made its memfd yet may do so. A process that cannot be read, or has no runtime yet, tells
/// nothing.
void wx_ran_look(WxRan *ran, pid_t pid, const WxMode *mode);

/// Puts what was seen into the result, which borrows it.
void wx_ran_label(const WxRan *ran, WxResult *result);

#endif
