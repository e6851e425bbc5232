#include "preload/places.h"

#include "preload/raw.h"

#include <linux/mman.h>

// A word: kind in bits 0-7, file in bits 8-15, page of the file in bits 16-63.
enum { PAGE_BITS = 12, LEAF_BITS = 17, ROOT_BITS = 19, FILE_AT = 8, OFFSET_AT = 16 };

typedef _Atomic uint64_t Word;
typedef _Atomic uintptr_t Slot;

static uintptr_t allocate(size_t size, int *failure) {
  const long mapped = wx_raw_mmap(NULL, size, PROT_READ | PROT_WRITE,
                                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  *failure = wx_raw_failed(mapped) ? (int)mapped : 0;
  return *failure ? 0 : (uintptr_t)mapped;
}

/// The array that `slot` names; made, by whoever is first, where it is not there yet.
static uintptr_t ensure(Slot *slot, size_t size, int *failure) {
  uintptr_t held = atomic_load_explicit(slot, memory_order_acquire);
  if (held)
    return held;
  const uintptr_t made = allocate(size, failure);
  if (made && !atomic_compare_exchange_strong(slot, &held, made)) {
    (void)wx_raw_munmap((void *)made, size);
    return held;
  }
  return made;
}

static Word *find(const WxPlaces *places, uint64_t page) {
  const Slot *leaves = (const Slot *)atomic_load_explicit(&places->leaves, memory_order_acquire);
  if (!leaves || page >> (LEAF_BITS + ROOT_BITS))
    return NULL;
  Word *leaf = (Word *)atomic_load_explicit(&leaves[page >> LEAF_BITS], memory_order_acquire);
  return leaf ? &leaf[page & ((1U << LEAF_BITS) - 1)] : NULL;
}

static Word *make(WxPlaces *places, uint64_t page, int *failure) {
  Slot *leaves = (Slot *)ensure(&places->leaves, sizeof(Slot) << ROOT_BITS, failure);
  if (!leaves || page >> (LEAF_BITS + ROOT_BITS))
    return NULL;
  Word *leaf = (Word *)ensure(&leaves[page >> LEAF_BITS], sizeof(Word) << LEAF_BITS, failure);
  return leaf ? &leaf[page & ((1U << LEAF_BITS) - 1)] : NULL;
}

int wx_places_set(WxPlaces *places, uintptr_t start, size_t size, WxPlace first) {
  int failure = 0;
  uint64_t value = (uint64_t)first.kind | (uint64_t)first.file << FILE_AT |
                   first.offset >> PAGE_BITS << OFFSET_AT;
  const uint64_t step = first.kind == WX_PLACE_NONE ? 0 : (uint64_t)1 << OFFSET_AT;
  if (first.kind == WX_PLACE_NONE)
    value = 0;
  const uint64_t end = (start + size + (1U << PAGE_BITS) - 1) >> PAGE_BITS;
  for (uint64_t page = start >> PAGE_BITS; page < end && !failure; page++) {
    Word *word = value ? make(places, page, &failure) : find(places, page);
    if (word)
      atomic_store_explicit(word, value, memory_order_relaxed);
    value += step;
  }
  return failure;
}

WxPlace wx_places_get(const WxPlaces *places, uintptr_t address) {
  const Word *word = find(places, address >> PAGE_BITS);
  const uint64_t value = word ? atomic_load_explicit(word, memory_order_relaxed) : 0;
  return (WxPlace){.kind = (WxPlaceKind)(value & 0xff),
                   .file = (unsigned)(value >> FILE_AT) & 0xff,
                   .offset = value >> OFFSET_AT << PAGE_BITS};
}
