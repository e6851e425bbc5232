// AsmJit: its JitAllocator gives room, code is copied there, called and released. What is written
// is the code that our strategies write, of the same sizes. Two peers: its memory writable and
// executable, as it is by default, and mapped twice.
#include "bench/peer.h"
#include "codegen/codegen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct {
  WxMaker maker; ///< First: it is cast to its owner.
  void *self;
  unsigned (*allocate)(void *self, size_t size, void **code, void **view);
  void (*write)(void *code, void *view, const void *bytes, size_t size);
  unsigned (*release)(void *self, void *code);
  void (*close)(void *self);
  char text[WX_MAKER_MOST];
} AsmJit;

typedef struct {
  void *code;
  void *view;
} Made;

static int patch(WxMaker *maker, void *made, const void *bytes, size_t size) {
  const Made *of = made;
  ((AsmJit *)maker)->write(of->code, of->view, bytes, size);
  return 0;
}

static int make(WxMaker *maker, size_t size, uint64_t identity, void **made) {
  AsmJit *self = (AsmJit *)maker;
  if (size > sizeof self->text)
    return -EINVAL;
  const int result = wx_codegen_emit(self->text, size, identity);
  if (result)
    return result;
  Made *new = malloc(sizeof *new);
  if (!new || self->allocate(self->self, size, &new->code, &new->view)) {
    free(new);
    return -ENOMEM;
  }
  *made = new;
  return patch(maker, new, self->text, size);
}

static int check(WxMaker *maker, void *made, size_t size, uint64_t identity) {
  (void)maker;
  return wx_codegen_check(((Made *)made)->code, size, identity);
}

static int drop(WxMaker *maker, void *made) {
  AsmJit *self = (AsmJit *)maker;
  if (self->release(self->self, ((Made *)made)->code))
    return -EINVAL;
  free(made);
  return 0;
}

static const void *code(WxMaker *maker, void *made) {
  (void)maker;
  return ((Made *)made)->code;
}

static int close_maker(WxMaker *maker) {
  AsmJit *self = (AsmJit *)maker;
  self->close(self->self);
  free(self);
  return 0;
}

static int open_asmjit(void *library, int dual, WxMaker **opened) {
  AsmJit *self = calloc(1, sizeof *self);
  void *(*open)(int dual);
  if (!self)
    return -ENOMEM;
  self->maker = (WxMaker){make, check, drop, patch, code, close_maker};
  bool there = wx_peer_function(library, "wxasmjit_open", &open);
  there &= wx_peer_function(library, "wxasmjit_allocate", &self->allocate);
  there &= wx_peer_function(library, "wxasmjit_write", &self->write);
  there &= wx_peer_function(library, "wxasmjit_release", &self->release);
  there &= wx_peer_function(library, "wxasmjit_close", &self->close);
  self->self = there ? open(dual) : NULL;
  if (!self->self) {
    free(self);
    return there ? -ENOMEM : -ENOENT;
  }
  *opened = &self->maker;
  return 0;
}

static int open_rwx(void *library, WxMaker **opened) {
  return open_asmjit(library, 0, opened);
}

static int open_dual(void *library, WxMaker **opened) {
  return open_asmjit(library, 1, opened);
}

static void version(void *library, char text[WX_PEER_TEXT]) {
  unsigned (*number)(void);
  if (!wx_peer_function(library, "wxasmjit_version", &number))
    return;
  const unsigned packed = number();
  snprintf(text, WX_PEER_TEXT, "%u.%u.%u", packed >> 16, packed >> 8 & 0xff, packed & 0xff);
}

#define ASMJIT                                                                                     \
  .file = "libwxasmjit.so", .is_ours = true, .patches = true, .version = version,                  \
  .absent =                                                                                        \
      "it was not here when wxbench was built (apt-get install libasmjit-dev g++, then make)"

const WxPeer wx_peer_asmjit = {
    .name = "asmjit",
    .what = "JitAllocator, RWX: alloc, a copy, a call, release",
    .open = open_rwx,
    ASMJIT,
};

const WxPeer wx_peer_asmjit_dual = {
    .name = "asmjit-dual",
    .what = "JitAllocator with kUseDualMapping: alloc, a copy, a call, release",
    .open = open_dual,
    ASMJIT,
};
