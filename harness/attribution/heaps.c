#include "attribution/heaps.h"

#include "attribution/explain.h"
#include "os/grow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// All that fit into the address space of a process, 47 bits. A damaged file may claim more.
enum { SLOTS_MAX = 1 << 21 };
enum { DEFAULT_PAGE = 4096, NEXT_ARENA = 2160 }; // malloc_state.next, 64 bits, from glibc 2.27 on.

// What glibc writes at the start of a heap.
typedef struct {
  uint64_t arena;
  uint64_t previous;
  uint64_t size;
  uint64_t committed;
} Header;

typedef struct {
  const WxHeapSource *source;
  WxHeaps *heaps;
  uint64_t slot;
  uint64_t page;
  size_t slots;   // Looked at so far.
  bool has_flags; // Some mapping has `nr`, so its absence says something.
} Finder;

const char *wx_heap_proof_name(WxHeapProof proof) {
  static const char *const names[] = {
      [WX_PROOF_NONE] = NULL,     [WX_PROOF_PATTERN] = "pattern", [WX_PROOF_SHAPE] = "shape",
      [WX_PROOF_FLAGS] = "flags", [WX_PROOF_HEADER] = "header",
  };
  return names[proof];
}

static bool is_candidate_memory(const WxMapping *mapping) {
  return !mapping->shared &&
         (!*mapping->path || !strncmp(mapping->path, "[anon: glibc: malloc", 20));
}

// Whether the slot's rest, from the end of mapping `index` to `end`, is reserved; `exact` where
// that reservation ends there.
static bool has_tail(const Finder *finder, size_t index, uint64_t end, bool *exact) {
  const WxHeapSource *source = finder->source;
  const uint64_t from = source->mappings[index].end;
  const WxMapping *next = index + 1 < source->count ? &source->mappings[index + 1] : NULL;
  if (source->reserved_left_out) {
    *exact = true;
    return !next || next->start >= end;
  }
  if (!next || next->start != from || next->end < end || !is_candidate_memory(next) ||
      next->protection)
    return false;
  *exact = next->end == end;
  return true;
}

static bool header_holds(const Finder *finder, const WxHeap *heap, const Header *header) {
  const uint64_t mask = finder->slot - 1, observed = heap->committed_end - heap->start;
  const uint64_t into = header->arena - heap->start;
  if ((header->previous & mask) || (header->size | header->committed) & (finder->page - 1))
    return false;
  if (!header->size || header->size > header->committed || header->committed > finder->slot ||
      header->committed < observed)
    return false;
  if (header->arena & 15 || !header->arena)
    return false;
  // The first heap of an arena holds it right behind the header.
  return header->previous ? (header->arena & ~mask) != heap->start : into >= 32 && into <= 64;
}

// What can be said for a heap whose writable part is as observed.
static WxHeapProof weigh(const Finder *finder, WxHeap *heap, bool exact) {
  const WxHeapSource *source = finder->source;
  const WxResidency *residency = source->residency ? &source->residency[heap->mapping] : NULL;
  const bool full = heap->committed_end == heap->reserved_end;
  if (residency && finder->has_flags && !residency->no_reserve)
    return WX_PROOF_NONE;
  if (residency && !residency->rss && !residency->swap)
    return WX_PROOF_NONE; // Its header was never written.
  Header header;
  if (wx_memory_get(source->memory, heap->start, &header, sizeof header)) {
    heap->arena = header.arena;
    heap->first = !header.previous;
    return header_holds(finder, heap, &header) ? WX_PROOF_HEADER : WX_PROOF_NONE;
  }
  // Its tail may be joined with the reserved memory behind it, which then has the flag, too.
  if (residency && residency->no_reserve)
    return WX_PROOF_FLAGS;
  return full ? WX_PROOF_PATTERN : exact ? WX_PROOF_SHAPE : WX_PROOF_NONE;
}

static int add_heap(Finder *finder, const WxHeap *heap) {
  WxHeaps *heaps = finder->heaps;
  WxHeap *items = wx_grown(heaps->items, &heaps->capacity, heaps->count, sizeof *items);
  if (!items)
    return -ENOMEM;
  heaps->items = items;
  heaps->items[heaps->count++] = *heap;
  return 0;
}

