/**
   @file mode.h
   The ways in which a workload is run on the real runtime: a table, a row a mode; and what a mode
   really ran as: settings are lost where a script starts a program with an environment of its own,
   and W^X is off without a word where its memfd cannot be made.
*/
#ifndef WX_SCENARIO_MODE_H
#define WX_SCENARIO_MODE_H

#include "stats/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

typedef struct {
  const char *name;
  const char *summary;
  bool wx;      ///< DOTNET_EnableWriteXorExecute.
  bool preload; ///< With libwxreclaim.so.
  bool live;    ///< With a reclaim from outside beside it.
} WxMode;

/// The `index`-th mode, NULL at the end.
const WxMode *wx_mode_at(size_t index);

/// Its name, NULL at the end.
const char *wx_mode_name(size_t index);

/// The mode of that name, NULL where there is none.
const WxMode *wx_mode_find(const char *name);

/* What a mode really ran as
 * -------------------------------------------------------------------------------------------------
 */

enum { WX_MODE_TEXT = 256 };

/// Start with {0}; nothing to free.
typedef struct {
  const char *w_xor_x;        ///< As `wxbench audit` says it; NULL where it was not seen.
  bool on;                    ///< W^X is.
  bool settled;               ///< What was seen stays so.
  bool preloaded;             ///< libwxreclaim.so is there.
  char differs[WX_MODE_TEXT]; ///< What is otherwise than the mode says; "" for nothing.
} WxModeSeen;

/// Looks at the process with the runtime, until what it says is settled: a runtime that has not
/// made its memfd yet may do so. A process that cannot be read, or has no runtime yet, tells
/// nothing.
void wx_mode_look(WxModeSeen *ran, pid_t pid, const WxMode *mode);

/// Puts what was seen into the result, which borrows it.
void wx_mode_label(const WxModeSeen *ran, WxResult *result);

#endif
