/**
   @file listing.h
   The numbers in an open directory (the processes of /proc, the tasks of /proc/PID/task, the
   descriptors of /proc/PID/fd), listed again and again without allocating: while a target is held
   nothing may wait for memory.
*/
#ifndef WX_RECLAIM_LISTING_H
#define WX_RECLAIM_LISTING_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// The numbers found last, in the directory's order.
typedef struct {
  pid_t *numbers;
  uint64_t *inodes; ///< Of their entries: below /proc another one where a number is used again.
  size_t count;
  size_t capacity;
  char *entries; ///< What the kernel wrote.
} WxListing;

/// Makes room for `capacity` numbers. -ENOMEM with what was there.
int wx_listing_reserve(WxListing *listing, size_t capacity);

/// Lists the open directory `directory` from its start. -ENOBUFS where there are more numbers than
/// there is room for; -ESRCH where the process behind it has ended.
int wx_listing_read(WxListing *listing, int directory);

/// As wx_listing_read(), making room where it is missing.
int wx_listing_read_growing(WxListing *listing, int directory);

void wx_listing_free(WxListing *listing);

#endif
