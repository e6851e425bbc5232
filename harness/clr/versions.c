#include "clr/versions.h"

#include "os/os.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KIB ((size_t)1024)
#define MIB (1024 * KIB)

// What every version has in common.
#define HEAPS                                                                                      \
  .long_heaps = 5, .code_heap = 512 * KIB, .code_heap_large = 2 * MIB, .dynamic_heap = 64 * KIB,   \
  .dynamic_heap_large = 256 * KIB

// Measured on 8, 9, 10 and 11, which agree but for how a collectible allocator divides its last
// four pages.
#define BLOCKS(HIGH, STUB)                                                                         \
  .global = {.low = 3, .code = 1, .high = 9, .stub = 3},                                           \
  .collectible = {.code = 10, .virtual_calls = 2, .high = (HIGH), .stub = (STUB)},                 \
  .virtual_calls = 64 * KIB, HEAPS

// Stubs of virtual calls had heaps of their own before PR 83632, so that 3 pages more of the block
// were theirs; not measured. The global manager's block is an estimate.
#define BLOCKS_BEFORE_83632                                                                        \
  .global = {.low = 3, .code = 1, .high = 9, .stub = 3},                                           \
  .collectible = {.code = 7, .virtual_calls = 5, .high = 3, .stub = 1},                            \
  .virtual_calls = 512 * KIB, HEAPS

#define COSTS_8                                                                                    \
  { .assembly = 3650, .type = 350, .method = 27, .jitted = 80, .precode_at_type = true }

#define INTERLEAVED_16K                                                                            \
  .protects = true, .view_cache = 3, .move_to_front = true, .pool = true, .stub_page = 16 * KIB

// Measured on 10 and 11, which agree.
#define SINCE_10                                                                                   \
  INTERLEAVED_16K, .clamps_file = true, .data_page_first = true, .data_page_filled = true,         \
                   .map_rest = 8,                                                                  \
                   .costs = {.assembly = 3000, .type = 300, .method = 40, .jitted = 88}

static const WxClrVersion versions[] = {
    {
        .name = "net6",
        .summary = ".NET 6: stubs in place, no view kept, W^X off by default; not measured",
        BLOCKS_BEFORE_83632,
        .costs = COSTS_8,
    },
    {
        .name = "net7",
        .summary = ".NET 7: stubs interleaved in 4 KiB pages, one view kept; not measured",
        .protects = true,
        .view_cache = 1,
        .stale_views = true,
        .pool = true,
        .stub_page = 4 * KIB,
        BLOCKS_BEFORE_83632,
        .costs = COSTS_8,
    },
    {
        .name = "net8",
        .summary = ".NET 8: stubs interleaved in 16 KiB pages, three views kept",
        INTERLEAVED_16K,
        BLOCKS(3, 1),
        .costs = COSTS_8,
    },
    {
        .name = "net9",
        .summary = ".NET 9: as .NET 8, precodes made when they are first used",
        INTERLEAVED_16K,
        BLOCKS(3, 1),
        .costs = {.assembly = 3120, .type = 300, .method = 40, .jitted = 88},
    },
    {
        .name = "net10",
        .summary = ".NET 10: as .NET 9, whole data pages written at once, file clamped to memory",
        SINCE_10,
        BLOCKS(3, 1),
    },
    {
        .name = "net11",
        .summary = ".NET 11: as .NET 10, a page more for the data of a collectible allocator",
        SINCE_10,
        BLOCKS(4, 0),
    },
};

const WxClrVersion *wx_clr_version_at(size_t index) {
  return index < sizeof versions / sizeof *versions ? &versions[index] : NULL;
}

const char *wx_clr_version_name(size_t index) {
  const WxClrVersion *version = wx_clr_version_at(index);
  return version ? version->name : NULL;
}

const WxClrVersion *wx_clr_version_newest(void) {
  return &versions[sizeof versions / sizeof *versions - 1];
}

unsigned wx_clr_version_major(const WxClrVersion *version) {
  return (unsigned)strtoul(version->name + sizeof "net" - 1, NULL, 10);
}

const WxClrVersion *wx_clr_version_find(const char *name) {
  for (size_t i = 0; i < sizeof versions / sizeof *versions; ++i)
    if (strcmp(versions[i].name, name) == 0)
      return &versions[i];
  return NULL;
}

// PR 119316: the file need not be larger than memory, nor than what the limits allow.
static int clamp_file(uint64_t *size) {
  const long pages = sysconf(_SC_PHYS_PAGES);
  if (pages > 0 && (uint64_t)pages * wx_os_page_size() < *size)
    *size = (uint64_t)pages * wx_os_page_size();
  struct rlimit limit;
  int result = wx_os_getrlimit(RLIMIT_AS, &limit);
  if (!result && limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur / 4 < *size)
    *size = limit.rlim_cur / 4;
  if (!result)
    result = wx_os_getrlimit(RLIMIT_FSIZE, &limit);
  if (!result && limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < *size)
    *size = limit.rlim_cur;
  return result;
}

int wx_clr_version_options(const WxClrVersion *version, WxStrategyOptions *options) {
  options->cache = version->view_cache;
  options->stale_views = version->stale_views;
  options->move_to_front = version->move_to_front;
  options->pool = version->pool;
  return version->clamps_file ? clamp_file(&options->file_size) : 0;
}
