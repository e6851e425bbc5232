// Functions in slots of a few sizes, each size in blocks of its own. A block that is empty goes
// back, unless it is the last of its size with room.
//
// Where the strategy writes a page once, a slot is whole pages and is not used again.
#include "strategy/functions.h"

#include "os/os.h"
#include "strategy/ranked.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const size_t slot_sizes[] = {64,   128,  192,  256,  384,  512,  768,  1024,
                                    1536, 2048, 3072, 4096, 6144, 8192, 16384};

enum { BLOCK = 64 * 1024, KINDS = sizeof slot_sizes / sizeof *slot_sizes, ALONE = KINDS };

/// A block that holds functions of one size.
typedef struct Holder {
  WxRankedNode by_place; ///< First. Key: where the block begins.
  struct Holder *next;   ///< Of those of its kind that have room.
  struct Holder **link;  ///< What points to it there; NULL: it has no room.
  size_t size;           ///< Of the block.
  size_t slot_size;
  unsigned kind; ///< Which of the sizes; ALONE: one function, of any size.
  unsigned slots;
  unsigned live;
  unsigned fresh; ///< Slots so far that were in use once.
  unsigned free;  ///< Of those how many wait to be used again.
  struct {
    uint16_t waiting; ///< Which the n-th of these is.
    bool live;
  } slot[];
} Holder;

typedef struct {
  WxFunctions functions; ///< First: it is cast to its owner.
  WxAllocator *allocator;
  bool once;
  WxRanked holders;
  Holder *with_room[KINDS];
  struct {
    void *view; ///< NULL: there is none.
    char *code;
    size_t size;
  } unended; ///< A view that could not be ended: that comes before everything else.
} Slots;

static char *base_of(const Holder *holder) {
  return (char *)(uintptr_t)holder->by_place.key;
}

static void gain_room(Slots *self, Holder *holder) {
  holder->link = &self->with_room[holder->kind];
  holder->next = *holder->link;
  if (holder->next)
    holder->next->link = &holder->next;
  *holder->link = holder;
}

static void lose_room(Holder *holder) {
  *holder->link = holder->next;
  if (holder->next)
    holder->next->link = holder->link;
  holder->link = NULL;
}

static void set_room(Slots *self, Holder *holder) {
  const bool room = holder->kind != ALONE && (holder->free || holder->fresh < holder->slots);
  if (room && !holder->link)
    gain_room(self, holder);
  if (!room && holder->link)
    lose_room(holder);
}

static int reserve(Slots *self, Holder *holder) {
  void *base;
  int result = wx_allocator_reserve(self->allocator, holder->size, WX_ANYWHERE, &base);
  if (result)
    return result;
  result = wx_allocator_commit(self->allocator, base, holder->size, true);
  if (result)
    (void)wx_allocator_release(self->allocator, base);
  else
    wx_ranked_insert(&self->holders, &holder->by_place, (uintptr_t)base);
  return result;
}

static int add_holder(Slots *self, unsigned kind, size_t slot_size, Holder **added) {
  const size_t page = wx_os_page_size();
  if (self->once)
    slot_size = wx_round_up(slot_size, page);
  const size_t size = kind == ALONE ? wx_round_up(slot_size, page) : BLOCK;
  const unsigned slots = kind == ALONE ? 1 : (unsigned)(size / slot_size);
  Holder *holder = calloc(1, sizeof *holder + slots * sizeof *holder->slot);
  if (!holder)
    return -ENOMEM;
  holder->size = size;
  holder->slot_size = slot_size;
  holder->kind = kind;
  holder->slots = slots;
  const int result = reserve(self, holder);
  if (result) {
    free(holder);
    return result;
  }
  set_room(self, holder);
  *added = holder;
  return 0;
}

static int allocate(WxFunctions *functions, size_t size, void **code) {
  Slots *self = (Slots *)functions;
  unsigned kind = 0;
  while (kind < KINDS && slot_sizes[kind] < size)
    ++kind;
  Holder *holder = kind == ALONE ? NULL : self->with_room[kind];
  const size_t slot_size = kind == ALONE ? size : slot_sizes[kind];
  const int result = holder ? 0 : add_holder(self, kind, slot_size, &holder);
  if (result)
    return result;
  const unsigned slot = holder->free ? holder->slot[--holder->free].waiting : holder->fresh++;
  holder->slot[slot].live = true;
  ++holder->live;
  set_room(self, holder);
  *code = base_of(holder) + slot * holder->slot_size;
  return 0;
}

