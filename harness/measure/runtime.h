/**
   @file runtime.h
   Which .NET runtime a process runs.
*/
#ifndef WX_MEASURE_RUNTIME_H
#define WX_MEASURE_RUNTIME_H

#include "measure/maps.h"

#include <stdbool.h>

/// What the mappings tell.
typedef struct {
  bool present;     ///< libcoreclr.so is mapped.
  char version[64]; ///< As "10.0.14", from the name of its folder; "" where that does not say.
  const char *path; ///< Of libcoreclr.so, owned by the maps; NULL where it is not mapped.
} WxRuntime;

/// Finds the runtime in the mappings of a process. A framework-dependent program maps
/// .../shared/Microsoft.NETCore.App/VERSION/libcoreclr.so; a self-contained one has the library in
/// its own folder, which does not tell the version; a single-file one has it inside its executable
/// and is not recognised here.
WxRuntime wx_runtime_find(const WxMaps *maps);

#endif
