/**
   @file range_list.h
   First-fit allocation inside one block of code: the address-ordered free list of a heap of dynamic
   methods. Each range, free or taken, begins with a record in the code page itself; the list here
   is a copy of what the records say, so that a failed write leaves it as it was.

   Facts: dotnet/runtime's HostCodeHeap, .NET 6 to 11.
*/
#ifndef WX_CLR_RANGE_LIST_H
#define WX_CLR_RANGE_LIST_H

#include "clr/clr_space.h"

enum {
  WX_CLR_RECORD = 16,     ///< Bytes of a record: the next free range or the owner, and the size.
  WX_CLR_LEAST_REST = 64, ///< A smaller rest of a free range is not split off.
};

/// A part of the block, record included.
typedef struct {
  size_t offset;
  size_t size;
} WxSpan;

typedef struct {
  WxClrSpace *space;
  WxClrBlock *block; ///< Not owned.
  size_t committed;  ///< Bytes committed, from the start.
  size_t largest;    ///< No free span is known to be larger: hopeless requests end early.
  WxSpan *spans;     ///< Free ones, by address.
  size_t count, capacity;
} WxRangeList;

/// Starts with all of `block` uncommitted and free.
void wx_range_list_init(WxRangeList *list, WxClrSpace *space, WxClrBlock *block);

/// Where the content of a span begins that keeps `header` bytes after its record.
size_t wx_range_list_content(WxSpan span, size_t header, size_t alignment);

/// Takes the first span with room for `header` + `size` bytes at `alignment`; commits more of the
/// block where none has. -ENOSPC where the block is too small.
int wx_range_list_take(WxRangeList *list, size_t header, size_t size, size_t alignment,
                       WxSpan *taken);

/// Gives a span back and joins it with free neighbours.
int wx_range_list_give(WxRangeList *list, WxSpan span);

/// Frees the list's own memory; the block is untouched.
void wx_range_list_clear(WxRangeList *list);

#endif
