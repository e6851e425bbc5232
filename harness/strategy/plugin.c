#include "strategy/plugin.h"

#include "os/library.h"
#include "os/os.h"
#include "strategy/blocks.h"
#include "strategy/functions.h"
#include "strategy/wxbench_plugin.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char prefix[] = "plugin:";

enum { PREFIX = sizeof prefix - 1, ALIGNMENT = 16 };

typedef struct {
  WxAllocator allocator; ///< First: it is cast to its owner.
  const struct wxbench_plugin *plugin;
  void *self; ///< The plug-in's.
  pthread_mutex_t lock;
  WxBlocks blocks; ///< That live.
} Guest;

typedef struct {
  WxFunctions functions; ///< First: it is cast to its owner.
  Guest *guest;
  WxBlocks live; ///< A function is a block here.
} GuestFunctions;

static int break_rule(Guest *self, const char *rule) {
  atomic_store(&self->allocator.broken, rule);
  return -EPROTO;
}

// What a call returned, where that is neither 0 nor a negative errno.
static int returned(Guest *self, int result) {
  return result > 0 || result < -4095
             ? break_rule(self, "it returned neither 0 nor a negative errno")
             : result;
}

/* What lives
 * -------------------------------------------------------------------------------------------------
 */

static int admit(Guest *self, WxBlocks *blocks, WxBlock *block, uintptr_t base) {
  const WxBlock *below =
      (const WxBlock *)wx_ranked_floor(&blocks->by_place, (uint64_t)base + block->size - 1);
  if (base + block->size < base)
    return break_rule(self, "it returned an address at the end of all addresses");
  if (below && wx_block_base(below) + below->size > base)
    return break_rule(self, "it returned memory that overlaps what is in use");
  wx_blocks_insert(blocks, block, base);
  return 0;
}

static int guest_reserve(WxAllocator *allocator, size_t size, WxRange within, void **base) {
  Guest *self = (Guest *)allocator;
  if (!self->plugin->reserve)
    return break_rule(self, "it has no blocks, only functions");
  WxBlock *block = calloc(1, sizeof *block);
  if (!block)
    return -ENOMEM;
  block->size = size;
  *base = NULL;
  int result =
      returned(self, self->plugin->reserve(self->self, size, within.low, within.high, base));
  const uintptr_t start = (uintptr_t)*base;
  if (result == 0 && (!start || start % wx_os_page_size()))
    result = break_rule(self, "reserve returned what is no multiple of the page size");
  else if (result == 0 && (start < within.low || start > within.high || within.high - start < size))
    result = break_rule(self, "reserve returned a block outside of the range");
  pthread_mutex_lock(&self->lock);
  if (result == 0)
    result = admit(self, &self->blocks, block, start);
  pthread_mutex_unlock(&self->lock);
  if (result)
    free(block);
  return result;
}

static bool lives(Guest *self, const void *start, size_t size) {
  pthread_mutex_lock(&self->lock);
  const bool found = wx_blocks_containing(&self->blocks, (uintptr_t)start, size) != NULL;
  pthread_mutex_unlock(&self->lock);
  return found;
}

static int guest_commit(WxAllocator *allocator, void *start, size_t size, bool executable) {
  Guest *self = (Guest *)allocator;
  if (!lives(self, start, size))
    return -EINVAL;
  return returned(self, self->plugin->commit(self->self, start, size, executable));
}

static int guest_map_rw(WxAllocator *allocator, void *start, size_t size, bool cacheable,
                        void **view) {
  (void)cacheable;
  Guest *self = (Guest *)allocator;
  if (!lives(self, start, size))
    return -EINVAL;
  *view = NULL;
  const int result = returned(self, self->plugin->map_rw(self->self, start, size, view));
  return result == 0 && !*view ? break_rule(self, "map_rw returned no view") : result;
}

static int guest_unmap_rw(WxAllocator *allocator, void *view) {
  Guest *self = (Guest *)allocator;
  return returned(self, self->plugin->unmap_rw(self->self, view));
}

