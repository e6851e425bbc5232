/**
   @file versions.h
   What differs between .NET 6 and .NET 11 in how executable memory is laid out: one row a version.

   Each field says where its values come from: the number of a pull request of dotnet/runtime, or
   "measured", which is: read from the system calls of 8.0.31, 9.0.20, 10.0.14 and the first 11.0 on
   x86-64 Linux. .NET 6 and 7 cannot be obtained as packages any more, so what no pull request
   states about them is taken from .NET 8 and marked in versions.c.
*/
#ifndef WX_CLR_VERSIONS_H
#define WX_CLR_VERSIONS_H

#include "strategy/strategy_options.h"

#include <stdbool.h>
#include <stddef.h>

enum {
  WX_CLR_GRANULARITY = 64 * 1024, ///< Every heap reserves in multiples of this; measured.
  WX_CLR_STUB = 24,               ///< Bytes of a precode stub, and of its data; measured.
};

/// The parts of a loader allocator's initial block, in pages and in address order; measured.
typedef struct {
  unsigned low;  ///< Data that is rarely touched (the global allocator only).
  unsigned code; ///< The first JIT code heap (collectible), or the executable heap (global).
  unsigned virtual_calls; ///< Cells and caches of virtual calls (collectible only).
  unsigned high;          ///< Data that is often touched.
  unsigned stub;          ///< Stubs of the stub linker.
} WxClrParts;

/// How much of the loader heaps an event takes, in bytes. Measured by the moments at which pages
/// are committed while assemblies of 4 types x 20 methods of 40, 200 and 1,000 operations are made
/// and called, which tests/unit/clr_sequence_test.c repeats; .NET 6 and 7 are taken to be as 8.
typedef struct {
  unsigned assembly;    ///< A dynamic assembly with its module.
  unsigned type;        ///< A type without methods, once it is used.
  unsigned method;      ///< A method of a type: descriptor, maps.
  unsigned jitted;      ///< A jitted method: header, unwind, GC and debug information.
  bool precode_at_type; ///< A precode for each method with the type; else when it is first used.
} WxClrCosts;

typedef struct WxClrVersion {
  const char *name;    ///< "net8".
  const char *summary; ///< One line for `wxbench list models`.

  bool protects;       ///< W^X is on by default: PR 69672 (.NET 7).
  unsigned view_cache; ///< RW views kept: none, 1 (PR 74526, .NET 7), 3 (PR 83632, .NET 8).
  bool stale_views;    ///< A release leaves cached views behind: until PR 82841 (.NET 8).
  bool move_to_front;  ///< The list of blocks reorders itself: PR 83632 (.NET 8).
  bool clamps_file;    ///< The file is no larger than memory and limits: PR 119316 (.NET 10).
  bool pool;           ///< Any block may come from the pool near the program: PR 69430 (.NET 7).

  size_t stub_page; ///< Page of interleaved stubs: PR 65738 (.NET 7), PR 83632 (.NET 8). 0: none.
  bool data_page_first;  ///< A pair's data page is committed before its code page: measured on 10
                         ///< and 11.
  bool data_page_filled; ///< A pair's data page is written whole at once: the same.

  WxClrParts global;      ///< Initial block of the global allocator.
  WxClrParts collectible; ///< Initial block of a collectible one.
  size_t virtual_calls;   ///< Bytes that the global manager of virtual calls reserves at the start.
  unsigned long_heaps;    ///< An allocator with more heaps than this makes larger ones.
  size_t code_heap;       ///< Bytes of a JIT code heap,
  size_t code_heap_large; ///< and of the larger ones.
  size_t map_rest;        ///< Bytes of a nibble map beyond one for each 64 of code; measured on 10.
  size_t dynamic_heap;    ///< Bytes of a heap for dynamic methods,
  size_t dynamic_heap_large; ///< and of the larger ones.

  WxClrCosts costs;
} WxClrVersion;

/// The `index`-th version, oldest first; NULL at the end.
const WxClrVersion *wx_clr_version_at(size_t index);
const char *wx_clr_version_name(size_t index);

/// The newest version.
const WxClrVersion *wx_clr_version_newest(void);

/// The number in its name: 8 of "net8".
unsigned wx_clr_version_major(const WxClrVersion *version);

/// The version of that name, NULL where there is none.
const WxClrVersion *wx_clr_version_find(const char *name);

/// Sets in `options` what this version has of its own: its cache and quirks and, since .NET 10, the
/// size of the file. Returns 0 or -errno.
int wx_clr_version_options(const WxClrVersion *version, WxStrategyOptions *options);

#endif
