#include "preload/giveback.h"

#include <linux/falloc.h>

static void count(_Atomic uint64_t *counter, uint64_t by) {
  atomic_fetch_add_explicit(counter, by, memory_order_relaxed);
}

static bool all_zero(uintptr_t base, size_t size) {
  enum { STEP = 8 };
  const uint64_t *word = (const uint64_t *)base;
  for (const uint64_t *end = word + size / sizeof *word; word < end; word += STEP) {
    uint64_t bits = 0;
    for (size_t i = 0; i < STEP; i++)
      bits |= word[i];
    if (bits)
      return false;
  }
  return true;
}

/// Whether a release concerns the file that was recognised, and not what took its place.
static bool is_ours(WxGiveback *state, const WxMapCall *release, WxRawFile *file) {
  if (atomic_load_explicit(&state->aside, memory_order_relaxed) ||
      !wx_files_still(&state->files, release->fd, file))
    return false;
  count(&state->releases, 1);
  return true;
}

/// Whether a block, still mapped, can be given back without anyone being able to tell.
static bool is_certain(WxGiveback *state, const WxMapCall *release, const WxRawFile *file) {
  // Beyond the end of the file, reading would be fatal.
  if (release->offset > file->size || release->size > file->size - release->offset) {
    count(&state->dirty, 1);
    return false;
  }
  // A runtime that frees the pages before it unmaps them leaves a hole, which reading would fill.
  const int64_t data = wx_raw_seek_data(release->fd, release->offset);
  if (data < 0 || (uint64_t)data >= release->offset + release->size) {
    count(&state->empty, 1);
    return false;
  }
  if (!all_zero(release->base, release->size)) {
    count(&state->dirty, 1);
    return false;
  }
  return true;
}

static void give_back(WxGiveback *state, const WxMapCall *release) {
  const int failed = wx_raw_punch_hole(release->fd, release->offset, release->size);
  int none = 0;
  if (failed) {
    (void)atomic_compare_exchange_strong(&state->error, &none, -failed);
    count(&state->failed, 1);
  } else {
    count(&state->given_back, release->size);
  }
}

long wx_giveback_mmap(WxGiveback *state, WxRecogniser *recogniser, const WxMapCall *call) {
  const long result = wx_raw_mmap((void *)call->base, call->size, call->protection, call->flags,
                                  call->fd, call->offset);
  wx_recogniser_mapped(recogniser, call,
                       wx_recogniser_may_begin(call) && !wx_raw_failed(result) &&
                           wx_files_find(&state->files, call->fd) >= 0);
  return result;
}

int wx_giveback_munmap(WxGiveback *state, WxRecogniser *recogniser, uintptr_t base, size_t size) {
  WxMapCall release;
  WxRawFile file;
  const bool ours =
      wx_recogniser_unmapping(recogniser, base, size, &release) && is_ours(state, &release, &file);
  const bool certain = ours && is_certain(state, &release, &file);
  const int result = wx_raw_munmap((void *)base, size);
  if (certain && result == 0)
    give_back(state, &release);
  if (ours)
    atomic_fetch_add_explicit(&state->dealt, 1, memory_order_release);
  return result;
}

int wx_giveback_ftruncate(WxGiveback *state, int fd, int64_t size) {
  const int result = wx_raw_ftruncate(fd, size);
  if (result == 0 && wx_files_learn(&state->files, fd))
    atomic_store_explicit(&state->seen, true, memory_order_relaxed);
  return result;
}

int wx_giveback_fallocate(WxGiveback *state, int fd, int mode, int64_t offset, int64_t size) {
  const int result = wx_raw_fallocate(fd, mode, offset, size);
  if (result == 0 && (mode & FALLOC_FL_PUNCH_HOLE) && wx_files_find(&state->files, fd) >= 0 &&
      !atomic_exchange(&state->aside, true))
    atomic_fetch_add_explicit(&state->dealt, 1, memory_order_release);
  return result;
}

WxGivebackCounts wx_giveback_counts(const WxGiveback *state) {
  return (WxGivebackCounts){
      .releases = atomic_load(&state->releases),
      .given_back = atomic_load(&state->given_back),
      .empty = atomic_load(&state->empty),
      .dirty = atomic_load(&state->dirty),
      .failed = atomic_load(&state->failed),
      .error = atomic_load(&state->error),
      .aside = atomic_load(&state->aside),
  };
}

WxGivebackCounts wx_giveback_less(const WxGivebackCounts *now, const WxGivebackCounts *before) {
  return (WxGivebackCounts){
      .releases = now->releases - before->releases,
      .given_back = now->given_back - before->given_back,
      .empty = now->empty - before->empty,
      .dirty = now->dirty - before->dirty,
      .failed = now->failed - before->failed,
      .error = now->error,
      .aside = now->aside,
  };
}
