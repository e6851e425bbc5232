/**
   @file views.h
   Writable views of a double-mapped file: reference-counted, the last few kept in a cache that owns
   a reference of its own (one since .NET 7, dotnet/runtime PR 74526; three since .NET 8, PR 83632).

   Not thread-safe.
*/
#ifndef WX_STRATEGY_VIEWS_H
#define WX_STRATEGY_VIEWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WX_VIEWS_CACHE_MOST = 16 };

typedef struct WxView {
  struct WxView *next;
  uintptr_t alias; ///< Where to write.
  uintptr_t start; ///< The executable address that `alias` shows.
  size_t size;     ///< Bytes, whole pages.
  unsigned references;
} WxView;

/// Start with {.capacity = 0..WX_VIEWS_CACHE_MOST}.
typedef struct {
  WxView *head;
  unsigned capacity; ///< Entries of the cache.
  WxView *cached[WX_VIEWS_CACHE_MOST];
} WxViews;

/// The first view that shows all of [start, start + size), or NULL. `*visited` is how many were
/// looked at.
WxView *wx_views_showing(const WxViews *views, uintptr_t start, size_t size, size_t *visited);

/// The view whose alias contains `address`, or NULL. `*visited` is how many were looked at.
WxView *wx_views_aliasing(const WxViews *views, uintptr_t address, size_t *visited);

/// Maps [start, start + size) of the executable block once more, writable, from `offset` of `fd`,
/// and takes a reference.
int wx_views_map(WxViews *views, int fd, uint64_t offset, uintptr_t start, size_t size,
                 WxView **mapped);

/// Makes `view` the newest of the cache; the oldest loses its place and, if nobody else uses it, is
/// unmapped. On failure nothing has changed.
int wx_views_keep(WxViews *views, WxView *view);

/// Drops a reference; the last one unmaps. On failure the reference is still held.
int wx_views_drop(WxViews *views, WxView *view);

/// Drops the cache's references to views of [start, start + size). -EBUSY where one of them is in
/// use; what was dropped before a failure stays dropped, and the call can be repeated.
int wx_views_forget(WxViews *views, uintptr_t start, size_t size);

/// Unmaps every view, used or not. Can be repeated after a failure.
int wx_views_close(WxViews *views);

#endif
