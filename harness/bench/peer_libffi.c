// libffi: a closure is allocated, prepared, called and freed. Its code is a small thunk, which
// calls back into this program with its data.
//
// Declared here as its manual documents it (ffi_closure_alloc, ffi_prep_cif,
// ffi_prep_closure_loc), so that no header is needed. What it keeps in a ffi_cif and in a closure
// is less than the room given here.
#include "bench/peer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
enum { DEFAULT_ABI = 2 }; // FFI_UNIX64
#else
enum { DEFAULT_ABI = 1 }; // FFI_SYSV
#endif

enum { CIF_ROOM = 128, CLOSURE_ROOM = 256 };

typedef void Called(void *cif, void *result, void **arguments, void *data);

typedef struct {
  WxMaker maker; ///< First: it is cast to its owner.
  void *(*allocate)(size_t size, void **code);
  void (*release)(void *closure);
  int (*prepare)(void *closure, void *cif, Called *called, void *data, void *code);
  void *types[1]; ///< Of the one argument.
  _Alignas(16) char cif[CIF_ROOM];
} Ffi;

typedef struct {
  void *closure;
  void *code;
  uint64_t identity;
} Made;

static void called(void *cif, void *result, void **arguments, void *data) {
  (void)cif;
  const Made *made = data;
  *(uint64_t *)result = *(uint64_t *)arguments[0] + made->identity;
}

static int make(WxMaker *maker, size_t size, uint64_t identity, void **made) {
  (void)size;
  Ffi *self = (Ffi *)maker;
  Made *new = malloc(sizeof *new);
  if (!new)
    return -ENOMEM;
  new->identity = identity;
  new->closure = self->allocate(CLOSURE_ROOM, &new->code);
  int result = new->closure ? 0 : -ENOMEM;
  if (result == 0 && self->prepare(new->closure, self->cif, called, new, new->code) != 0) {
    self->release(new->closure);
    result = -EINVAL;
  }
  if (result)
    free(new);
  else
    *made = new;
  return result;
}

static int check(WxMaker *maker, void *made, size_t size, uint64_t identity) {
  (void)maker, (void)size;
  uint64_t (*function)(uint64_t);
  memcpy(&function, &((Made *)made)->code, sizeof function);
  return function(3) == identity + 3 ? 0 : -EILSEQ;
}

static int drop(WxMaker *maker, void *made) {
  ((Ffi *)maker)->release(((Made *)made)->closure);
  free(made);
  return 0;
}

static const void *code(WxMaker *maker, void *made) {
  (void)maker;
  return ((Made *)made)->code;
}

static int close_maker(WxMaker *maker) {
  free(maker);
  return 0;
}

static int open_libffi(void *library, WxMaker **opened) {
  Ffi *self = calloc(1, sizeof *self);
  int (*prepare)(void *cif, unsigned abi, unsigned count, void *result, void **arguments);
  void *uint64;
  if (!self)
    return -ENOMEM;
  self->maker = (WxMaker){make, check, drop, NULL, code, close_maker};
  bool there = wx_peer_function(library, "ffi_closure_alloc", &self->allocate);
  there &= wx_peer_function(library, "ffi_closure_free", &self->release);
  there &= wx_peer_function(library, "ffi_prep_closure_loc", &self->prepare);
  there &= wx_peer_function(library, "ffi_prep_cif", &prepare);
  there &= wx_peer_function(library, "ffi_type_uint64", &uint64);
  self->types[0] = uint64;
  if (!there || prepare(self->cif, DEFAULT_ABI, 1, uint64, self->types) != 0) {
    free(self);
    return -ENOENT;
  }
  *opened = &self->maker;
  return 0;
}

const WxPeer wx_peer_libffi = {
    .name = "libffi",
    .what = "a closure: ffi_closure_alloc, ffi_prep_closure_loc, a call, ffi_closure_free",
    .file = "libffi.so.8",
    .absent = WX_PEER_ABSENT("libffi8"),
    .open = open_libffi,
};
