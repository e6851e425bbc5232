#include "bench/peer.h"

#include "os/library.h"
#include "os/os.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static const WxPeer *const peers[] = {
    &wx_peer_asmjit, &wx_peer_asmjit_dual, &wx_peer_bare,  &wx_peer_libffcall,
    &wx_peer_libffi, &wx_peer_luajit,      &wx_peer_pcre2,
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

// The file of a library that was built with this program; "" where that is not known.
static void find_ours(const WxPeer *peer, char path[PATH_MAX]) {
  const int failed = wx_os_readlink("/proc/self/exe", path, PATH_MAX);
  char *name = failed < 0 ? NULL : strrchr(path, '/');
  if (name && (size_t)(name - path) + strlen(peer->file) + 2 <= PATH_MAX)
    strcpy(name + 1, peer->file);
  else
    snprintf(path, PATH_MAX, "%s", peer->file);
}

int wx_peer_load(const WxPeer *peer, void **library, const char **missing) {
  *library = NULL;
  *missing = NULL;
  if (!peer->file)
    return 0;
  char path[PATH_MAX], why[WX_LIBRARY_WHY];
  if (peer->is_ours)
    find_ours(peer, path);
  const int result = wx_library_load(peer->is_ours ? path : peer->file, library, why);
  *missing = result == -ENOSYS ? WX_LIBRARY_NONE : result == -ENOEXEC ? peer->absent : NULL;
  return *missing ? -ENOENT : result;
}

int wx_peer_look(const WxPeer *peer, const char **missing) {
  void *library;
  const int result = wx_peer_load(peer, &library, missing);
  if (library)
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
  snprintf(text, size, "%s%s%s%s%s%s%s", missing ? missing : file, *version ? " " : "", version,
           missing || library ? "; " : "", peer->what,
           peer->extra ? "; no ratio, since it also " : "", peer->extra ? peer->extra : "");
  if (library)
    wx_library_close(library);
  return 0;
}

bool wx_peer_function(void *library, const char *name, void *pointer) {
  void *found = wx_library_find(library, name);
  memcpy(pointer, &found, sizeof found); // ISO C has no cast from data to function.
  return found != NULL;
}
