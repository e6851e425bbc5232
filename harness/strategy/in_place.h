/**
   @file in_place.h
   Strategies over anonymous private memory that write code where it runs, and never while it can
   run: what may be done with a page is changed by mprotect.
*/
#ifndef WX_STRATEGY_IN_PLACE_H
#define WX_STRATEGY_IN_PLACE_H

#include "strategy/anonymous.h"

/// What a committed page is.
typedef enum {
  WX_PAGE_IS_UNUSED,    ///< Not committed.
  WX_PAGE_IS_DATA,      ///< Readable and writable.
  WX_PAGE_IS_CODE,      ///< Executable; writable instead while somebody writes.
  WX_PAGE_IS_DRAFT,     ///< Writable; published when a view of it ends.
  WX_PAGE_IS_PUBLISHED, ///< Executable for good.
} WxPageKind;

/// What is known of a page.
typedef struct WxPageState {
  uint8_t kind;
  uint8_t protection; ///< As last set.
  uint16_t writers;   ///< Views that make it writable.
} WxPageState;

typedef struct WxInPlaceView WxInPlaceView;

typedef struct {
  WxAnonymous anonymous; ///< First: it is cast to its owner.
  WxInPlaceView *views;  ///< In use.
  WxPageKind code;       ///< What a page becomes that is committed for code.
  bool whole_blocks;     ///< A view makes all code of its block writable, not only the pages shown.
} WxInPlace;

int wx_in_place_open(const WxStrategy *strategy, const WxStrategyOptions *options, WxPageKind code,
                     WxAllocator **opened);
int wx_in_place_commit(WxAllocator *allocator, void *start, size_t size, bool executable);

/// -EINVAL where a page is not committed, -EPERM where one is published.
int wx_in_place_map_rw(WxAllocator *allocator, void *start, size_t size, bool cacheable,
                       void **view);
int wx_in_place_unmap_rw(WxAllocator *allocator, void *view);

/// -EBUSY where a view of the block is in use.
int wx_in_place_release(WxAllocator *allocator, void *base);
int wx_in_place_close(WxAllocator *allocator);

#endif
