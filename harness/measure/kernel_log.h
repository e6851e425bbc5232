/**
   @file kernel_log.h
   What the kernel wrote to its log from a moment on: its own record of a kill for want of memory.
*/
#ifndef WX_MEASURE_KERNEL_LOG_H
#define WX_MEASURE_KERNEL_LOG_H

#include "os/text.h"

/// The log as programs read it, a record a read.
#define WX_KERNEL_LOG "/dev/kmsg"

/// Opens the log at `path` at its end. Returns a descriptor, or a negative errno: who may not read
/// it has none (-EPERM, -EACCES, -ENOENT in most containers).
int wx_kernel_log_open(const char *path);

/// Reads all that was written since, and closes the descriptor: appends to `text` (start with {0})
/// the reports of kills in the control group whose folder is called `group`, without their
/// prefixes, a line each. Returns 0, also where there is none, or a negative errno; what was read
/// until then is there.
int wx_kernel_log_close(int fd, const char *group, WxText *text);

#endif
