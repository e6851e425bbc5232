#include "trace/bare.h"

#include "os/grow.h"
#include "os/process.h"
#include "strategy/registry.h"
#include "trace/reader.h"
#include "trace/replay_block.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { GRANULE = 65536, MOST_FILES = 1 };

/// Where a live block is, and its open views.
typedef struct {
  WxRankedNode by_place; ///< First.
  size_t start;
  size_t size;
} Place;

typedef struct {
  uint64_t place;
  uint64_t size;
  bool open;
} View;

struct WxBare {
  WxBareStep *steps;
  size_t count;
  size_t capacity;
  View *views; ///< Every one that was ever open; a closed one's number is used again.
  size_t view_count;
  size_t view_capacity;
  WxRanked places;
  size_t next_start;
  uint64_t calls;
  int failure;
};

/* Making the list
 * -------------------------------------------------------------------------------------------------
 */

static Place *containing(const WxBare *bare, uint64_t place) {
  return (Place *)wx_ranked_floor(&bare->places, place);
}

static void place_block(WxBare *bare, const WxReplayDeed *deed) {
  Place *place = calloc(1, sizeof *place);
  if (!place) {
    bare->failure = -ENOMEM;
    return;
  }
  place->start = bare->next_start;
  place->size = (size_t)deed->size;
  bare->next_start += (place->size + GRANULE - 1) / GRANULE * GRANULE;
  wx_ranked_insert(&bare->places, &place->by_place, deed->place);
}

static uint32_t open_view(WxBare *bare, const WxReplayDeed *deed) {
  size_t number = 0;
  while (number < bare->view_count && bare->views[number].open)
    number++;
  if (number == bare->view_count) {
    View *grown = wx_grown(bare->views, &bare->view_capacity, bare->view_count, sizeof *grown);
    if (!grown) {
      bare->failure = -ENOMEM;
      return 0;
    }
    bare->views = grown;
    bare->view_count++;
  }
  bare->views[number] = (View){deed->place, deed->size, true};
  return (uint32_t)number;
}

static uint32_t close_view(WxBare *bare, const WxReplayDeed *deed) {
  size_t number = 0;
  while (number < bare->view_count &&
         (!bare->views[number].open || bare->views[number].place != deed->place ||
          bare->views[number].size != deed->size))
    number++;
  if (number == bare->view_count) {
    bare->failure = -EINVAL;
    return 0;
  }
  bare->views[number].open = false;
  return (uint32_t)number;
}

static const unsigned calls_of[WX_DEEDS] = {
    [WX_RESERVE] = 1, [WX_COMMIT] = 1, [WX_MAP_RW] = 1, [WX_UNMAP_RW] = 1, [WX_RELEASE] = 2,
};

static void note(void *context, const WxReplayDeed *deed) {
  WxBare *bare = context;
  WxBareStep *grown = wx_grown(bare->steps, &bare->capacity, bare->count, sizeof *grown);
  if (!grown)
    bare->failure = -ENOMEM;
  if (bare->failure)
    return;
  bare->steps = grown;
  if (deed->what == WX_RESERVE)
    place_block(bare, deed);
  if (bare->failure)
    return;
  Place *place = containing(bare, deed->place);
  WxBareStep step = {.what = deed->what,
                     .protection = PROT_READ | (deed->code ? PROT_EXEC : PROT_WRITE),
                     .size = (size_t)deed->size,
                     .offset = deed->place,
                     .start = place->start + (size_t)(deed->place - place->by_place.key)};
  if (deed->what == WX_MAP_RW)
    step.view = open_view(bare, deed);
  if (deed->what == WX_UNMAP_RW)
    step.view = close_view(bare, deed);
  if (deed->what == WX_RELEASE) {
    wx_ranked_remove(&bare->places, &place->by_place);
    free(place);
  }
  bare->calls += calls_of[deed->what];
  bare->steps[bare->count++] = step;
}

static int replay_events(WxReplay *replay, WxTraceReader *reader, const WxBare *bare) {
  WxTraceEvent event;
  int result;
  while ((result = wx_trace_next(reader, &event)) > 0) {
    // One file is enough to compare with, and offsets stay what they are.
    const int failed = event.file < MOST_FILES ? wx_replay_apply(replay, &event) : -ENOTSUP;
    if (failed || bare->failure)
      return failed ? failed : bare->failure;
  }
  return result;
}

