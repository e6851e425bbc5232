#include "strategy/views.h"

#include "os/os.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

WxView *wx_views_showing(const WxViews *views, uintptr_t start, size_t size, size_t *visited) {
  *visited = 0;
  for (WxView *view = views->head; view; view = view->next) {
    ++*visited;
    if (start >= view->start && start + size <= view->start + view->size)
      return view;
  }
  return NULL;
}

WxView *wx_views_aliasing(const WxViews *views, uintptr_t address, size_t *visited) {
  *visited = 0;
  for (WxView *view = views->head; view; view = view->next) {
    ++*visited;
    if (address >= view->alias && address < view->alias + view->size)
      return view;
  }
  return NULL;
}

int wx_views_map(WxViews *views, int fd, uint64_t offset, uintptr_t start, size_t size,
                 WxView **mapped) {
  WxView *view = malloc(sizeof *view);
  if (!view)
    return -ENOMEM;
  void *alias;
  const int result = wx_os_mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset, &alias);
  if (result) {
    free(view);
    return result;
  }
  *view = (WxView){views->head, (uintptr_t)alias, start, size, 1};
  views->head = view;
  *mapped = view;
  return 0;
}

// Unmaps a view and takes it out of the list.
static int destroy(WxViews *views, WxView *view) {
  const int result = wx_os_munmap((void *)view->alias, view->size);
  if (result)
    return result;
  WxView **link = &views->head;
  while (*link != view)
    link = &(*link)->next;
  *link = view->next;
  free(view);
  return 0;
}

int wx_views_drop(WxViews *views, WxView *view) {
  if (view->references == 1)
    return destroy(views, view);
  --view->references;
  return 0;
}

// The place of `view` in the cache, `capacity` where it has none.
static unsigned place_of(const WxViews *views, const WxView *view) {
  unsigned place = 0;
  while (place < views->capacity && views->cached[place] != view)
    ++place;
  return place;
}

// Frees `place` by moving the entries before it one back.
static void make_room_at_front(WxViews *views, unsigned place) {
  memmove(&views->cached[1], &views->cached[0], place * sizeof views->cached[0]);
}

int wx_views_keep(WxViews *views, WxView *view) {
  if (views->capacity == 0)
    return 0;
  unsigned place = place_of(views, view);
  if (place == views->capacity) {
    --place;
    WxView *oldest = views->cached[place];
    if (oldest) {
      const int result = wx_views_drop(views, oldest);
      if (result)
        return result;
    }
    ++view->references;
  }
  make_room_at_front(views, place);
  views->cached[0] = view;
  return 0;
}

static bool overlaps(const WxView *view, uintptr_t start, size_t size) {
  return view->start < start + size && start < view->start + view->size;
}

int wx_views_forget(WxViews *views, uintptr_t start, size_t size) {
  for (unsigned place = 0; place < views->capacity; ++place) {
    WxView *view = views->cached[place];
    if (!view || !overlaps(view, start, size))
      continue;
    const int result = wx_views_drop(views, view);
    if (result)
      return result;
    views->cached[place] = NULL;
  }
  for (const WxView *view = views->head; view; view = view->next)
    if (overlaps(view, start, size))
      return -EBUSY;
  return 0;
}

int wx_views_close(WxViews *views) {
  memset(views->cached, 0, sizeof views->cached);
  while (views->head) {
    const int result = destroy(views, views->head);
    if (result)
      return result;
  }
  return 0;
}
