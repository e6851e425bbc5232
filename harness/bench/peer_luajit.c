// LuaJIT: a chunk whose loop gets hot is loaded, run (interpreted, recorded and compiled to machine
// code, then run as that) and left to the collector.
//
// Declared here as the manual of Lua 5.1 documents it, so that no header is needed.
#include "bench/peer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { REGISTRY = -10000, LOOP = 200, TEXT = 160, ANY_RESULT = 1 };

typedef struct {
  WxMaker maker; ///< First: it is cast to its owner.
  void *state;
  int (*load)(void *state, const char *text);
  int (*call)(void *state, int arguments, int results, int handler);
  int (*reference)(void *state, int table);
  void (*forget)(void *state, int table, int reference);
  void (*push)(void *state, int table, int reference);
  double (*number)(void *state, int index);
  void (*top)(void *state, int index);
  void (*close)(void *state);
} Lua;

static int make(WxMaker *maker, size_t size, uint64_t identity, void **made) {
  (void)size;
  const Lua *self = (Lua *)maker;
  char text[TEXT];
  snprintf(text, sizeof text, "local sum = %u for i = 1, %d do sum = sum + i end return sum",
           (unsigned)(identity % 1000000), LOOP);
  if (self->load(self->state, text) != 0)
    return -ENOMEM;
  *made = (void *)(uintptr_t)self->reference(self->state, REGISTRY);
  return 0;
}

static int check(WxMaker *maker, void *made, size_t size, uint64_t identity) {
  (void)size;
  const Lua *self = (Lua *)maker;
  const double expected = (double)(identity % 1000000) + LOOP * (LOOP + 1) / 2.0;
  self->push(self->state, REGISTRY, (int)(uintptr_t)made);
  const int failed = self->call(self->state, 0, ANY_RESULT, 0);
  const double value = failed ? 0 : self->number(self->state, -1);
  self->top(self->state, 0);
  return value == expected ? 0 : -EILSEQ;
}

static int drop(WxMaker *maker, void *made) {
  const Lua *self = (Lua *)maker;
  self->forget(self->state, REGISTRY, (int)(uintptr_t)made);
  return 0;
}

static const void *code(WxMaker *maker, void *made) {
  (void)maker, (void)made;
  return NULL;
}

static int close_maker(WxMaker *maker) {
  Lua *self = (Lua *)maker;
  self->close(self->state);
  free(self);
  return 0;
}

static int open_luajit(void *library, WxMaker **opened) {
  Lua *self = calloc(1, sizeof *self);
  void *(*new_state)(void);
  void (*add_libraries)(void *state);
  if (!self)
    return -ENOMEM;
  self->maker = (WxMaker){make, check, drop, NULL, code, close_maker};
  bool there = wx_peer_function(library, "luaL_newstate", &new_state);
  there &= wx_peer_function(library, "luaL_openlibs", &add_libraries);
  there &= wx_peer_function(library, "luaL_loadstring", &self->load);
  there &= wx_peer_function(library, "lua_pcall", &self->call);
  there &= wx_peer_function(library, "luaL_ref", &self->reference);
  there &= wx_peer_function(library, "luaL_unref", &self->forget);
  there &= wx_peer_function(library, "lua_rawgeti", &self->push);
  there &= wx_peer_function(library, "lua_tonumber", &self->number);
  there &= wx_peer_function(library, "lua_settop", &self->top);
  there &= wx_peer_function(library, "lua_close", &self->close);
  self->state = there ? new_state() : NULL;
  if (!self->state) {
    free(self);
    return there ? -ENOMEM : -ENOENT;
  }
  add_libraries(self->state); // One of them is the compiler.
  *opened = &self->maker;
  return 0;
}

const WxPeer wx_peer_luajit = {
    .name = "luajit",
    .what = "a chunk with a hot loop: luaL_loadstring, lua_pcall, luaL_unref, the collector",
    .extra = "parses, interprets and records the loop first, and collects garbage",
    .file = "libluajit-5.1.so.2",
    .absent = WX_PEER_ABSENT("libluajit-5.1-2"),
    .open = open_luajit,
};
