/**
   @file allocator.h
   Which malloc a process uses, and what its own environment sets for it: before heaps are called
   glibc's.
*/
#ifndef WX_ATTRIBUTION_ALLOCATOR_H
#define WX_ATTRIBUTION_ALLOCATOR_H

#include "attribution/heaps.h"
#include "measure/wx_switch.h"
#include "os/text.h"

#include <stdbool.h>
#include <sys/types.h>

enum { WX_SETTING_TEXT = 64 };

/// What is known.
typedef struct {
  const char *name; ///< "glibc", "musl", "jemalloc", "mimalloc", "tcmalloc", or NULL.
  bool environment_known;
  bool preloaded;                  ///< LD_PRELOAD is set: a malloc may come from there.
  char tunables[WX_SETTING_TEXT];  ///< glibc.malloc.* of GLIBC_TUNABLES, as far as it fits.
  char arena_max[WX_SETTING_TEXT]; ///< MALLOC_ARENA_MAX, "" where it is not set.
  char top_pad[WX_SETTING_TEXT];   ///< MALLOC_TOP_PAD_.
  WxSwitch write_xor_execute;      ///< Of the runtime, beside malloc's own.
  WxHeapRules rules;               ///< What follows for its heaps.
} WxAllocator;

/// Recognises the malloc by the libraries that are mapped.
WxAllocator wx_allocator_find(const WxMapping *mappings, size_t count);

/// Takes the settings out of the text of an environ file (NUL between variables).
void wx_allocator_take_environment(WxAllocator *allocator, const char *environment, size_t length);

/// Reads the environment that `pid` was started with. -EACCES where that is not allowed.
int wx_allocator_read_environment(WxAllocator *allocator, pid_t pid, WxText *text);

#endif
