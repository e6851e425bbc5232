/**
   @file ahead.h
   Reads a file ahead in a thread, so that what was read is parsed while the kernel writes more:
   making the text of smaps takes the kernel ten times as long as reading it.
*/
#ifndef WX_MEASURE_AHEAD_H
#define WX_MEASURE_AHEAD_H

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum {
  WX_AHEAD_CHUNK = 131072 - 32, ///< Bytes of a chunk, and the most that can be kept of one.
  /// Long enough that the thread goes on where its reader waits for a CPU; one huge page.
  WX_AHEAD_RING = 8,
};

/// Start with {.fd = fd}; end with wx_ahead_end().
typedef struct {
  int fd;
  size_t direct; ///< Bytes read without a thread: a short file needs none.
  bool started;
  bool alone; ///< No thread is wanted, or none could be started: all is read directly.
  bool stop;
  pthread_t thread;
  sem_t empty;
  sem_t full;
  char *direct_chunk; ///< Behind as much room for what is kept of the one before; so in the ring.
  char *ring;
  ssize_t sizes[WX_AHEAD_RING];
  size_t next;    ///< In the ring.
  bool from_ring; ///< The chunk that was given out last,
  size_t given;   ///< and how many of its bytes there are, with what was kept.
} WxAhead;

/// Gives the next piece of the file in `*piece`: the last `kept` bytes of the piece before it, then
/// new ones. It may be written to, one byte beyond its end too, until the next call. Returns its
/// size; 0 at the end of the file; -E2BIG where more than a chunk is
/// to be kept, or another negative errno. Not to be called again after 0 or a failure.
ssize_t wx_ahead_next(WxAhead *ahead, size_t kept, char **piece);

/// Ends the thread and frees the pieces; the file stays open.
void wx_ahead_end(WxAhead *ahead);

#endif