static int replay_trace(WxAllocator *allocator, const char *path, WxBare *bare) {
  WxTraceReader *reader;
  WxTraceDamage damage;
  WxReplay *replay;
  int failed = wx_trace_open(path, &reader, &damage);
  if (failed)
    return failed;
  failed = wx_replay_open(allocator, &replay);
  if (!failed) {
    wx_replay_tell(replay, note, bare);
    failed = replay_events(replay, reader, bare);
    wx_replay_tell(replay, NULL, NULL);
    wx_replay_close(replay);
  }
  const int closed = wx_trace_close(reader);
  return failed ? failed : closed;
}

int wx_bare_make(const char *path, WxBare **made) {
  WxStrategyOptions options = wx_strategy_options_default();
  WxAllocator *allocator;
  options.cache = 0;
  WxBare *bare = calloc(1, sizeof *bare);
  if (!bare)
    return -ENOMEM;
  int failed = wx_allocator_open(&wx_strategy_coreclr, &options, &allocator);
  if (!failed) {
    failed = replay_trace(allocator, path, bare);
    const int closed = wx_allocator_close(allocator);
    failed = failed ? failed : closed;
  }
  if (failed)
    wx_bare_free(bare);
  else
    *made = bare;
  return failed;
}

uint64_t wx_bare_calls(const WxBare *bare) {
  return bare->calls;
}

void wx_bare_free(WxBare *bare) {
  WxRankedNode *first;
  while ((first = wx_ranked_ceiling(&bare->places, 0))) {
    wx_ranked_remove(&bare->places, first);
    free(first);
  }
  free(bare->steps);
  free(bare->views);
  free(bare);
}

/* Doing it: the C library, not os/, since counting is what it is compared with
 * -------------------------------------------------------------------------------------------------
 */

typedef struct {
  char *base;
  int fd;
  char **views;
} Ground;

static bool map_view(const Ground *ground, const WxBareStep *step) {
  char *view =
      mmap(NULL, step->size, PROT_READ | PROT_WRITE, MAP_SHARED, ground->fd, (off_t)step->offset);
  if (view == MAP_FAILED)
    return false;
  ground->views[step->view] = view;
  for (size_t at = 0; at < step->size; at += WX_TRACE_PAGE)
    ((volatile char *)view)[at] = 1;
  return true;
}

static bool release(const Ground *ground, const WxBareStep *step) {
  char *start = ground->base + step->start;
  if (mmap(start, step->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, ground->fd,
           (off_t)step->offset) == MAP_FAILED)
    return false;
  memset(start, 0, step->size);
  return munmap(start, step->size) == 0;
}

static bool do_step(const Ground *ground, const WxBareStep *step) {
  char *start = ground->base + step->start;
  switch (step->what) {
  case WX_RESERVE:
    return mmap(start, step->size, PROT_NONE, MAP_SHARED | MAP_FIXED, ground->fd,
                (off_t)step->offset) != MAP_FAILED;
  case WX_COMMIT:
    return mprotect(start, step->size, step->protection) == 0;
  case WX_MAP_RW:
    return map_view(ground, step);
  case WX_UNMAP_RW:
    return munmap(ground->views[step->view], step->size) == 0;
  case WX_RELEASE:
    return release(ground, step);
  case WX_DID_WRITE:
    *(volatile char *)start = 1;
    return true;
  default:
    (void)*(volatile char *)start;
    return true;
  }
}

static int prepare(const WxBare *bare, Ground *ground) {
  ground->views = calloc(bare->view_count + 1, sizeof *ground->views);
  ground->fd = memfd_create("doublemapper", MFD_CLOEXEC);
  ground->base = mmap(NULL, bare->next_start + 1, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (!ground->views)
    return -ENOMEM;
  if (ground->fd < 0 || ground->base == MAP_FAILED ||
      ftruncate(ground->fd, (off_t)wx_strategy_options_default().file_size))
    return -errno;
  return 0;
}

int wx_bare_run(const WxBare *bare, uint64_t *taken_ns) {
  Ground ground;
  int failed = prepare(bare, &ground);
  const uint64_t begun = wx_os_now_ns();
  for (size_t i = 0; i < bare->count && !failed; i++)
    if (!do_step(&ground, &bare->steps[i]))
      failed = -errno;
  *taken_ns = wx_os_now_ns() - begun;
  free(ground.views);
  return failed;
}
