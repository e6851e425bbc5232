/**
   @file alc_plugin.h
   The DLL of the workload `alc` (scenarios/dotnet/plugin) in a load context of its own: what
   visiting numbers 1 to N loads and compiles, in each version.
*/
#ifndef WX_CLR_ALC_PLUGIN_H
#define WX_CLR_ALC_PLUGIN_H

#include "clr/clr_process.h"

/// Loads the plugin and visits numbers 1 to `last`. After a failure nothing is loaded.
int wx_clr_plugin_load(WxClr *clr, unsigned last, WxClrAssembly **loaded);

#endif
