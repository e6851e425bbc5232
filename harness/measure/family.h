/**
   @file family.h
   A process and its descendants.
*/
#ifndef WX_MEASURE_FAMILY_H
#define WX_MEASURE_FAMILY_H

#include "measure/process.h"

/// Puts `root` and its descendants into `found`, ancestors first. A process whose parent has ended
/// descends from whoever adopted it, so it may have left the family. While others come and go the
/// list may lack one: who must know reads it twice. -ESRCH where `root` is gone.
int wx_family_read(WxProcesses *found, pid_t root, WxText *text);

/// The same from the parents of all processes, for kernels that do not list children
/// (CONFIG_PROC_CHILDREN); wx_family_read() turns to it by itself.
int wx_family_read_by_parents(WxProcesses *found, pid_t root, WxText *text);

#endif