// The holder of the function at `code`, and its slot; NULL where none begins there.
static Holder *find(const Slots *self, const void *code, unsigned *slot) {
  Holder *holder = (Holder *)wx_ranked_floor(&self->holders, (uintptr_t)code);
  if (!holder)
    return NULL;
  const size_t at = (size_t)((const char *)code - base_of(holder));
  if (at % holder->slot_size || at / holder->slot_size >= holder->slots)
    return NULL;
  *slot = (unsigned)(at / holder->slot_size);
  return holder->slot[*slot].live ? holder : NULL;
}

static int end_view(Slots *self) {
  const int result = wx_allocator_unmap_rw(self->allocator, self->unended.view);
  if (result == 0)
    self->unended.view = NULL;
  return result;
}

// Ends a view that could not be ended.
static int settle(Slots *self) {
  if (!self->unended.view)
    return 0;
  const int result = end_view(self);
  if (result == 0)
    __builtin___clear_cache(self->unended.code, self->unended.code + self->unended.size);
  return result;
}

// Begins to write `code`, or goes on with it where that could not be ended.
static int begin_view(Slots *self, char *code, size_t size) {
  if (self->unended.view && self->unended.code == code && self->unended.size >= size)
    return 0;
  const int result = settle(self);
  if (result)
    return result;
  self->unended.code = code;
  self->unended.size = size;
  return wx_allocator_map_rw(self->allocator, code, size, true, &self->unended.view);
}

static int write_bytes(WxFunctions *functions, void *code, const void *bytes, size_t size) {
  Slots *self = (Slots *)functions;
  unsigned slot;
  const Holder *holder = find(self, code, &slot);
  if (!holder || size > holder->slot_size)
    return -EINVAL;
  if (wx_allocator_writes(self->allocator))
    return wx_allocator_write(self->allocator, code, bytes, size);
  const int result = begin_view(self, code, size);
  if (result)
    return result;
  memcpy(self->unended.view, bytes, size);
  return end_view(self);
}

static int drop_holder(Slots *self, Holder *holder) {
  const int result = wx_allocator_release(self->allocator, base_of(holder));
  if (result)
    return result;
  if (holder->link)
    lose_room(holder);
  wx_ranked_remove(&self->holders, &holder->by_place);
  free(holder);
  return 0;
}

// Whether the block goes back with its last function.
static bool is_last(const Slots *self, const Holder *holder) {
  if (holder->live > 1)
    return false;
  if (holder->kind == ALONE || (self->once && holder->fresh == holder->slots))
    return true;
  const Holder *other = self->with_room[holder->kind];
  return !self->once && other && (other != holder || holder->next);
}

static int release(WxFunctions *functions, void *code) {
  Slots *self = (Slots *)functions;
  unsigned slot;
  const int result = settle(self);
  if (result)
    return result;
  Holder *holder = find(self, code, &slot);
  if (!holder)
    return -EINVAL;
  if (is_last(self, holder))
    return drop_holder(self, holder);
  --holder->live;
  holder->slot[slot].live = false;
  if (!self->once)
    holder->slot[holder->free++].waiting = (uint16_t)slot;
  set_room(self, holder);
  return 0;
}

static int close_slots(WxFunctions *functions) {
  Slots *self = (Slots *)functions;
  const int settled = settle(self);
  if (settled)
    return settled;
  for (WxRankedNode *first; (first = wx_ranked_ceiling(&self->holders, 0));) {
    const int result = drop_holder(self, (Holder *)first);
    if (result)
      return result;
  }
  free(self);
  return 0;
}

static const WxFunctionVerbs verbs = {allocate, write_bytes, release, close_slots};

int wx_functions_open(WxAllocator *allocator, WxFunctions **opened) {
  if (allocator->strategy->functions)
    return allocator->strategy->functions(allocator, opened);
  Slots *self = calloc(1, sizeof *self);
  if (!self)
    return -ENOMEM;
  self->functions.verbs = &verbs;
  self->allocator = allocator;
  self->once = !(allocator->strategy->capabilities & WX_CAN_PATCH);
  *opened = &self->functions;
  return 0;
}

int wx_functions_allocate(WxFunctions *functions, size_t size, void **code) {
  return size ? functions->verbs->allocate(functions, size, code) : -EINVAL;
}

int wx_functions_write(WxFunctions *functions, void *code, const void *bytes, size_t size) {
  const int result = functions->verbs->write(functions, code, bytes, size);
  if (result == 0)
    __builtin___clear_cache((char *)code, (char *)code + size);
  return result;
}

int wx_functions_release(WxFunctions *functions, void *code) {
  return functions->verbs->release(functions, code);
}

int wx_functions_close(WxFunctions *functions) {
  return functions->verbs->close(functions);
}
