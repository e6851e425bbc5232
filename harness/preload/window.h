/**
   @file window.h
   A trace being written through a shared mapping of its file, one chunk at a time: an event that
   was added is in the file, whatever ends the program. The chunk's disk space is allocated before
   it is mapped, so that a full disk is an error here and not a signal in the program.

   The descriptor is open only while the next chunk is mapped: a program that closes descriptors it
   does not know, and uses their numbers for files of its own, is not disturbed.
*/
#ifndef WX_PRELOAD_WINDOW_H
#define WX_PRELOAD_WINDOW_H

#include "preload/raw.h"
#include "trace/encode.h"

#include <stdbool.h>

enum { WX_WINDOW_PATH = 4096 };

/// All zero is closed.
typedef struct {
  char path[WX_WINDOW_PATH];
  uint64_t device; ///< The file's, so that another one in its place is not written to.
  uint64_t inode;
  WxTraceContext context;
  uint8_t *first; ///< Chunk 0, mapped to the end: the file header's counters stand there.
  uint8_t *chunk; ///< The current one; NULL where there is none any more.
  size_t begin;   ///< Of its events.
  size_t at;      ///< Where the next event goes.
  uint32_t number;
  bool sealed; ///< Nothing may be added to the current chunk any more.
  uint64_t events;
  uint64_t lost;
} WxWindow;

/// Makes the trace `path`, which must not exist; where it does, `path`.PID, which may. `forked`
/// takes the second name at once. Returns 0, or a negative errno: the window stays closed.
int wx_window_open(WxWindow *window, const char *path, int pid, bool forked);

/// Adds an event. Where there is no room any more, it is counted as lost, and so is every later
/// one.
void wx_window_add(WxWindow *window, const WxTraceEvent *event);

/// Counts an event as lost for the reason `error`, a negative errno.
void wx_window_lose(WxWindow *window, int error);

/// Finishes the chunk, says in the header that the program ended by itself, and goes on with
/// another chunk, if there is anything more.
void wx_window_end(WxWindow *window);

/// Forgets the mappings, in a forked child: they are its parent's.
void wx_window_forget(WxWindow *window);

#endif
