// The heaps of the model one by one.
#include "clr/code_heap.h"
#include "clr/interleaved_heap.h"
#include "clr/loader_heap.h"
#include "clr/range_list.h"
#include "support/suite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define KIB   ((size_t)1024)
#define PAGE  (4 * KIB)
#define BLOCK (64 * KIB)

static WxAllocator *allocator;
static WxClrSpace *space;

static void open_space(void) {
  const WxStrategyOptions options = wx_strategy_options_default();
  ck_assert_int_eq(wx_allocator_open(wx_strategy_find("coreclr"), &options, &allocator), 0);
  ck_assert_int_eq(wx_clr_space_open(allocator, &space), 0);
}

static void close_space(void) {
  ck_assert_int_eq(wx_clr_space_close(space), 0);
  ck_assert_int_eq(wx_allocator_close(allocator), 0);
}

static uint64_t count(WxClrCounted what) {
  return wx_clr_counts_total(wx_clr_space_counts(space), what);
}

START_TEST(a_loader_heap_commits_a_page_when_it_is_reached) {
  open_space();
  WxLoaderHeap heap;
  wx_loader_heap_init(&heap, space, 0, false);
  for (int i = 0; i < 64; ++i)
    ck_assert_int_eq(wx_loader_heap_allocate(&heap, 64), 0);
  ck_assert_uint_eq(count(WX_CLR_COMMITS), 1);
  ck_assert_int_eq(wx_loader_heap_allocate(&heap, 1), 0);
  ck_assert_uint_eq(count(WX_CLR_COMMITS), 2);
  ck_assert_uint_eq(wx_clr_space_usage(space).live_bytes, 2 * PAGE);
  ck_assert_int_eq(wx_loader_heap_destroy(&heap), 0);
  ck_assert_uint_eq(wx_clr_space_usage(space).blocks, 0);
  close_space();
}
END_TEST

START_TEST(a_loader_heap_uses_its_slice_first_and_does_not_release_it) {
  open_space();
  WxClrBlock *block;
  ck_assert_int_eq(wx_clr_space_reserve(space, BLOCK, &block), 0);
  WxLoaderHeap heap;
  wx_loader_heap_init(&heap, space, 0, false);
  wx_loader_heap_adopt(&heap, (WxClrPlace){block, 3 * PAGE}, PAGE);
  ck_assert_int_eq(wx_loader_heap_allocate(&heap, PAGE), 0);
  ck_assert_uint_eq(count(WX_CLR_RESERVES), 1);
  ck_assert_int_eq(wx_loader_heap_allocate(&heap, 8), 0);
  ck_assert_uint_eq(count(WX_CLR_RESERVES), 2);
  ck_assert_int_eq(wx_loader_heap_destroy(&heap), 0);
  ck_assert_uint_eq(wx_clr_space_usage(space).blocks, 1);
  close_space();
}
END_TEST

START_TEST(a_request_larger_than_a_block_gets_one_rounded_up_to_64_KiB) {
  open_space();
  WxLoaderHeap heap;
  wx_loader_heap_init(&heap, space, 0, false);
  ck_assert_int_eq(wx_loader_heap_allocate(&heap, 432 * KIB), 0);
  ck_assert_uint_eq(wx_clr_space_usage(space).reserved_bytes, 448 * KIB);
  ck_assert_uint_eq(wx_clr_counts_of(wx_clr_space_counts(space), WX_CLR_COMMITS, 432 * KIB), 1);
  ck_assert_int_eq(wx_loader_heap_destroy(&heap), 0);
  close_space();
}
END_TEST

START_TEST(stubs_that_were_given_back_are_taken_before_new_ones) {
  open_space();
  WxInterleavedHeap heap;
  wx_interleaved_heap_init(&heap, space, wx_clr_version_find("net8"));
  const size_t capacity = wx_interleaved_heap_capacity(&heap);
  ck_assert_uint_eq(capacity, 682);
  ck_assert_int_eq(wx_interleaved_heap_take(&heap, capacity), 0);
  wx_interleaved_heap_give(&heap, 5);
  for (int i = 0; i < 5; ++i)
    ck_assert_int_eq(wx_interleaved_heap_take(&heap, 1), 0);
  ck_assert_uint_eq(heap.pairs, 1);
  ck_assert_int_eq(wx_interleaved_heap_take(&heap, 1), 0);
  ck_assert_uint_eq(heap.pairs, 2);
  ck_assert_int_eq(wx_interleaved_heap_check(&heap), 0);
  ck_assert_int_eq(wx_interleaved_heap_take(&heap, capacity + 1), -EINVAL);
  ck_assert_int_eq(wx_interleaved_heap_destroy(&heap), 0);
  close_space();
}
END_TEST

START_TEST(stubs_of_a_chunk_lie_in_one_page) {
  open_space();
  WxInterleavedHeap heap;
  wx_interleaved_heap_init(&heap, space, wx_clr_version_find("net8"));
  for (int i = 0; i < 11; ++i) // 11 x 60 fit, the rest of the page is left over.
    ck_assert_int_eq(wx_interleaved_heap_take(&heap, 60), 0);
  ck_assert_uint_eq(heap.pairs, 1);
  ck_assert_int_eq(wx_interleaved_heap_take(&heap, 60), 0);
  ck_assert_uint_eq(heap.pairs, 2);
  ck_assert_int_eq(wx_interleaved_heap_destroy(&heap), 0);
  close_space();
}
END_TEST

