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

enum { WX_AHEAD_CHUNKS = 4 };

/// Start with {.fd = fd}; end with wx_ahead_end().
typedef struct {
  int fd;
  size_t direct; ///< Bytes read without a thread: a short file needs none.
  bool started;
  bool failed; ///< No thread could be started: all is read directly.
  bool stop;
  pthread_t thread;
  sem_t empty;
  sem_t full;
  char *chunks; ///< WX_AHEAD_CHUNKS buffers in a ring.
  ssize_t sizes[WX_AHEAD_CHUNKS];
  size_t next;  ///< The chunk that is read from,
  size_t taken; ///< and how much of it was.
  bool holding; ///< It is full and belongs to the reader's caller.
} WxAhead;

/// Reads up to `size` bytes. Returns the number read, 0 at the end of the file, or a negative
/// errno; not to be called again after either.
ssize_t wx_ahead_read(WxAhead *ahead, char *buffer, size_t size);

/// Ends the thread and frees the buffers; the file stays open.
void wx_ahead_end(WxAhead *ahead);

#endif
