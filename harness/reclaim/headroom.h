/**
   @file headroom.h
   How much the memory group of a process can still grow, to say when an unload may not fit.
*/
#ifndef WX_RECLAIM_HEADROOM_H
#define WX_RECLAIM_HEADROOM_H

#include "os/text.h"
#include "stats/figure.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct {
  WxFigure left_bytes;  ///< Until the limit, page cache that the kernel can drop left aside.
  WxFigure limit_bytes; ///< The lowest of the group and of those above it.
} WxHeadroom;

/// Finds out. Both are unknown where there is no limit, or it cannot be seen from here. Fails for
/// want of memory only, or where the process is gone (-ESRCH).
int wx_headroom_read(WxHeadroom *headroom, pid_t pid, WxText *text);

/// Whether `growth_bytes` more may not fit.
bool wx_headroom_is_less(const WxHeadroom *headroom, uint64_t growth_bytes);

#endif
