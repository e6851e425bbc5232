/* Blocks as a plug-in: one memory file, mapped once to run and once to write, in units of 64 KiB.

     cc -O2 -shared -fPIC -o libblocks.so plugin_blocks.c
     wxbench bench strategies --quick --strategy plugin:./libblocks.so

   Security: no page is writable where it runs, but all of it has an alias that is. */
#define _GNU_SOURCE
#include "wxbench_plugin.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define UNIT  (UINT64_C(64) << 10)
#define UNITS (UINT64_C(1) << 14)
#define ALL   (UNIT * UNITS)

struct arena {
  pthread_mutex_t lock;
  int fd;
  char *code, *alias;
  size_t next;          /* Where the search for free units begins. */
  uint16_t used[UNITS]; /* By first unit, the units of its block; */
  char taken[UNITS];    /* and whether a unit is in a block. */
};

static int open_arena(void **self) {
  struct arena *arena = calloc(1, sizeof *arena);
  if (!arena)
    return -ENOMEM;
  arena->fd = memfd_create("doublemapper", MFD_CLOEXEC);
  if (arena->fd < 0 || ftruncate(arena->fd, ALL))
    goto failed;
  arena->code = mmap(NULL, ALL, PROT_READ | PROT_EXEC, MAP_SHARED, arena->fd, 0);
  arena->alias = mmap(NULL, ALL, PROT_READ | PROT_WRITE, MAP_SHARED, arena->fd, 0);
  if (arena->code == MAP_FAILED || arena->alias == MAP_FAILED)
    goto failed; /* The process ends then, and its mappings with it. */
  pthread_mutex_init(&arena->lock, NULL);
  *self = arena;
  return 0;
failed:
  if (arena->fd >= 0)
    close(arena->fd);
  free(arena);
  return -ENOMEM;
}

static int close_arena(void *self) {
  struct arena *arena = self;
  munmap(arena->code, ALL);
  munmap(arena->alias, ALL);
  close(arena->fd);
  free(arena);
  return 0;
}

/* The first of `count` free units in a row from `from` on; UNITS where there are none. */
static size_t find(const struct arena *arena, size_t from, size_t count) {
  size_t run = 0;
  for (size_t at = from; at < UNITS; ++at) {
    run = arena->taken[at] ? 0 : run + 1;
    if (run == count)
      return at + 1 - count;
  }
  return UNITS;
}

static int reserve(void *self, size_t size, uintptr_t low, uintptr_t high, void **base) {
  struct arena *arena = self;
  const size_t count = (size + UNIT - 1) / UNIT;
  if ((uintptr_t)arena->code < low || (uintptr_t)arena->code + ALL > high || count > UINT16_MAX)
    return -ENOMEM;
  pthread_mutex_lock(&arena->lock);
  size_t first = find(arena, arena->next, count);
  if (first == UNITS)
    first = find(arena, 0, count);
  if (first < UNITS) {
    for (size_t i = 0; i < count; ++i)
      arena->taken[first + i] = 1;
    arena->used[first] = (uint16_t)count;
    arena->next = first + count;
  }
  pthread_mutex_unlock(&arena->lock);
  *base = arena->code + first * UNIT;
  return first < UNITS ? 0 : -ENOMEM;
}

/* All of it can be run already. */
static int commit(void *self, void *start, size_t size, int executable) {
  (void)self;
  const int protection = PROT_READ | (executable ? PROT_EXEC : PROT_WRITE);
  return executable || mprotect(start, size, protection) == 0 ? 0 : -errno;
}

static int map_rw(void *self, void *start, size_t size, void **view) {
  struct arena *arena = self;
  (void)size;
  *view = arena->alias + ((char *)start - arena->code);
  return 0;
}

static int unmap_rw(void *self, void *view) {
  (void)self, (void)view;
  return 0;
}

static int release(void *self, void *base) {
  struct arena *arena = self;
  const size_t at = (size_t)((char *)base - arena->code), size = arena->used[at / UNIT] * UNIT;
  const int punch = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
  if (mprotect(base, size, PROT_READ | PROT_EXEC) ||
      fallocate(arena->fd, punch, (off_t)at, (off_t)size))
    return -errno;
  pthread_mutex_lock(&arena->lock);
  for (size_t i = 0; i < size / UNIT; ++i)
    arena->taken[at / UNIT + i] = 0;
  pthread_mutex_unlock(&arena->lock);
  return 0;
}

static int owns(void *self, const void *address) {
  const struct arena *arena = self;
  const char *at = address;
  return (at >= arena->code && at < arena->code + ALL) ||
         (at >= arena->alias && at < arena->alias + ALL);
}

const struct wxbench_plugin wxbench_plugin = {
    .version = WXBENCH_PLUGIN_VERSION,
    .summary = "one file, mapped to run and to write; a release punches",
    .open = open_arena,
    .close = close_arena,
    .reserve = reserve,
    .commit = commit,
    .map_rw = map_rw,
    .unmap_rw = unmap_rw,
    .release = release,
    .owns = owns,
};
