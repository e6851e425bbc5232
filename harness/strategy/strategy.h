/**
   @file strategy.h
   One way of obtaining, writing and giving back executable memory, behind one struct of function
   pointers.

   The verbs are the .NET runtime's own: reserve address space, commit pages of it, map RW (get a
   writable view of committed pages), unmap RW, release the whole block. Callers use the
   wx_allocator_*() functions, which count the system calls of each verb; a strategy fills a
   WxStrategy and derives its state from WxAllocator.

   Errors: negative errno. Each verb is all or nothing, or can be tried again: a failed release
   leaves the block live, a failed close leaves the allocator open, and only what is left is done at
   the next try. Thread-safety: all verbs but open and close may be called from several threads at
   once.
*/
#ifndef WX_STRATEGY_STRATEGY_H
#define WX_STRATEGY_STRATEGY_H

#include "os/count.h"
#include "strategy/strategy_options.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct WxAllocator WxAllocator;
typedef struct WxFunctions WxFunctions;

/// Room for the name of a strategy; that of a plug-in (plugin.h) is a path.
enum { WX_STRATEGY_NAME = 1024 };

/// The verbs of the runtime, for counting.
typedef enum {
  WX_RESERVE,
  WX_COMMIT,
  WX_MAP_RW,
  WX_UNMAP_RW,
  WX_RELEASE,
  WX_OPERATIONS,
} WxOperation;

/// The name of a verb as in JSON: "reserve", "commit", "map_rw", "unmap_rw", "release".
const char *wx_operation_name(WxOperation operation);

/// What the verbs cost so far.
typedef struct {
  uint64_t calls[WX_OPERATIONS];    ///< How often the verb succeeded.
  uint64_t syscalls[WX_OPERATIONS]; ///< System calls made by the verb, failed attempts included.
  uint64_t walked[WX_OPERATIONS];   ///< List nodes the imitated runtime passes (options.h: walks).
} WxCost;

/// Addresses that a block must lie in: [low, high). {0, UINTPTR_MAX} is anywhere.
typedef struct {
  uintptr_t low;
  uintptr_t high;
} WxRange;

#define WX_ANYWHERE ((WxRange){0, UINTPTR_MAX})

/// What a strategy can do or is.
enum {
  WX_CAN_REUSE_FILE = 1 << 0,  ///< Backed by a file that outlives blocks: memory can be retained.
  WX_CAN_ENFORCE_WX = 1 << 1,  ///< No page is ever writable and executable in the same mapping.
  WX_CAN_PATCH = 1 << 2,       ///< Committed code can be rewritten.
  WX_IS_RUNTIME_PATH = 1 << 3, ///< Imitates a path of the runtime.
  WX_IS_REFUTED =
      1 << 4, ///< A guess that is wrong; only run where a scenario or the user names it.
  WX_CLOSES_FILES = 1 << 5,   ///< Closes files that it goes on mapping.
  WX_IS_ALTERNATIVE = 1 << 6, ///< Not what the runtime does: only run where it is named.
  WX_KEEPS_SLACK = 1 << 7,    ///< Keeps pages of what was released, up to WxStrategyOptions.slack.
  WX_KEEPS_PAGES = 1 << 8,    ///< Keeps all pages of what was released, filled with zeros.
  WX_KEEPS_BOUNDED = 1 << 14, ///< The same, up to WxStrategyOptions.slack.
  WX_CLEARS_LATE = 1 << 15, ///< Committed code memory may read as what a released block left there,
                            ///< until its block is first written; views show zeros.
  WX_FITS_BEST = 1 << 9,    ///< Double mapping: released blocks are split and merge in the file.
  WX_FILLS_DOWN = 1 << 10,  ///< Double mapping: outside of the pool offsets fall.
  WX_IS_PLUGIN = 1 << 11,   ///< Not of this program: its system calls are not counted.
  WX_HAS_NO_BLOCKS = 1 << 12,  ///< Functions only (functions.h).
  WX_FOR_ONE_THREAD = 1 << 13, ///< Not to be called by several threads at once.
  WX_ONLY_WHERE_NAMED = WX_IS_REFUTED | WX_IS_ALTERNATIVE,
};

/// A strategy: one row of the registry.
typedef struct WxStrategy {
  const char *name;
  const char *summary; ///< One line for `wxbench list`.
  unsigned capabilities;
  /// Why it cannot be had on this machine, a phrase, NULL where it can; NULL: it always can.
  const char *(*lacks)(void);
  int (*open)(const struct WxStrategy *strategy, const WxStrategyOptions *options,
              WxAllocator **opened);
  int (*reserve)(WxAllocator *self, size_t size, WxRange within, void **base);
  int (*commit)(WxAllocator *self, void *start, size_t size, bool executable);
  int (*map_rw)(WxAllocator *self, void *start, size_t size, bool cacheable, void **view);
  int (*unmap_rw)(WxAllocator *self, void *view);
  int (*release)(WxAllocator *self, void *base);
  bool (*owns)(WxAllocator *self, uintptr_t address);
  int (*close)(WxAllocator *self);
  /// NULL: by a view.
  int (*write)(WxAllocator *self, void *start, const void *bytes, size_t size);
  /// Opens its own way with functions (functions.h); NULL: slots in blocks.
  int (*functions)(WxAllocator *self, WxFunctions **opened);
} WxStrategy;

