#include "measure/name_pool.h"

#include "os/hash.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 256, BLOCK_SIZE = 16 * 1024 };

struct WxNamePoolBlock {
  WxNamePoolBlock *next;
  size_t used;
  size_t size;
  char text[];
};

static uint64_t hash_of(const char *name, size_t length) {
  const uint64_t hash = wx_hash(name, length);
  return hash ^ hash >> 32;
}

static const char **slot_of(const char **slots, size_t capacity, const char *name, size_t length) {
  size_t at = (size_t)hash_of(name, length) & (capacity - 1);
  while (slots[at] && (strncmp(slots[at], name, length) != 0 || slots[at][length] != '\0'))
    at = (at + 1) & (capacity - 1);
  return &slots[at];
}

static int grow(WxNamePool *names) {
  const size_t capacity = names->capacity ? names->capacity * 2 : FIRST_SLOTS;
  const char **slots = calloc(capacity, sizeof *slots);
  if (!slots)
    return -1;
  for (size_t i = 0; i < names->capacity; ++i)
    if (names->slots[i])
      *slot_of(slots, capacity, names->slots[i], strlen(names->slots[i])) = names->slots[i];
  free(names->slots);
  names->slots = slots;
  names->capacity = capacity;
  return 0;
}

static char *make_copy(WxNamePool *names, const char *name, size_t length) {
  WxNamePoolBlock *block = names->blocks;
  if (!block || block->size - block->used <= length) {
    const size_t size = length + 1 > BLOCK_SIZE ? length + 1 : BLOCK_SIZE;
    block = malloc(sizeof *block + size);
    if (!block)
      return NULL;
    *block = (WxNamePoolBlock){.next = names->blocks, .size = size};
    names->blocks = block;
  }
  char *copy = block->text + block->used;
  memcpy(copy, name, length);
  copy[length] = '\0';
  block->used += length + 1;
  return copy;
}

const char *wx_name_pool_find(WxNamePool *names, const char *name, size_t length) {
  length = strnlen(name, length);
  if (names->last && length == names->last_length && !memcmp(name, names->last, length))
    return names->last;
  if (names->count * 2 >= names->capacity && grow(names))
    return NULL;
  const char **slot = slot_of(names->slots, names->capacity, name, length);
  if (!*slot) {
    *slot = make_copy(names, name, length);
    if (!*slot)
      return NULL;
    ++names->count;
    names->bytes += length + 1;
  }
  names->last = *slot;
  names->last_length = length;
  return *slot;
}

void wx_name_pool_free(WxNamePool *names) {
  while (names->blocks) {
    WxNamePoolBlock *block = names->blocks;
    names->blocks = block->next;
    free(block);
  }
  free(names->slots);
  *names = (WxNamePool){0};
}
