#include "attribution/explain.h"

#include "measure/maps.h"
#include "os/grow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// A heap counts as full with less than this left: the request that did not fit opened the next one.
#define NEARLY_FULL_BYTES UINT64_C(0x100000)
// The regions of the garbage collector: one in 16 of them starts where a heap may.
#define GC_REGION_BYTES UINT64_C(0x400000)
// What glibc and the kernel give a thread as a rule, with its guard.
#define STACK_BYTES UINT64_C(0x802000)

// No process has an address beyond, on x86-64 or 64-bit ARM.
enum { USER_BITS = 56 };

// More heaps than that stand side by side nowhere: 256 GiB.
enum { MOST_HEAPS = 4096 };

static uint64_t down(uint64_t address, uint64_t slot) {
  return address & ~(slot - 1);
}

static void add_piece(WxExplanation *explanation, uint64_t start, uint64_t end, uint64_t slot) {
  if (start == end)
    return;
  const bool whole = start == down(start, slot) && end == down(end, slot);
  explanation->pieces[explanation->piece_count++] = (WxPiece){
      .start = start,
      .end = end,
      .slot = down(start, slot),
      .whole_slots = whole ? (end - start) / slot : 0,
  };
}

// The part before the first slot boundary inside, the whole slots, the part after them.
static void cut(WxExplanation *explanation, uint64_t slot) {
  const uint64_t start = explanation->range.start, end = explanation->range.end;
  const uint64_t last = down(end, slot);
  const uint64_t first = start == down(start, slot) ? start : down(start, slot) + slot;
  if (first > last || first < start) { // It lies inside one slot.
    add_piece(explanation, start, end, slot);
    return;
  }
  add_piece(explanation, start, first, slot);
  add_piece(explanation, first, last, slot);
  add_piece(explanation, last, end, slot);
}

static void read_front(WxExplanation *explanation, uint64_t slot) {
  const uint64_t size = explanation->range.end - explanation->range.start;
  const uint64_t rest = size & (slot - 1);
  explanation->heaps = size / slot + (rest != 0);
  if (explanation->heaps > MOST_HEAPS) {
    explanation->heaps = 0;
    explanation->reading = WX_READING_NO_PATTERN;
    explanation->certainty = WX_CERTAINTY_NONE;
  } else if (rest == 0) {
    explanation->reading = WX_READING_WHOLE_SLOTS;
    explanation->certainty = WX_CERTAINTY_MEDIUM;
  } else if (slot - rest < NEARLY_FULL_BYTES) {
    explanation->reading = WX_READING_FULL_HEAPS;
    explanation->certainty = WX_CERTAINTY_VERY_HIGH;
  } else {
    explanation->reading = WX_READING_HEAP_FRONT;
    explanation->certainty = (rest % GC_REGION_BYTES) ? WX_CERTAINTY_HIGH : WX_CERTAINTY_MEDIUM;
  }
}

static void read_tail(WxExplanation *explanation, uint64_t slot) {
  const bool to_the_end = explanation->range.end - down(explanation->range.start, slot) >= slot;
  explanation->heaps = 1;
  explanation->reading = to_the_end ? WX_READING_RESERVED_TAIL : WX_READING_TAIL_PART;
  explanation->certainty = to_the_end ? WX_CERTAINTY_VERY_HIGH : WX_CERTAINTY_MEDIUM;
}

bool wx_explain_fits_tail(int protection) {
  return protection == 0 || protection == WX_PROTECTION_NOTHING || protection == WX_READ;
}

// A protection that malloc does not give contradicts the pattern.
static void weigh_protection(WxExplanation *explanation) {
  const int protection = explanation->range.protection;
  const bool tail = explanation->reading == WX_READING_RESERVED_TAIL ||
                    explanation->reading == WX_READING_TAIL_PART;
  const bool fits = protection == WX_PROTECTION_UNKNOWN ||
                    (tail ? wx_explain_fits_tail(protection) : protection == (WX_READ | WX_WRITE));
  if (fits || explanation->reading >= WX_READING_UNDETERMINED)
    return;
  explanation->reading = WX_READING_UNDETERMINED;
  explanation->certainty = WX_CERTAINTY_LOW;
  explanation->heaps = 0;
}