// Looks at each slot that starts inside mapping `index`: neighbours of equal protection are merged.
static int search_mapping(Finder *finder, size_t index) {
  const WxMapping *mapping = &finder->source->mappings[index];
  const uint64_t slot = finder->slot;
  uint64_t start = (mapping->start + slot - 1) & ~(slot - 1);
  for (; start < mapping->end && start >= mapping->start; start += slot) {
    if (++finder->slots > SLOTS_MAX) {
      finder->heaps->cut = true;
      return 0;
    }
    const uint64_t end = start + slot;
    const bool full = end != 0 && mapping->end >= end;
    WxHeap heap = {.start = start,
                   .committed_end = full ? end : mapping->end,
                   .reserved_end = end,
                   .mapping = index};
    bool exact = true;
    if (!full && !has_tail(finder, index, end, &exact))
      continue;
    heap.proof = weigh(finder, &heap, exact);
    if (heap.proof == WX_PROOF_PATTERN) {
      ++finder->heaps->pattern_count;
      finder->heaps->pattern_bytes += slot;
    } else if (heap.proof != WX_PROOF_NONE && add_heap(finder, &heap)) {
      return -ENOMEM;
    }
  }
  return 0;
}

size_t wx_heaps_from(const WxHeaps *heaps, uint64_t address) {
  size_t low = 0, high = heaps->count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (heaps->items[middle].start < address)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static const WxHeap *heap_at(const WxHeaps *heaps, uint64_t start) {
  const size_t at = wx_heaps_from(heaps, start);
  return at < heaps->count && heaps->items[at].start == start ? &heaps->items[at] : NULL;
}

// A later heap of an arena is one only if the first one is.
static void drop_orphans(Finder *finder) {
  WxHeaps *heaps = finder->heaps;
  for (size_t i = 0; i < heaps->count; ++i) {
    WxHeap *heap = &heaps->items[i];
    const WxHeap *home = heap_at(heaps, heap->arena & ~(finder->slot - 1));
    if (heap->proof == WX_PROOF_HEADER && !heap->first &&
        !(home && home->first && home->arena == heap->arena))
      heap->proof = WX_PROOF_NONE;
  }
  size_t kept = 0;
  for (size_t i = 0; i < heaps->count; ++i)
    if (heaps->items[i].proof != WX_PROOF_NONE)
      heaps->items[kept++] = heaps->items[i];
  heaps->count = kept;
}

static void sum_up(Finder *finder) {
  WxHeaps *heaps = finder->heaps;
  heaps->arenas_known = true;
  for (size_t i = 0; i < heaps->count; ++i) {
    const WxHeap *heap = &heaps->items[i];
    ++heaps->proven;
    heaps->arenas += heap->proof != WX_PROOF_HEADER || heap->first;
    heaps->arenas_known &= heap->proof == WX_PROOF_HEADER;
    heaps->committed_bytes += heap->committed_end - heap->start;
    heaps->reserved_bytes += heap->reserved_end - heap->committed_end;
    if (heaps->weakest == WX_PROOF_NONE || heap->proof < heaps->weakest)
      heaps->weakest = heap->proof;
  }
}

// Each arena is linked to another one, all but one: that one is linked to the main arena, which is
// none of these, and the main arena to the one that nobody else is linked to.
static void check_ring(Finder *finder) {
  WxHeaps *heaps = finder->heaps;
  size_t to_others = 0, outside = 0, read = 0;
  for (size_t i = 0; i < heaps->count; ++i) {
    const WxHeap *heap = &heaps->items[i];
    uint64_t next;
    if (heap->proof != WX_PROOF_HEADER || !heap->first)
      continue;
    if (!wx_memory_get(finder->source->memory, heap->arena + NEXT_ARENA, &next, sizeof next))
      return;
    const WxHeap *home = heap_at(heaps, next & ~(finder->slot - 1));
    const bool known = home && home->arena == next && home->first;
    ++read;
    to_others += known;
    outside += !known;
  }
  heaps->ring_checked = read > 0;
  heaps->ring_complete = heaps->ring_checked && outside == 1 && to_others + 1 == heaps->arenas;
}

static bool any_no_reserve(const WxHeapSource *source) {
  for (size_t i = 0; source->residency && i < source->count; ++i)
    if (source->residency[i].no_reserve)
      return true;
  return false;
}

int wx_heaps_find(WxHeaps *heaps, const WxHeapSource *source, const WxHeapRules *rules) {
  *heaps = (WxHeaps){.items = heaps->items, .capacity = heaps->capacity};
  if (rules->other_malloc)
    return 0;
  Finder finder = {
      .source = source,
      .heaps = heaps,
      .slot = rules->slot_bytes ? rules->slot_bytes : WX_HEAP_SLOT_BYTES,
      .page = rules->page_bytes ? rules->page_bytes : DEFAULT_PAGE,
      .has_flags = any_no_reserve(source),
  };
  for (size_t i = 0; i < source->count; ++i) {
    const WxMapping *mapping = &source->mappings[i];
    if (mapping->protection == (WX_READ | WX_WRITE) && is_candidate_memory(mapping) &&
        search_mapping(&finder, i))
      return -ENOMEM;
  }
  drop_orphans(&finder);
  sum_up(&finder);
  check_ring(&finder);
  return 0;
}

void wx_heaps_free(WxHeaps *heaps) {
  free(heaps->items);
  *heaps = (WxHeaps){0};
}
