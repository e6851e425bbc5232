/**
   @file strategy_options.h
   What can be set of a strategy, with the runtime's own values as defaults.
*/
#ifndef WX_STRATEGY_STRATEGY_OPTIONS_H
#define WX_STRATEGY_STRATEGY_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// What the double-mapped file is.
typedef enum {
  WX_BACKING_MEMFD, ///< memfd_create(), as on Linux since 3.17.
  WX_BACKING_SHM, ///< A POSIX shared-memory object, unlinked at once, as on systems without memfd.
} WxBacking;

/// What `mprotect` makes writable to write some bytes.
typedef enum {
  WX_GRANULARITY_PAGE,  ///< The pages that they lie in.
  WX_GRANULARITY_BLOCK, ///< All code of their block.
} WxGranularity;

typedef struct {
  unsigned cache;     ///< RW views kept for reuse, 0..16; 3 since .NET 8 (dotnet/runtime PR 83632).
  bool stale_views;   ///< A release forgets to drop cached views: .NET 7 before PR 82841.
  bool move_to_front; ///< A found block moves to the head of the list: since .NET 8 (PR 83632).
  bool walks; ///< Charge the runtime's linear list walks in time; they are counted either way.
  bool pool;  ///< Addresses come from the pool near the program (64-bit); else from the kernel.
  uint64_t pool_size; ///< Bytes of the pool; 0x7EFF0000 as measured on .NET 8 to 11.
  unsigned pool_skip; ///< Pages skipped at its start; the runtime takes a random 0..64.
  uint64_t file_size; ///< Bytes of the file; 2 TiB on 64-bit, clamped since PR 119316 (.NET 10).
  WxBacking backing;
  WxGranularity granularity;
  uint64_t slack; ///< Bytes of released blocks whose pages are kept by `lean` and
                  ///< `coreclr+bucket`; 1 MiB.
} WxStrategyOptions;

/// The options of .NET 8 and later on 64-bit Linux.
WxStrategyOptions wx_strategy_options_default(void);

#endif
