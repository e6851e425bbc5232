#include "bench/peer.h"

#include "os/library.h"

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
  const char *why;
  const int result = wx_library_load(peer->file, library, &why);
  *missing = result == -ENOSYS ? why : result == -ENOEXEC ? peer->absent : NULL;
  return *missing ? -ENOENT : result;
}

int wx_peer_look(const WxPeer *peer, const char **missing) {
  void *library;
  const int result = wx_peer_load(peer, &library, missing);
  if (result == 0)
    wx_library_close(library);
  return result == -ENOENT ? 0 : result;
}

int wx_peer_describe(const WxPeer *peer, char *text, size_t size) {
  const char *missing;
  char version[WX_PEER_TEXT] = "", file[WX_PEER_TEXT] = "";
  void *library;
  const int result = wx_peer_load(peer, &library, &missing);
  if (result == -ENOMEM)
    return result;
  if (library)
    wx_library_file(library, file, sizeof file);
  if (library && peer->version)
    peer->version(library, version);
  snprintf(text, size, "%s%s%s; %s%s%s", missing ? missing : file, *version ? " " : "", version,
           peer->what, peer->extra ? "; no ratio, since it also " : "",
           peer->extra ? peer->extra : "");
  if (library)
    wx_library_close(library);
  return 0;
}

bool wx_peer_function(void *library, const char *name, void *pointer) {
  void *found = wx_library_find(library, name);
  memcpy(pointer, &found, sizeof found); // ISO C has no cast from data to function.
  return found != NULL;
}
