/**
   @file observe_start.h
   Whether W^X is on in a process that runs already.
*/
#ifndef WX_PROBE_OBSERVE_START_H
#define WX_PROBE_OBSERVE_START_H

#include "probe/predict.h"

#include <sys/types.h>

typedef struct {
  char version[64]; ///< Of its runtime; "" where it is not known.
  WxStart start;
  const char *state; ///< A code of wx_state.h.
  const char *why;   ///< Why it is off; NULL where it is on.
  bool preloaded;    ///< libwxreclaim.so is loaded.
} WxObservedStart;

/// Looks at a process; changes nothing and stops nothing. -ENOENT where it runs no .NET runtime;
/// -ESRCH, -EACCES and so on where it cannot be read.
int wx_observe_start(pid_t pid, WxObservedStart *observed);

#endif
