#include "measure/ahead.h"

#include "os/large.h"
#include "os/os.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
  WITHOUT_THREAD = 128 * 1024,
  STRIDE = 2 * WX_AHEAD_CHUNK + 64,
  MOST_A_READ = 8192, // What the kernel gives of smaps is a page or, for a long line, two.
};

static void wait_for(sem_t *semaphore) {
  while (sem_wait(semaphore) && errno == EINTR)
    ;
}

// Fills a chunk with several reads: the kernel gives no more than a page of smaps a call.
static ssize_t fill(const WxAhead *ahead, char *chunk) {
  size_t filled = 0;
  while (filled + MOST_A_READ <= WX_AHEAD_CHUNK) {
    const ssize_t got = wx_os_read(ahead->fd, chunk + filled, WX_AHEAD_CHUNK - filled);
    if (got < 0)
      return got;
    if (got == 0)
      break;
    filled += (size_t)got;
  }
  return (ssize_t)filled;
}

static char *ring_chunk(const WxAhead *ahead, size_t at) {
  return ahead->ring + at * STRIDE + WX_AHEAD_CHUNK;
}

static void *read_on(void *context) {
  WxAhead *ahead = context;
  for (size_t i = 0;; i = (i + 1) % WX_AHEAD_RING) {
    wait_for(&ahead->empty);
    if (__atomic_load_n(&ahead->stop, __ATOMIC_ACQUIRE))
      return NULL;
    const ssize_t size = fill(ahead, ring_chunk(ahead, i));
    ahead->sizes[i] = size;
    sem_post(&ahead->full);
    if (size <= 0)
      return NULL;
  }
}

static void start(WxAhead *ahead) {
  ahead->ring = wx_large_alloc((size_t)WX_AHEAD_RING * STRIDE);
  if (ahead->ring && !sem_init(&ahead->empty, 0, WX_AHEAD_RING) && !sem_init(&ahead->full, 0, 0))
    ahead->started = !pthread_create(&ahead->thread, NULL, read_on, ahead);
  ahead->alone = !ahead->started;
}

// The next chunk, filled by the thread.
static ssize_t take_from_ring(WxAhead *ahead, char **chunk) {
  wait_for(&ahead->full);
  *chunk = ring_chunk(ahead, ahead->next);
  const ssize_t size = ahead->sizes[ahead->next];
  ahead->next = (ahead->next + 1) % WX_AHEAD_RING;
  return size;
}

static ssize_t read_directly(WxAhead *ahead, char **chunk) {
  *chunk = ahead->direct_chunk + WX_AHEAD_CHUNK;
  const ssize_t size = fill(ahead, *chunk);
  if (size > 0)
    ahead->direct += (size_t)size;
  return size;
}

ssize_t wx_ahead_next(WxAhead *ahead, size_t kept, char **piece) {
  if (kept > WX_AHEAD_CHUNK)
    return -E2BIG;
  if (!ahead->direct_chunk && !(ahead->direct_chunk = malloc(STRIDE)))
    return -ENOMEM;
  if (!ahead->started && !ahead->alone && ahead->direct >= WITHOUT_THREAD)
    start(ahead);
  // Out of the way first: a chunk that is read directly takes the place of the one before.
  char *chunk = ahead->direct_chunk + WX_AHEAD_CHUNK;
  if (kept && !ahead->started)
    memmove(chunk - kept, *piece + ahead->given - kept, kept);
  const ssize_t size =
      ahead->started ? take_from_ring(ahead, &chunk) : read_directly(ahead, &chunk);
  if (size <= 0)
    return size;
  if (kept && ahead->started)
    memcpy(chunk - kept, *piece + ahead->given - kept, kept);
  if (ahead->from_ring)
    sem_post(&ahead->empty);
  ahead->from_ring = ahead->started;
  *piece = chunk - kept;
  ahead->given = kept + (size_t)size;
  return (ssize_t)ahead->given;
}

void wx_ahead_end(WxAhead *ahead) {
  if (ahead->started) {
    __atomic_store_n(&ahead->stop, true, __ATOMIC_RELEASE);
    sem_post(&ahead->empty);
    pthread_join(ahead->thread, NULL);
    sem_destroy(&ahead->empty);
    sem_destroy(&ahead->full);
  }
  free(ahead->ring);
  free(ahead->direct_chunk);
  ahead->ring = ahead->direct_chunk = NULL;
}