START_TEST(small_stubs_share_a_piece_of_a_code_heap) {
  open_space();
  WxLoaderHeap data;
  WxCodeHeaps heaps;
  wx_loader_heap_init(&data, space, 0, false);
  wx_code_heaps_init(&heaps, space, wx_clr_version_find("net8"), &data);
  for (int i = 0; i < 16; ++i)
    ck_assert_int_eq(wx_code_heaps_add_stub(&heaps, 64), 0);
  const size_t room = heaps.fragment_room;
  ck_assert_uint_eq(room, 0);
  ck_assert_int_eq(wx_code_heaps_add_stub(&heaps, 64), 0);
  ck_assert_uint_eq(heaps.fragment_room, KIB - 64);
  ck_assert_int_eq(wx_code_heaps_add_stub(&heaps, 256), 0); // Too large to share.
  ck_assert_uint_eq(heaps.fragment_room, KIB - 64);
  ck_assert_int_eq(wx_code_heaps_destroy(&heaps), 0);
  ck_assert_int_eq(wx_loader_heap_destroy(&data), 0);
  close_space();
}
END_TEST

// A range list over one block, with what it has handed out.
typedef struct {
  WxRangeList list;
  WxSpan taken[200];
  size_t count;
} WxTrial;

static WxTrial trial;

static void start_trial(void) {
  open_space();
  WxClrBlock *block;
  ck_assert_int_eq(wx_clr_space_reserve(space, BLOCK, &block), 0);
  trial.count = 0;
  wx_range_list_init(&trial.list, space, block);
}

static void end_trial(void) {
  wx_range_list_clear(&trial.list);
  close_space();
}

static unsigned char owners[BLOCK];

// The next of a fixed sequence of numbers (xorshift).
static size_t next_number(void) {
  static uint64_t state = 88172645463325252;
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (size_t)(state >> 33);
}

static void claim(WxSpan span) {
  for (size_t at = 0; at < span.size; ++at)
    ++owners[span.offset + at];
}

// Free and taken spans together are the committed part of the block, each once, and each free one's
// record in the page says what the list says.
static void assert_consistent(void) {
  const WxRangeList *list = &trial.list;
  memset(owners, 0, sizeof owners);
  for (size_t i = 0; i < trial.count; ++i)
    claim(trial.taken[i]);
  for (size_t i = 0; i < list->count; ++i) {
    const WxSpan span = list->spans[i];
    claim(span);
    uint64_t record[2];
    memcpy(record, list->block->base + span.offset, sizeof record);
    ck_assert_uint_eq(record[1], span.size);
    ck_assert_uint_eq(record[0], i + 1 < list->count ? list->spans[i + 1].offset : 0);
    ck_assert(i == 0 || list->spans[i - 1].offset + list->spans[i - 1].size < span.offset);
  }
  size_t owned_once = 0;
  while (owned_once < list->committed && owners[owned_once] == 1)
    ++owned_once;
  ck_assert_uint_eq(owned_once, list->committed);
}

START_TEST(free_ranges_and_their_records_stay_consistent_in_any_order) {
  start_trial();
  for (int i = 0; i < 2000; ++i) {
    if (trial.count && (next_number() % 2 || trial.count == 200)) {
      const size_t which = next_number() % trial.count;
      ck_assert_int_eq(wx_range_list_give(&trial.list, trial.taken[which]), 0);
      trial.taken[which] = trial.taken[--trial.count];
    } else {
      WxSpan span;
      const int result = wx_range_list_take(&trial.list, 16, next_number() % 3000 + 1, 16, &span);
      ck_assert(result == 0 || result == -ENOSPC);
      if (!result)
        trial.taken[trial.count++] = span;
    }
    if (i % 20 == 0)
      assert_consistent();
  }
  while (trial.count)
    ck_assert_int_eq(wx_range_list_give(&trial.list, trial.taken[--trial.count]), 0);
  ck_assert_uint_eq(trial.list.count, 1);
  ck_assert_uint_eq(trial.list.spans[0].size, trial.list.committed);
  end_trial();
}
END_TEST

START_TEST(the_first_range_that_fits_is_taken) {
  start_trial();
  WxSpan span[4], found;
  for (int i = 0; i < 4; ++i)
    ck_assert_int_eq(wx_range_list_take(&trial.list, 0, i == 1 ? 400 : 200, 8, &span[i]), 0);
  ck_assert_int_eq(wx_range_list_give(&trial.list, span[1]), 0);
  ck_assert_int_eq(wx_range_list_give(&trial.list, span[3]), 0);
  ck_assert_int_eq(wx_range_list_take(&trial.list, 0, 300, 8, &found), 0);
  ck_assert_uint_eq(found.offset, span[1].offset);
  end_trial();
}
END_TEST

START_TEST(a_rest_below_64_bytes_is_not_split_off) {
  start_trial();
  WxSpan all, found;
  ck_assert_int_eq(wx_range_list_take(&trial.list, 0, 1000, 8, &all), 0);
  ck_assert_int_eq(wx_range_list_give(&trial.list, all), 0);
  const size_t committed = trial.list.committed;
  const size_t nearly = committed - WX_CLR_RECORD - 56;
  ck_assert_int_eq(wx_range_list_take(&trial.list, 0, nearly, 8, &found), 0);
  ck_assert_uint_eq(found.size, committed);
  ck_assert_uint_eq(trial.list.count, 0);
  end_trial();
}
END_TEST

WX_TEST_MAIN("clr_heaps", a_loader_heap_commits_a_page_when_it_is_reached,
             a_loader_heap_uses_its_slice_first_and_does_not_release_it,
             a_request_larger_than_a_block_gets_one_rounded_up_to_64_KiB,
             stubs_that_were_given_back_are_taken_before_new_ones, stubs_of_a_chunk_lie_in_one_page,
             small_stubs_share_a_piece_of_a_code_heap,
             free_ranges_and_their_records_stay_consistent_in_any_order,
             the_first_range_that_fits_is_taken, a_rest_below_64_bytes_is_not_split_off)
