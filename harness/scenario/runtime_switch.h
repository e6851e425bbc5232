/**
   @file runtime_switch.h
   The runtime's own switch for W^X, read as the runtime reads it.
*/
#ifndef WX_SCENARIO_RUNTIME_SWITCH_H
#define WX_SCENARIO_RUNTIME_SWITCH_H

#include <stdbool.h>

/// Whether a runtime of major version `major` would run with W^X on in the environment of this
/// process (measure/wx_switch.h); where nothing sets it, on from .NET 7.
bool wx_runtime_switch_on(int major);

#endif
