// libffcall: a callback is allocated, called and freed. Its code is a small thunk, which calls this
// program with its data.
//
// Declared here as callback(3) documents it, so that no header is needed. A callback without
// arguments and without a result needs nothing of its list of arguments.
#include "bench/peer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef void Called(void *data, void *arguments);

typedef struct {
  WxMaker maker; ///< First: it is cast to its owner.
  void *(*allocate)(Called *called, void *data);
  void (*release)(void *callback);
} Ffcall;

typedef struct {
  void *callback;
  uint64_t identity;
  uint64_t seen; ///< The identity, once it was called.
} Made;

static void called(void *data, void *arguments) {
  (void)arguments;
  Made *made = data;
  made->seen = made->identity;
}

static int make(WxMaker *maker, size_t size, uint64_t identity, void **made) {
  (void)size;
  Made *new = calloc(1, sizeof *new);
  if (!new)
    return -ENOMEM;
  new->identity = identity;
  new->callback = ((Ffcall *)maker)->allocate(called, new);
  if (!new->callback) {
    free(new);
    return -ENOMEM;
  }
  *made = new;
  return 0;
}

static int check(WxMaker *maker, void *made, size_t size, uint64_t identity) {
  (void)maker, (void)size;
  Made *of = made;
  void (*function)(void);
  memcpy(&function, &of->callback, sizeof function);
  of->seen = 0;
  function();
  return of->seen == identity ? 0 : -EILSEQ;
}

static int drop(WxMaker *maker, void *made) {
  ((Ffcall *)maker)->release(((Made *)made)->callback);
  free(made);
  return 0;
}

static const void *code(WxMaker *maker, void *made) {
  (void)maker;
  return ((Made *)made)->callback;
}

static int close_maker(WxMaker *maker) {
  free(maker);
  return 0;
}

static int open_libffcall(void *library, WxMaker **opened) {
  Ffcall *self = calloc(1, sizeof *self);
  if (!self)
    return -ENOMEM;
  self->maker = (WxMaker){make, check, drop, NULL, code, close_maker};
  bool there = wx_peer_function(library, "alloc_callback", &self->allocate);
  there &= wx_peer_function(library, "free_callback", &self->release);
  if (!there) {
    free(self);
    return -ENOENT;
  }
  *opened = &self->maker;
  return 0;
}

const WxPeer wx_peer_libffcall = {
    .name = "libffcall",
    .what = "a callback: alloc_callback, a call, free_callback",
    .file = "libffcall.so.0",
    .absent = WX_PEER_ABSENT("libffcall1b"),
    .open = open_libffcall,
};
