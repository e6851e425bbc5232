/**
   @file confined.h
   A program that runs in a memory group of its own: with a limit, or only to see what it takes.
   What the group counted, and the kernel's own record of a kill.
*/
#ifndef WX_SCENARIO_CONFINED_H
#define WX_SCENARIO_CONFINED_H

#include "measure/memory_group.h"
#include "os/text.h"
#include "stats/ended.h"

#include <stdint.h>

/// `memory_limit` of a program that gets a group of its own without a limit.
#define WX_UNCONFINED ((uint64_t)WX_CGROUP_NO_LIMIT)

/// What the group counted, when all of the program had ended. Start with {0}, end with
/// wx_confined_free(). `version` is 0 where there was no group.
typedef struct {
  int version;
  uint64_t limit_bytes; ///< WX_UNCONFINED for none.
  uint64_t lived_ns;    ///< From the start of the program to its end.
  WxCgroupFigures figures;
  WxText kernel;     ///< What the kernel's log says of kills in the group; "" for nothing.
  int kernel_failed; ///< The negative errno with which the log cannot be read, else 0.
} WxConfined;

/// A group while a program runs in it. Start with {0}.
typedef struct {
  WxMemoryGroup group;
  int log; ///< The kernel's log, or a negative errno.
  uint64_t limit_bytes;
} WxConfinement;

/// Makes the group; 0 as limit: none is made. Returns 0 or a negative errno of
/// wx_memory_group_make().
int wx_confinement_begin(WxConfinement *confinement, uint64_t limit_bytes);

/// The folder to put the program into, NULL without a group.
const char *wx_confinement_folder(const WxConfinement *confinement);

/// Reads what the group counted, and removes it. The program must have ended.
void wx_confinement_end(WxConfinement *confinement, uint64_t lived_ns, WxConfined *confined);

/// Says in `ended` that the kernel killed the program, or one of its children, for want of memory,
/// where it did.
void wx_confined_explain(const WxConfined *confined, WxEnded *ended);

void wx_confined_free(WxConfined *confined);

#endif
