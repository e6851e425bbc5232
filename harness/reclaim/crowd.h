/**
   @file crowd.h
   The files that a watch knows: bounded in number, fairly by user, each with the process that it is
   reached through.

   A file that several processes hold is watched through one of them. Where that one is refused, the
   others are tried: what is wrong with one process must not keep another from being served.
*/
#ifndef WX_RECLAIM_CROWD_H
#define WX_RECLAIM_CROWD_H

#include "reclaim/follow.h"
#include "reclaim/watched.h"

#include <stddef.h>

/// The most files, and the most of them that are open. What one that is open needs is for the most
/// part up to how many processes hold it: so descriptors are counted, too.
enum { WX_CROWD_FILES = 1024, WX_CROWD_OPEN = 16, WX_CROWD_DESCRIPTORS = 512 };

/// Start with {0}, end with wx_crowd_free().
typedef struct {
  WxWatched **items;
  size_t count;
  size_t capacity;
} WxCrowd;

typedef enum {
  WX_CROWD_NEW,   ///< It was added, as the last one.
  WX_CROWD_KNOWN, ///< It is watched already.
  WX_CROWD_FULL,  ///< There are too many: this one is left out.
} WxCrowdPlace;

/// Adds a file of a process, unless it is known. Where there are too many, `*leaves` is one of the
/// user who has most, to be removed first (then this is called again), or NULL where this user is
/// it. Returns a WxCrowdPlace or -ENOMEM.
int wx_crowd_add(WxCrowd *crowd, const WxFollowed *process, const WxMemfd *memfd, size_t most,
                 WxWatched **leaves);

/// Removes one, and ends it.
void wx_crowd_remove(WxCrowd *crowd, WxWatched *watched);

/// Closes those that had their turn longest ago, other than `kept`, until no more than `most_open`
/// are open and this process has no more than `most_descriptors`. -ENOMEM as wx_watched_close().
int wx_crowd_close_some(WxCrowd *crowd, const WxWatched *kept, size_t most_open,
                        size_t most_descriptors);

void wx_crowd_free(WxCrowd *crowd);

#endif
