#include "bench/maker.h"

#include "codegen/codegen.h"

#include <errno.h>
#include <stdlib.h>

typedef struct {
  WxMaker maker; ///< First: it is cast to its owner.
  WxFunctions *functions;
  char text[WX_MAKER_MOST];
} Coder;

static int make(WxMaker *maker, size_t size, uint64_t identity, void **made) {
  Coder *self = (Coder *)maker;
  if (size > sizeof self->text)
    return -EINVAL;
  int result = wx_codegen_emit(self->text, size, identity);
  if (result == 0)
    result = wx_functions_allocate(self->functions, size, made);
  return result ? result : wx_functions_write(self->functions, *made, self->text, size);
}

static int check(WxMaker *maker, void *made, size_t size, uint64_t identity) {
  (void)maker;
  return wx_codegen_check(made, size, identity);
}

static int drop(WxMaker *maker, void *made) {
  return wx_functions_release(((Coder *)maker)->functions, made);
}

static int patch(WxMaker *maker, void *made, const void *bytes, size_t size) {
  return wx_functions_write(((Coder *)maker)->functions, made, bytes, size);
}

static const void *code(WxMaker *maker, void *made) {
  (void)maker;
  return made;
}

static int close_maker(WxMaker *maker) {
  Coder *self = (Coder *)maker;
  const int result = wx_functions_close(self->functions);
  if (result == 0)
    free(self);
  return result;
}

int wx_maker_open(WxAllocator *allocator, WxMaker **opened) {
  Coder *self = malloc(sizeof *self);
  if (!self)
    return -ENOMEM;
  self->maker = (WxMaker){make, check, drop, patch, code, close_maker};
  const int result = wx_functions_open(allocator, &self->functions);
  if (result) {
    free(self);
    return result;
  }
  *opened = &self->maker;
  return 0;
}

/* Blocks
 * -------------------------------------------------------------------------------------------------
 */

typedef struct {
  WxMaker maker; ///< First: it is cast to its owner.
  WxAllocator *allocator;
} BlockMaker;

int wx_write_code(WxAllocator *allocator, void *start, size_t size, uint64_t identity) {
  void *view;
  int result = wx_allocator_map_rw(allocator, start, size, true, &view);
  if (result)
    return result;
  result = wx_codegen_emit(view, size, identity);
  const int ended = wx_allocator_unmap_rw(allocator, view);
  wx_codegen_flush(start, size);
  return result ? result : ended;
}

int wx_generate(WxAllocator *allocator, size_t size, uint64_t identity, void **base) {
  int result = wx_allocator_reserve(allocator, size, WX_ANYWHERE, base);
  if (result == 0)
    result = wx_allocator_commit(allocator, *base, size, true);
  return result ? result : wx_write_code(allocator, *base, WX_GENERATED, identity);
}

static int make_block(WxMaker *maker, size_t size, uint64_t identity, void **made) {
  return wx_generate(((BlockMaker *)maker)->allocator, size, identity, made);
}

static int check_block(WxMaker *maker, void *made, size_t size, uint64_t identity) {
  (void)maker, (void)size;
  return wx_codegen_check(made, WX_GENERATED, identity);
}

static int drop_block(WxMaker *maker, void *made) {
  return wx_allocator_release(((BlockMaker *)maker)->allocator, made);
}

static int close_blocks(WxMaker *maker) {
  free(maker);
  return 0;
}

int wx_maker_open_blocks(WxAllocator *allocator, WxMaker **opened) {
  BlockMaker *self = malloc(sizeof *self);
  if (!self)
    return -ENOMEM;
  self->maker = (WxMaker){make_block, check_block, drop_block, NULL, code, close_blocks};
  self->allocator = allocator;
  *opened = &self->maker;
  return 0;
}
