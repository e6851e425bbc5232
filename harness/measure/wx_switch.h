/**
   @file wx_switch.h
   The runtime's switch for W^X, read as the runtime reads it: held against .NET 8 and 11, value
   by value (docs/start.md).
*/
#ifndef WX_MEASURE_WX_SWITCH_H
#define WX_MEASURE_WX_SWITCH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/// What a setting says. What is no number sets nothing.
typedef enum { WX_SWITCH_UNSET, WX_SWITCH_ON, WX_SWITCH_OFF } WxSwitch;

/// The first major versions in which it is on where nothing sets it (dotnet/runtime PR 69672), and
/// in which a runtimeconfig.json can set it (PR 101490).
enum { WX_SWITCH_FIRST_ON = 7, WX_SWITCH_FIRST_CONFIGURED = 9 };

/// Of the values of DOTNET_EnableWriteXorExecute and COMPlus_EnableWriteXorExecute, NULL where not
/// set. The second counts where the first is not set or empty. A value is read as strtoul() reads a
/// hexadecimal number, whatever follows it: `0zz` is off, `false` is 0xfa and on, `off` sets
/// nothing.
WxSwitch wx_switch_of(const char *dotnet, const char *complus);

/// The same of an environment as /proc/PID/environ has it: variables that each end with a NUL.
WxSwitch wx_switch_in(const char *environment, size_t length);

/// Whether a runtime of major version `major` would run with W^X on in the environment of this
/// process; where nothing sets it, on from WX_SWITCH_FIRST_ON.
bool wx_switch_on_here(int major);

/// What the runtimeconfig.json of the living process `pid` says (System.Runtime.
/// EnableWriteXorExecute): beside its program, or the one that its command line names. From .NET 9
/// on the runtime asks it where the environment sets nothing. What cannot be found or read says
/// nothing.
WxSwitch wx_switch_configured(pid_t pid);

#endif
