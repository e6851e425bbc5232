/* Functions as a plug-in: 32 MiB of private memory, readable, writable and executable, in which
   free pieces of each size wait in a list of their own.

     cc -O2 -shared -fPIC -o libfunctions.so plugin_functions.c
     wxbench bench strategies --quick --workload fine_grained --strategy plugin:./libfunctions.so

   Security: all of it is writable where it runs. */
#define _GNU_SOURCE
#include "wxbench_plugin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { UNIT = 64, KINDS = 256, ALL = 32 << 20 };

/* Before each function stands how many units it has. */
struct piece {
  size_t units;
  struct piece *next; /* While it is free. */
};

struct heap {
  char *memory;
  size_t used;               /* Bytes from the start that were in use once. */
  struct piece *free[KINDS]; /* By units. */
};

static int open_heap(void **self) {
  struct heap *heap = calloc(1, sizeof *heap);
  if (!heap)
    return -ENOMEM;
  heap->memory =
      mmap(NULL, ALL, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (heap->memory == MAP_FAILED) {
    free(heap);
    return -errno;
  }
  *self = heap;
  return 0;
}

static int close_heap(void *self) {
  struct heap *heap = self;
  munmap(heap->memory, ALL);
  free(heap);
  return 0;
}

static int allocate(void *self, size_t size, void **code) {
  struct heap *heap = self;
  const size_t units = (size + sizeof(struct piece) + UNIT - 1) / UNIT;
  if (units >= KINDS)
    return -ENOMEM;
  struct piece *piece = heap->free[units];
  if (piece) {
    heap->free[units] = piece->next;
  } else {
    if (heap->used + units * UNIT > ALL)
      return -ENOMEM;
    piece = (struct piece *)(void *)(heap->memory + heap->used);
    piece->units = units;
    heap->used += units * UNIT;
  }
  *code = piece + 1;
  return 0;
}

static int write_code(void *self, void *code, const void *bytes, size_t size) {
  (void)self;
  memcpy(code, bytes, size);
  return 0;
}

static int deallocate(void *self, void *code) {
  struct heap *heap = self;
  struct piece *piece = (struct piece *)code - 1;
  piece->next = heap->free[piece->units];
  heap->free[piece->units] = piece;
  return 0;
}

static int owns(void *self, const void *address) {
  const struct heap *heap = self;
  return (const char *)address >= heap->memory && (const char *)address < heap->memory + ALL;
}

const struct wxbench_plugin wxbench_plugin = {
    .version = WXBENCH_PLUGIN_VERSION,
    .flags = WXBENCH_ONE_THREAD,
    .summary = "private memory, writable and executable; a free list for each size",
    .open = open_heap,
    .close = close_heap,
    .allocate = allocate,
    .write = write_code,
    .deallocate = deallocate,
    .owns = owns,
};