/// Told how long a verb that succeeded took; by several threads at once where they call verbs so.
typedef void WxVerbTimed(void *context, WxOperation operation, uint64_t ns);

/// What the verbs cost some of the threads (wx_os_shard()).
typedef struct {
  _Atomic uint64_t calls[WX_OPERATIONS];
  _Atomic uint64_t syscalls[WX_OPERATIONS];
  _Atomic uint64_t walked[WX_OPERATIONS];
  char apart[WX_OS_CACHE_LINE]; ///< What other threads count lies in other lines.
} WxCostShard;

/// The part of an open strategy that all share; a strategy's own state begins with it.
struct WxAllocator {
  const WxStrategy *strategy; ///< What runs: after a fall-back not the strategy that was asked for.
  WxCostShard cost[WX_OS_SHARDS];
  WxVerbTimed *timed; ///< NULL: the clock is not read.
  void *timed_context;
  _Atomic(const char *) broken; ///< What it did that no allocator may, a constant phrase; or NULL.
};

/// Why `strategy` cannot be had on this machine, a phrase; NULL where it can.
const char *wx_strategy_lacks(const WxStrategy *strategy);

/// Opens `strategy`. On success the caller ends with wx_allocator_close(). A double-mapping
/// strategy whose file cannot be made opens as `coreclr-off`, as the runtime does since .NET 7
/// (dotnet/runtime 70758): see WxAllocator.strategy.
int wx_allocator_open(const WxStrategy *strategy, const WxStrategyOptions *options,
                      WxAllocator **opened);

/// Reserves `size` bytes (a multiple of the page size, > 0) of address space inside `within`.
/// -ENOMEM where there is none.
int wx_allocator_reserve(WxAllocator *allocator, size_t size, WxRange within, void **base);

/// Makes whole pages of one block usable: readable and executable, or readable and writable. They
/// read as zero, but for WX_CLEARS_LATE.
int wx_allocator_commit(WxAllocator *allocator, void *start, size_t size, bool executable);

/// Gets a writable view of committed [start, start + size) within one block: `*view` is where to
/// write byte `start`. It stays valid until wx_allocator_unmap_rw(). `cacheable` permits the
/// strategy to keep the view for later.
int wx_allocator_map_rw(WxAllocator *allocator, void *start, size_t size, bool cacheable,
                        void **view);

/// Ends the use of a view; what was written is visible through the executable view afterwards.
int wx_allocator_unmap_rw(WxAllocator *allocator, void *view);

/// Whether it has wx_allocator_write().
bool wx_allocator_writes(const WxAllocator *allocator);

/// Writes `size` bytes at `start` of committed memory of one block, for who has them at hand; they
/// are visible through the executable view afterwards. Booked as WX_UNMAP_RW, without a WX_MAP_RW.
/// After a failure it is not known what is there until it is written again.
int wx_allocator_write(WxAllocator *allocator, void *start, const void *bytes, size_t size);

/// Gives the whole block at `base` back. No view of it may be in use.
int wx_allocator_release(WxAllocator *allocator, void *base);

/// Whether the mapping that starts at `address` belongs to this allocator.
bool wx_allocator_owns(WxAllocator *allocator, uintptr_t address);

/// Releases what is left and closes. On failure the allocator stays open and the call can be
/// repeated.
int wx_allocator_close(WxAllocator *allocator);

/// Has every verb timed from now on; before any thread uses it.
void wx_allocator_time(WxAllocator *allocator, WxVerbTimed *timed, void *context);

/// `error` of a verb, or of code that was run (-EILSEQ), in words; `allocator` may be NULL.
const char *wx_allocator_error(const WxAllocator *allocator, int error);

/// Books list nodes that a verb passed.
void wx_allocator_walked(WxAllocator *allocator, WxOperation operation, uint64_t nodes);

/// What the verbs cost so far.
WxCost wx_allocator_cost(const WxAllocator *allocator);

/// The registry: the `index`-th strategy in the order in which they are listed and run, NULL at its
/// end.
const WxStrategy *wx_strategy_at(size_t index);
const char *wx_strategy_name(size_t index);

/// The strategy of that name, NULL where there is none.
const WxStrategy *wx_strategy_find(const char *name);

#endif
