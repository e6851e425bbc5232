#include "bench/peer.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const WxPeer *const peers[] = {
    &wx_peer_libffcall,
    &wx_peer_libffi,
    &wx_peer_luajit,
    &wx_peer_pcre2,
};

const WxPeer *wx_peer_at(size_t index) {
  return index < sizeof peers / sizeof *peers ? peers[index] : NULL;
}

const WxPeer *wx_peer_find(const char *name) {
  const WxPeer *peer;
  for (size_t i = 0; (peer = wx_peer_at(i)); ++i)
    if (strcmp(peer->name, name) == 0)
      return peer;
  return NULL;
}

int wx_peer_load(const WxPeer *peer, void **library, const char **missing) {
  *missing = NULL;
  *library = dlopen(peer->file, RTLD_NOW | RTLD_LOCAL);
  (void)dlerror();
  if (!*library) // Where memory runs out meanwhile, glibc may say that there is no such file.
    *library = dlopen(peer->file, RTLD_NOW | RTLD_LOCAL);
  if (*library)
    return 0;
  const char *why = dlerror();
  if (why && strstr(why, "memory"))
    return -ENOMEM;
  *missing = why ? peer->absent : "this wxbench is one static file, which loads no library";
  return -ENOENT;
}

int wx_peer_look(const WxPeer *peer, const char **missing) {
  void *library;
  const int result = wx_peer_load(peer, &library, missing);
  if (result == 0)
    (void)dlclose(library);
  return result == -ENOENT ? 0 : result;
}

int wx_peer_describe(const WxPeer *peer, char *text, size_t size) {
  const char *missing;
  char version[WX_PEER_TEXT] = "";
  void *library;
  const int result = wx_peer_load(peer, &library, &missing);
  if (result == -ENOMEM)
    return result;
  if (library && peer->version)
    peer->version(library, version);
  snprintf(text, size, "%s%s%s; %s%s%s", missing ? missing : peer->file, *version ? " " : "",
           version, peer->what, peer->extra ? "; no ratio, since it also " : "",
           peer->extra ? peer->extra : "");
  if (library)
    (void)dlclose(library);
  return 0;
}

bool wx_peer_function(void *library, const char *name, void *pointer) {
  void *found = dlsym(library, name);
  memcpy(pointer, &found, sizeof found); // ISO C has no cast from data to function.
  return found != NULL;
}