bool wx_explain_starts_at_heap(const WxRange *range, uint64_t slot) {
  const uint64_t into = range->start & (slot - 1);
  return into == 0 || into == WX_FRESH_HEAP_BYTES;
}

// A debugger gives the whole region that holds a thread's stack pointer to the stack, and
// neighbours of equal protection are one region.
static bool holds_heaps_too(const WxExplanation *explanation, uint64_t slot) {
  const WxRange *range = &explanation->range;
  const uint64_t first = down(range->start + slot - 1, slot);
  return range->naming->stack && range->end - range->start > STACK_BYTES &&
         first - range->start <= STACK_BYTES && first < range->end && range->format &&
         !strcmp(range->format, "maddress");
}

static void read_name(WxExplanation *explanation, uint64_t slot) {
  explanation->reading = WX_READING_NAMED;
  explanation->certainty = WX_CERTAINTY_VERY_HIGH;
  if (!holds_heaps_too(explanation, slot))
    return;
  const WxRange *range = &explanation->range;
  const uint64_t bytes = range->end - down(range->start + slot - 1, slot);
  explanation->reading = WX_READING_STACK_AND_HEAPS;
  explanation->certainty = WX_CERTAINTY_HIGH;
  explanation->heaps = (bytes + slot - 1) / slot;
}

WxExplanation wx_explain(const WxRange *range, uint64_t slot) {
  WxExplanation explanation = {.range = *range};
  if (range->end)
    cut(&explanation, slot);
  if (range->naming) {
    read_name(&explanation, slot);
    return explanation;
  }
  if (!range->end) {
    explanation.reading = WX_READING_ADDRESS;
    return explanation;
  }
  if (range->start >> USER_BITS) {
    explanation.reading = WX_READING_KERNEL;
    explanation.certainty = WX_CERTAINTY_VERY_HIGH;
    return explanation;
  }
  const uint64_t into = range->start & (slot - 1);
  if (into == 0) {
    read_front(&explanation, slot);
  } else if (into == WX_FRESH_HEAP_BYTES) {
    read_tail(&explanation, slot);
  } else if ((range->end & (slot - 1)) == 0) {
    explanation.reading = WX_READING_UNDETERMINED;
    explanation.certainty = WX_CERTAINTY_LOW;
  } else {
    explanation.reading = WX_READING_NO_PATTERN;
    explanation.certainty = WX_CERTAINTY_NONE;
  }
  weigh_protection(&explanation);
  return explanation;
}

// Whether it is writable from the start of a slot on.
static bool may_be_front(const WxRange *row, uint64_t slot) {
  return row->end && !row->naming && row->protection == (WX_READ | WX_WRITE) &&
         row->start == down(row->start, slot) && row->end != down(row->end, slot);
}

static int compare_ends(const void *a, const void *b) {
  const uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;
  return (one > other) - (one < other);
}

int wx_explain_fronts(WxFronts *fronts, const WxRange *rows, size_t count, uint64_t slot) {
  size_t capacity = 0;
  for (size_t i = 0; i < count; ++i) {
    if (!may_be_front(&rows[i], slot))
      continue;
    uint64_t *ends = wx_grown(fronts->ends, &capacity, fronts->count, sizeof *ends);
    if (!ends)
      return -ENOMEM;
    fronts->ends = ends;
    ends[fronts->count++] = rows[i].end;
  }
  if (fronts->count)
    qsort(fronts->ends, fronts->count, sizeof *fronts->ends, compare_ends);
  return 0;
}

void wx_explain_fronts_free(WxFronts *fronts) {
  free(fronts->ends);
  *fronts = (WxFronts){0};
}

WxExplanation wx_explain_row(const WxRange *row, const WxFronts *fronts, uint64_t slot) {
  WxExplanation explanation = wx_explain(row, slot);
  if (explanation.reading < WX_READING_UNDETERMINED ||
      explanation.reading > WX_READING_NO_PATTERN || !wx_explain_fits_tail(row->protection) ||
      row->end - down(row->start, slot) < slot || !fronts->count ||
      !bsearch(&row->start, fronts->ends, fronts->count, sizeof *fronts->ends, compare_ends))
    return explanation;
  explanation.reading = WX_READING_GROWN_TAIL;
  explanation.certainty = WX_CERTAINTY_VERY_HIGH;
  explanation.heaps = 1;
  return explanation;
}
