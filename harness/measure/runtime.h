/**
   @file runtime.h
   Which .NET runtime a process runs.
*/
#ifndef WX_MEASURE_RUNTIME_H
#define WX_MEASURE_RUNTIME_H

#include "measure/maps.h"

#include <stdbool.h>
#include <sys/types.h>

/// The runtime of a process.
typedef struct {
  bool present;             ///< A runtime was found.
  char version[64];         ///< As "10.0.14"; "" where it is not known.
  const WxMapping *library; ///< Of libcoreclr.so, owned by the maps; NULL where there is none.
} WxRuntime;

/// Finds the runtime in the mappings of a process. A framework-dependent program maps
/// .../shared/Microsoft.NETCore.App/VERSION/libcoreclr.so; a self-contained one has the library in
/// its own folder, which does not tell the version; a single-file one has it inside its executable
/// and is not recognised by its mappings.
WxRuntime wx_runtime_find(const WxMaps *maps);

/// Whether the living process `pid` runs a .NET runtime: 1 or 0, or a negative errno. It does where
/// it maps libcoreclr.so, or where a thread has the name of the one that runs finalizers, which
/// every runtime starts and which a single file with the runtime linked in has as well. Nothing is
/// opened but files of /proc. `maps` was read from the process.
int wx_runtime_runs(pid_t pid, const WxMaps *maps);

/// Completes what wx_runtime_find() left open about the living process `pid` (0: this one), whose
/// mappings are `maps`: looks for the runtime's version text in the library or, where none is
/// mapped, in the first 64 MiB of the executable, which takes some milliseconds. Both are opened by
/// wx_mapped_file_open() only. What cannot be found or read stays as it was, which is no failure.
/// -ENOMEM, or another failure to read.
int wx_runtime_identify(WxRuntime *runtime, pid_t pid, const WxMaps *maps);

/// The version in `text` (10.0.1426.52326, a file version: the third number is the patch and two
/// digits of the year) as "10.0.14" into `version`. False where it is none.
bool wx_runtime_parse_file_version(char version[static 64], const char *text);

/* Among a process and its descendants
 * -------------------------------------------------------------------------------------------------
 */

enum { WX_RUNTIME_VERSION_SIZE = 64 };

/// The first that does, ancestors first, with its version where that can be known (else it is left
/// alone). Returns its pid, 0 where there is none (yet), -ESRCH where `root` is gone, -ENOMEM.
pid_t wx_runtime_search(pid_t root, char version[static WX_RUNTIME_VERSION_SIZE]);

#endif
