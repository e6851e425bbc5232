/**
   @file mode.h
   The ways in which a workload is run on the real runtime: a table, a row a mode.
*/
#ifndef WX_SCENARIO_MODE_H
#define WX_SCENARIO_MODE_H

#include <stdbool.h>
#include <stddef.h>

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

#endif