// Before the plug-in is called, another thread must be able to get the same memory.
static WxBlock *dismiss(Guest *self, WxBlocks *blocks, const void *base) {
  pthread_mutex_lock(&self->lock);
  WxBlock *block = wx_blocks_at(blocks, (uintptr_t)base);
  if (block)
    wx_blocks_remove(blocks, block);
  pthread_mutex_unlock(&self->lock);
  return block;
}

static int give_back(Guest *self, WxBlocks *blocks, void *base, int (*call)(void *, void *)) {
  WxBlock *block = dismiss(self, blocks, base);
  if (!block)
    return -EINVAL;
  const int result = returned(self, call(self->self, base));
  if (result == 0) {
    free(block);
    return 0;
  }
  pthread_mutex_lock(&self->lock);
  wx_blocks_insert(blocks, block, (uintptr_t)base);
  pthread_mutex_unlock(&self->lock);
  return result;
}

static int guest_release(WxAllocator *allocator, void *base) {
  Guest *self = (Guest *)allocator;
  return give_back(self, &self->blocks, base, self->plugin->release);
}

static bool guest_owns(WxAllocator *allocator, uintptr_t address) {
  Guest *self = (Guest *)allocator;
  return (self->plugin->owns && self->plugin->owns(self->self, (const void *)address)) ||
         lives(self, (const void *)address, 1);
}

static void forget(WxBlocks *blocks) {
  for (WxBlock *block; (block = wx_blocks_any(blocks));) {
    wx_blocks_remove(blocks, block);
    free(block);
  }
}

static int guest_close(WxAllocator *allocator) {
  Guest *self = (Guest *)allocator;
  const int result = returned(self, self->plugin->close(self->self));
  if (result)
    return result;
  forget(&self->blocks);
  pthread_mutex_destroy(&self->lock);
  free(self);
  return 0;
}

static int guest_open(const WxStrategy *strategy, const WxStrategyOptions *options,
                      WxAllocator **opened) {
  (void)options;
  WxPlugin *plugin = (WxPlugin *)(uintptr_t)strategy;
  int result = wx_plugin_load(plugin);
  if (result)
    return result;
  Guest *self = calloc(1, sizeof *self);
  if (!self)
    return -ENOMEM;
  self->allocator.strategy = strategy;
  self->plugin = plugin->loaded;
  result = self->plugin->open(&self->self);
  if (result) {
    free(self);
    return result > 0 ? -EPROTO : result;
  }
  pthread_mutex_init(&self->lock, NULL);
  *opened = &self->allocator;
  return 0;
}

/* Functions
 * -------------------------------------------------------------------------------------------------
 */

static int guest_allocate(WxFunctions *functions, size_t size, void **code) {
  GuestFunctions *own = (GuestFunctions *)functions;
  Guest *self = own->guest;
  WxBlock *block = calloc(1, sizeof *block);
  if (!block)
    return -ENOMEM;
  block->size = size;
  *code = NULL;
  int result = returned(self, self->plugin->allocate(self->self, size, code));
  if (result == 0 && (!*code || (uintptr_t)*code % ALIGNMENT))
    result = break_rule(self, "allocate returned what is no multiple of 16");
  if (result == 0)
    result = admit(self, &own->live, block, (uintptr_t)*code);
  if (result)
    free(block);
  return result;
}

static int guest_write(WxFunctions *functions, void *code, const void *bytes, size_t size) {
  GuestFunctions *own = (GuestFunctions *)functions;
  Guest *self = own->guest;
  const WxBlock *block = wx_blocks_at(&own->live, (uintptr_t)code);
  if (!block || size > block->size)
    return -EINVAL;
  return returned(self, self->plugin->write(self->self, code, bytes, size));
}

static int guest_deallocate(WxFunctions *functions, void *code) {
  GuestFunctions *own = (GuestFunctions *)functions;
  return give_back(own->guest, &own->live, code, own->guest->plugin->deallocate);
}

static int guest_close_functions(WxFunctions *functions) {
  GuestFunctions *own = (GuestFunctions *)functions;
  for (WxBlock *block; (block = wx_blocks_any(&own->live));) {
    const int result = guest_deallocate(functions, (void *)wx_block_base(block));
    if (result)
      return result;
  }
  free(own);
  return 0;
}

