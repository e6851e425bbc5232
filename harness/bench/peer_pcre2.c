// PCRE2: a pattern that holds a number is compiled to byte code and then to machine code, run once
// on a text that matches and once on one that does not, and freed.
//
// Declared here as pcre2api(3) documents it for 8-bit units, so that no header is needed.
#include "bench/peer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { JIT_COMPLETE = 1, NO_MATCH = -1, CONFIG_VERSION = 11, TEXT = 64 };

typedef struct {
  WxMaker maker; ///< First: it is cast to its owner.
  void *(*compile)(const char *pattern, size_t length, uint32_t options, int *error, size_t *at,
                   void *context);
  int (*compile_further)(void *pattern, uint32_t options);
  int (*match)(const void *pattern, const char *text, size_t length, size_t start, uint32_t options,
               void *data, void *context);
  void (*release)(void *pattern);
  void *(*new_data)(uint32_t pairs, void *context);
  void (*release_data)(void *data);
  void *data; ///< Where a match is reported.
} Pcre;

static int make(WxMaker *maker, size_t size, uint64_t identity, void **made) {
  (void)size;
  const Pcre *self = (Pcre *)maker;
  char text[TEXT];
  int error;
  size_t at;
  const int length = snprintf(text, sizeof text, "^[a-z]+%ju(x|y)*$", (uintmax_t)identity);
  *made = self->compile(text, (size_t)length, 0, &error, &at, NULL);
  if (!*made)
    return -ENOMEM;
  if (self->compile_further(*made, JIT_COMPLETE) == 0)
    return 0;
  self->release(*made);
  return -ENOTSUP;
}

static int matches(const Pcre *self, const void *made, const char *text) {
  return self->match(made, text, strlen(text), 0, 0, self->data, NULL);
}

static int check(WxMaker *maker, void *made, size_t size, uint64_t identity) {
  (void)size;
  const Pcre *self = (Pcre *)maker;
  char text[TEXT];
  snprintf(text, sizeof text, "abc%juxyx", (uintmax_t)identity);
  if (matches(self, made, text) < 0)
    return -EILSEQ;
  snprintf(text, sizeof text, "abc%juxyz", (uintmax_t)identity);
  return matches(self, made, text) == NO_MATCH ? 0 : -EILSEQ;
}

static int drop(WxMaker *maker, void *made) {
  ((Pcre *)maker)->release(made);
  return 0;
}

static const void *code(WxMaker *maker, void *made) {
  (void)maker, (void)made;
  return NULL;
}

static int close_maker(WxMaker *maker) {
  Pcre *self = (Pcre *)maker;
  self->release_data(self->data);
  free(self);
  return 0;
}

static int open_pcre2(void *library, WxMaker **opened) {
  Pcre *self = calloc(1, sizeof *self);
  if (!self)
    return -ENOMEM;
  self->maker = (WxMaker){make, check, drop, NULL, code, close_maker};
  bool there = wx_peer_function(library, "pcre2_compile_8", &self->compile);
  there &= wx_peer_function(library, "pcre2_jit_compile_8", &self->compile_further);
  there &= wx_peer_function(library, "pcre2_match_8", &self->match);
  there &= wx_peer_function(library, "pcre2_code_free_8", &self->release);
  there &= wx_peer_function(library, "pcre2_match_data_create_8", &self->new_data);
  there &= wx_peer_function(library, "pcre2_match_data_free_8", &self->release_data);
  self->data = there ? self->new_data(2, NULL) : NULL;
  if (!self->data) {
    free(self);
    return there ? -ENOMEM : -ENOENT;
  }
  *opened = &self->maker;
  return 0;
}

static void version(void *library, char text[WX_PEER_TEXT]) {
  int (*config)(uint32_t what, void *where);
  if (wx_peer_function(library, "pcre2_config_8", &config) &&
      config(CONFIG_VERSION, NULL) <= WX_PEER_TEXT)
    (void)config(CONFIG_VERSION, text);
}

const WxPeer wx_peer_pcre2 = {
    .name = "pcre2",
    .what = "a pattern: pcre2_compile, pcre2_jit_compile, two matches, pcre2_code_free",
    .extra = "compiles the pattern to byte code first, and matches",
    .file = "libpcre2-8.so.0",
    .absent = WX_PEER_ABSENT("libpcre2-8-0"),
    .version = version,
    .open = open_pcre2,
};
