/**
   @file room.h
   How much the memory group of a process can still grow, to say when an unload may not fit.
*/
#ifndef WX_RECLAIM_ROOM_H
#define WX_RECLAIM_ROOM_H

#include "os/text.h"
#include "stats/figure.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct {
  WxFigure left_bytes;  ///< Until the limit, page cache that the kernel can drop left aside.
  WxFigure limit_bytes; ///< The lowest of the group and of those above it.
} WxRoom;

/// Finds out. Both are unknown where there is no limit, or it cannot be seen from here. Fails for
/// want of memory only, or where the process is gone (-ESRCH).
int wx_room_read(WxRoom *room, pid_t pid, WxText *text);

/// Whether `growth_bytes` more may not fit.
bool wx_room_is_less(const WxRoom *room, uint64_t growth_bytes);

#endif
