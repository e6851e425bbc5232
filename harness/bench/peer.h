/**
   @file peer.h
   Libraries of other projects that make code at run time, measured at the same work as our
   strategies. They are loaded where they are, not linked; one that is not installed is skipped.
   A new one is a file peer_NAME.c and a row in peer.c. `bare` is no library but the floor: system
   calls alone.
*/
#ifndef WX_BENCH_PEER_H
#define WX_BENCH_PEER_H

#include "bench/maker.h"

enum { WX_PEER_TEXT = 64 };

#define WX_PEER_ABSENT(PACKAGE) "it is not here (apt-get install " PACKAGE ")"

typedef struct WxPeer {
  const char *name;
  const char *what;   ///< One line: what is measured of it.
  const char *extra;  ///< What of its own work is in its figure, which so has no ratio; or NULL.
  const char *file;   ///< Of the library, as the loader finds it; NULL: there is none to load.
  const char *absent; ///< WX_PEER_ABSENT of the package of Debian that brings it.
  bool is_ours;       ///< It was built with the program, and is in the program's folder.
  bool patches;       ///< What it made can be written over (WxMaker.patch).
  /// Writes the version of the loaded library to `text`; NULL where it does not say.
  void (*version)(void *library, char text[WX_PEER_TEXT]);
  /// Begins. -ENOENT where the library lacks what is needed.
  int (*open)(void *library, WxMaker **opened);
} WxPeer;

/// The `index`-th, NULL at the end.
const WxPeer *wx_peer_at(size_t index);
const WxPeer *wx_peer_find(const char *name);

/// Loads its library. -ENOENT where it cannot be loaded, with `*missing`, a constant phrase on why,
/// which is NULL otherwise; -ENOMEM.
int wx_peer_load(const WxPeer *peer, void **library, const char **missing);

/// Whether its library can be loaded: `*missing` is NULL, or why not. Returns 0 or -ENOMEM.
int wx_peer_look(const WxPeer *peer, const char **missing);

/// What is measured of it, which library that is and what is not its making of code: one line.
/// Returns 0 or -ENOMEM.
int wx_peer_describe(const WxPeer *peer, char *text, size_t size);

/// Finds the function `name` of a loaded library, into a pointer of its type. Returns whether it is
/// there.
bool wx_peer_function(void *library, const char *name, void *pointer);

extern const WxPeer wx_peer_asmjit, wx_peer_asmjit_dual, wx_peer_bare, wx_peer_libffi,
    wx_peer_libffcall, wx_peer_luajit, wx_peer_pcre2;

#endif
