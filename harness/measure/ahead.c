#include "measure/ahead.h"

#include "os/os.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 128 * 1024, WITHOUT_THREAD = 1024 * 1024 };

static void wait_for(sem_t *semaphore) {
  while (sem_wait(semaphore) && errno == EINTR)
    ;
}

// Fills a chunk with several reads: the kernel gives no more than a page of smaps a call.
static ssize_t fill(const WxAhead *ahead, char *chunk) {
  size_t filled = 0;
  while (filled < CHUNK / 2) {
    const ssize_t got = wx_os_read(ahead->fd, chunk + filled, CHUNK - filled);
    if (got < 0)
      return got;
    if (got == 0)
      break;
    filled += (size_t)got;
  }
  return (ssize_t)filled;
}

static void *read_on(void *context) {
  WxAhead *ahead = context;
  for (size_t i = 0;; i = (i + 1) % WX_AHEAD_CHUNKS) {
    wait_for(&ahead->empty);
    if (__atomic_load_n(&ahead->stop, __ATOMIC_ACQUIRE))
      return NULL;
    const ssize_t size = fill(ahead, ahead->chunks + i * CHUNK);
    ahead->sizes[i] = size;
    sem_post(&ahead->full);
    if (size <= 0)
      return NULL;
  }
}

static void start(WxAhead *ahead) {
  ahead->chunks = malloc((size_t)WX_AHEAD_CHUNKS * CHUNK);
  if (ahead->chunks && !sem_init(&ahead->empty, 0, WX_AHEAD_CHUNKS) &&
      !sem_init(&ahead->full, 0, 0))
    ahead->started = !pthread_create(&ahead->thread, NULL, read_on, ahead);
  ahead->failed = !ahead->started;
}

static ssize_t take_chunk(WxAhead *ahead, char *buffer, size_t size) {
  if (!ahead->holding) {
    wait_for(&ahead->full);
    ahead->holding = true;
    ahead->taken = 0;
  }
  const ssize_t filled = ahead->sizes[ahead->next];
  if (filled <= 0)
    return filled;
  const size_t left = (size_t)filled - ahead->taken;
  const size_t count = size < left ? size : left;
  memcpy(buffer, ahead->chunks + ahead->next * CHUNK + ahead->taken, count);
  ahead->taken += count;
  if (ahead->taken == (size_t)filled) {
    ahead->holding = false;
    ahead->next = (ahead->next + 1) % WX_AHEAD_CHUNKS;
    sem_post(&ahead->empty);
  }
  return (ssize_t)count;
}

ssize_t wx_ahead_read(WxAhead *ahead, char *buffer, size_t size) {
  if (!ahead->started && !ahead->failed && ahead->direct >= WITHOUT_THREAD)
    start(ahead);
  if (ahead->started)
    return take_chunk(ahead, buffer, size);
  const ssize_t got = wx_os_read(ahead->fd, buffer, size);
  if (got > 0)
    ahead->direct += (size_t)got;
  return got;
}

void wx_ahead_end(WxAhead *ahead) {
  if (ahead->started) {
    __atomic_store_n(&ahead->stop, true, __ATOMIC_RELEASE);
    sem_post(&ahead->empty);
    pthread_join(ahead->thread, NULL);
    sem_destroy(&ahead->empty);
    sem_destroy(&ahead->full);
  }
  free(ahead->chunks);
  ahead->chunks = NULL;
}
