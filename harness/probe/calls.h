/**
   @file calls.h
   The system calls that a .NET runtime makes while it starts, apart from those that tries.h tries
   as the runtime makes them: whether a seccomp filter refuses one of them.
*/
#ifndef WX_PROBE_CALLS_H
#define WX_PROBE_CALLS_H

#include "probe/tries.h"

#include <stddef.h>

/// The name of the `index`-th call, NULL at the end. (`strace -f -c` of a program that says hello.)
const char *wx_call_name(size_t index);

/// Makes it with arguments for which it does nothing, in this process, which a filter may kill for
/// it. Returns 0, or a negative errno where the answer is not the kernel's own. A filter that looks
/// at the arguments may let this one pass.
int wx_call_make(size_t index);

#endif