static int guest_functions(WxAllocator *allocator, WxFunctions **opened) {
  static const WxFunctionVerbs verbs = {guest_allocate, guest_write, guest_deallocate,
                                        guest_close_functions};
  GuestFunctions *own = calloc(1, sizeof *own);
  if (!own)
    return -ENOMEM;
  own->functions.verbs = &verbs;
  own->guest = (Guest *)allocator;
  *opened = &own->functions;
  return 0;
}

/* The library
 * -------------------------------------------------------------------------------------------------
 */

bool wx_plugin_is_named(const char *name) {
  return strncmp(name, prefix, PREFIX) == 0;
}

static const WxStrategy as_strategy = {
    .capabilities = WX_IS_PLUGIN | WX_IS_ALTERNATIVE | WX_CAN_PATCH,
    .open = guest_open,
    .reserve = guest_reserve,
    .commit = guest_commit,
    .map_rw = guest_map_rw,
    .unmap_rw = guest_unmap_rw,
    .release = guest_release,
    .owns = guest_owns,
    .close = guest_close,
};

const WxStrategy *wx_strategy_named(const char *name, WxPlugin *plugin) {
  if (!wx_plugin_is_named(name))
    return wx_strategy_find(name);
  if (strlen(name) >= sizeof plugin->name)
    return NULL;
  *plugin = (WxPlugin){.strategy = as_strategy};
  snprintf(plugin->name, sizeof plugin->name, "%s", name);
  plugin->strategy.name = plugin->name;
  plugin->strategy.summary = plugin->summary;
  return &plugin->strategy;
}

static int refuse(WxPlugin *plugin, int error, const char *problem) {
  snprintf(plugin->problem, sizeof plugin->problem, "%s", problem);
  return error;
}

// A group is there as a whole, or not at all.
static bool in_part(int there, int all) {
  return there && there != all;
}

static int check(WxPlugin *plugin, const struct wxbench_plugin *found) {
  char text[WX_PLUGIN_PROBLEM];
  if (found->version < 1 || found->version > WXBENCH_PLUGIN_VERSION) {
    snprintf(text, sizeof text, "is of version %u; expected 1 to %d", found->version,
             WXBENCH_PLUGIN_VERSION);
    return refuse(plugin, -EPROTONOSUPPORT, text);
  }
  const int blocks =
      !!found->reserve + !!found->commit + !!found->map_rw + !!found->unmap_rw + !!found->release;
  const int functions = !!found->allocate + !!found->write + !!found->deallocate;
  if (!found->open || !found->close || in_part(blocks, 5) || in_part(functions, 3) ||
      blocks + functions == 0)
    return refuse(plugin, -EINVAL,
                  "lacks a call; expected open, close, and all of blocks or of functions");
  WxStrategy *strategy = &plugin->strategy;
  if (found->flags & WXBENCH_WRITES_ONCE)
    strategy->capabilities &= ~(unsigned)WX_CAN_PATCH;
  if (found->flags & WXBENCH_ONE_THREAD)
    strategy->capabilities |= WX_FOR_ONE_THREAD;
  if (!blocks)
    strategy->capabilities |= WX_HAS_NO_BLOCKS;
  if (functions)
    strategy->functions = guest_functions;
  snprintf(plugin->summary, sizeof plugin->summary, "%s", found->summary ? found->summary : "");
  plugin->loaded = found;
  return 0;
}

int wx_plugin_load(WxPlugin *plugin) {
  if (plugin->loaded)
    return 0;
  char path[WX_STRATEGY_NAME + 2];
  const char *given = plugin->name + PREFIX;
  // Without a slash it would be looked for where libraries are.
  snprintf(path, sizeof path, "%s%s", strchr(given, '/') ? "" : "./", given);
  void *library;
  const char *why;
  const int result = wx_library_load(path, &library, &why);
  if (result)
    return refuse(plugin, result,
                  result == -ENOEXEC || result == -ENOSYS ? why : strerror(-result));
  const struct wxbench_plugin *found = wx_library_find(library, "wxbench_plugin");
  return found ? check(plugin, found)
               : refuse(plugin, -ENOEXEC, "exports no object `wxbench_plugin`");
}
