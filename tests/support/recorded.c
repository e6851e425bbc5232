#include "support/recorded.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCKS = 4096, LENGTH = 1 << 16, KIB = 1024, PAGE = 4096 };

typedef struct {
  WxAllocator allocator;
  WxAllocator *inner;
  struct {
    uintptr_t base;
    size_t size;
  } blocks[BLOCKS];
  size_t count, length;
  char record[LENGTH], taken[LENGTH];
} WxRecorded;

static void write_down(WxRecorded *self, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void write_down(WxRecorded *self, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const size_t room = sizeof self->record - self->length;
  const int length = vsnprintf(self->record + self->length, room, format, arguments);
  va_end(arguments);
  ck_assert_int_gt(length, 0);
  ck_assert_uint_lt((size_t)length, room);
  self->length += (size_t)length;
}

static size_t block_of(const WxRecorded *self, const void *address) {
  for (size_t i = self->count; i-- > 0;)
    if ((uintptr_t)address - self->blocks[i].base < self->blocks[i].size)
      return i;
  ck_abort_msg("%p is in no block", address);
}

static int recorded_reserve(WxAllocator *allocator, size_t size, WxRange within, void **base) {
  WxRecorded *self = (WxRecorded *)allocator;
  const int result = wx_allocator_reserve(self->inner, size, within, base);
  if (result)
    return result;
  ck_assert_uint_lt(self->count, BLOCKS);
  self->blocks[self->count].base = (uintptr_t)*base;
  self->blocks[self->count].size = size;
  write_down(self, "R%zu:%zu ", self->count++, size / KIB);
  return 0;
}

static int recorded_commit(WxAllocator *allocator, void *start, size_t size, bool executable) {
  WxRecorded *self = (WxRecorded *)allocator;
  const size_t block = block_of(self, start);
  write_down(self, "C%zu+%zu:%zu%s ", block, ((uintptr_t)start - self->blocks[block].base) / KIB,
             size / KIB, executable ? "x" : "w");
  return wx_allocator_commit(self->inner, start, size, executable);
}

static int recorded_map_rw(WxAllocator *allocator, void *start, size_t size, bool cacheable,
                           void **view) {
  WxRecorded *self = (WxRecorded *)allocator;
  const uint64_t before = wx_allocator_cost(self->inner).syscalls[WX_MAP_RW];
  const int result = wx_allocator_map_rw(self->inner, start, size, cacheable, view);
  const uint64_t calls = wx_allocator_cost(self->inner).syscalls[WX_MAP_RW] - before;
  if (result || !calls)
    return result;
  const size_t block = block_of(self, start);
  const size_t first = ((uintptr_t)start - self->blocks[block].base) / PAGE * PAGE;
  const size_t end = (uintptr_t)start - self->blocks[block].base + size;
  write_down(self, "V%zu+%zu:%zu ", block, first / KIB, (end - first + PAGE - 1) / PAGE * 4);
  return 0;
}

static int recorded_unmap_rw(WxAllocator *allocator, void *view) {
  return wx_allocator_unmap_rw(((WxRecorded *)allocator)->inner, view);
}

static int recorded_release(WxAllocator *allocator, void *base) {
  WxRecorded *self = (WxRecorded *)allocator;
  const size_t block = block_of(self, base);
  write_down(self, "X%zu:%zu ", block, self->blocks[block].size / KIB);
  const int result = wx_allocator_release(self->inner, base);
  if (!result)
    self->blocks[block].size = 0;
  return result;
}

static bool recorded_owns(WxAllocator *allocator, uintptr_t address) {
  return wx_allocator_owns(((WxRecorded *)allocator)->inner, address);
}

static int recorded_close(WxAllocator *allocator) {
  const int result = wx_allocator_close(((WxRecorded *)allocator)->inner);
  if (!result)
    free(allocator);
  return result;
}

WxAllocator *wx_recorded_open(const char *name, const WxStrategyOptions *options) {
  static WxStrategy recorded = {
      .reserve = recorded_reserve,
      .commit = recorded_commit,
      .map_rw = recorded_map_rw,
      .unmap_rw = recorded_unmap_rw,
      .release = recorded_release,
      .owns = recorded_owns,
      .close = recorded_close,
  };
  WxRecorded *self = calloc(1, sizeof *self);
  ck_assert_ptr_nonnull(self);
  const WxStrategy *inner = wx_strategy_find(name);
  ck_assert_ptr_nonnull(inner);
  ck_assert_int_eq(wx_allocator_open(inner, options, &self->inner), 0);
  recorded.name = inner->name;
  recorded.capabilities = inner->capabilities;
  self->allocator.strategy = &recorded;
  return &self->allocator;
}

const char *wx_recorded_take(WxAllocator *recorded) {
  WxRecorded *self = (WxRecorded *)recorded;
  if (self->length)
    self->record[--self->length] = '\0'; // The last blank.
  memcpy(self->taken, self->record, self->length);
  self->taken[self->length] = '\0';
  self->length = 0;
  return self->taken;
}
