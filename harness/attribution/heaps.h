/**
   @file heaps.h
   The heaps of glibc's malloc other than the main one.

   glibc reserves 64 MiB at a multiple of 64 MiB and makes it writable from the front. At the very
   front stand five words: the arena, the heap before (0 in the first), the size in use, the size
   made writable and, from glibc 2.35 on, the page size. That header is proof. The shape alone is
   not: the garbage collector's ranges can have it, too.
*/
#ifndef WX_ATTRIBUTION_HEAPS_H
#define WX_ATTRIBUTION_HEAPS_H

#include "attribution/process_memory.h"
#include "measure/smaps.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// What speaks for a heap, from weakest to strongest.
typedef enum {
  WX_PROOF_NONE,
  WX_PROOF_PATTERN, ///< A whole writable slot; nothing else.
  WX_PROOF_SHAPE,   ///< Writable from the slot's start, reserved to exactly its end.
  WX_PROOF_FLAGS,   ///< And the kernel's flag `nr` on it.
  WX_PROOF_HEADER,  ///< Its header was read and holds.
} WxHeapProof;

/// "header", "flags", "shape", "pattern", or NULL for none.
const char *wx_heap_proof_name(WxHeapProof proof);

/// What is known about the target's malloc.
typedef struct {
  uint64_t slot_bytes; ///< Reserved for a heap; 0 stands for 64 MiB.
  uint64_t page_bytes; ///< 0 stands for 4 KiB.
  bool other_malloc;   ///< Not glibc's: nothing is a heap of it.
} WxHeapRules;

/// One heap.
typedef struct {
  uint64_t start;
  uint64_t committed_end; ///< What was made writable ends,
  uint64_t reserved_end;  ///< what was reserved ends.
  uint64_t arena;         ///< Its arena's address, from the header; 0 where not known.
  bool first;             ///< The arena itself lies in it.
  WxHeapProof proof;
  size_t mapping; ///< Index of the mapping that its start lies in.
} WxHeap;

/// In address order. Start with {0}, end with wx_heaps_free().
typedef struct {
  WxHeap *items; ///< Without those that are a pattern only.
  size_t count;
  size_t capacity;
  size_t arenas; ///< Where the headers were read; else as many as heaps, at most.
  bool arenas_known;
  bool ring_checked;        ///< The arenas' links were read,
  bool ring_complete;       ///< and lead from each to the next, once round, through the main arena.
  WxHeapProof weakest;      ///< The weakest proof among those in the sums.
  uint64_t committed_bytes; ///< Of all but the pattern's.
  uint64_t reserved_bytes;
  size_t proven;        ///< How many are in the sums.
  size_t pattern_count; ///< Whole writable slots that may be full heaps: in no sum.
  uint64_t pattern_bytes;
  bool cut; ///< There were more slots than can be: not all were looked at.
} WxHeaps;

/// Where the mappings come from, as far as it matters here.
typedef struct {
  const WxMapping *mappings;
  size_t count;
  const WxResidency *residency; ///< NULL where not known.
  const WxMemory *memory;       ///< NULL where it cannot be read.
  bool reserved_left_out;       ///< As in space.h.
} WxHeapSource;

/// Finds the heaps. Returns 0 or -ENOMEM.
int wx_heaps_find(WxHeaps *heaps, const WxHeapSource *source, const WxHeapRules *rules);

/// The index of the first heap that starts at `address` or above it; `count` where there is none.
size_t wx_heaps_from(const WxHeaps *heaps, uint64_t address);

void wx_heaps_free(WxHeaps *heaps);

#endif
