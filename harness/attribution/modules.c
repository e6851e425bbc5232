#include "attribution/modules.h"

#include "os/grow.h"
#include "os/hash.h"
#include "os/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 512 };

static size_t hash_of(const char *path) {
  const uint64_t hash = wx_hash(path, strlen(path));
  return (size_t)(hash ^ hash >> 32);
}

// The slot of `path`: an index plus one, or 0 where it is free.
static size_t *slot_of(const WxModules *modules, const char *path) {
  size_t at = hash_of(path) & (modules->slot_count - 1);
  // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): callers make the slots first.
  while (modules->slots[at] && strcmp(modules->items[modules->slots[at] - 1].path, path) != 0)
    at = (at + 1) & (modules->slot_count - 1);
  return &modules->slots[at];
}

static int make_slots(WxModules *modules) {
  const size_t wanted = modules->slot_count ? modules->slot_count * 2 : FIRST_SLOTS;
  size_t *slots = calloc(wanted, sizeof *slots);
  if (!slots)
    return -ENOMEM;
  free(modules->slots);
  modules->slots = slots;
  modules->slot_count = wanted;
  for (size_t i = 0; i < modules->count; ++i)
    *slot_of(modules, modules->items[i].path) = i + 1;
  return 0;
}

// The module of `path`, made where there is none yet. NULL where there is no memory.
static WxModule *module_of(WxModules *modules, const char *path) {
  if (modules->count * 2 >= modules->slot_count && make_slots(modules))
    return NULL;
  size_t *slot = slot_of(modules, path);
  if (!*slot) {
    WxModule *items = wx_grown(modules->items, &modules->capacity, modules->count, sizeof *items);
    if (!items)
      return NULL;
    modules->items = items;
    modules->items[modules->count++] = (WxModule){.path = path};
    *slot = modules->count;
  }
  return &modules->items[*slot - 1];
}

// A library that was replaced is executable, too, but mapped privately.
static bool is_executable_memory(const WxMapping *mapping) {
  return mapping->protection & WX_EXECUTE &&
         (mapping->shared || wx_text_starts_with(mapping->path, "/memfd:"));
}

static void add_mapping(WxModule *module, const WxMapping *mapping) {
  if (!module->mappings++)
    module->start = module->offset0 = mapping->start;
  module->end = mapping->end;
  module->own_bytes += mapping->end - mapping->start;
  if (is_executable_memory(mapping))
    module->executable_bytes += mapping->end - mapping->start;
  if (!mapping->offset && !module->has_offset0) {
    module->has_offset0 = true;
    module->offset0 = mapping->start;
  }
}

static int compare_starts(const void *left, const void *right) {
  const WxModule *a = left, *b = right;
  return a->start < b->start ? -1 : a->start > b->start;
}

int wx_modules_find(WxModules *modules, const WxMapping *mappings, size_t count) {
  modules->count = 0;
  if (modules->slots)
    memset(modules->slots, 0, modules->slot_count * sizeof *modules->slots);
  WxModule *module = NULL;
  for (size_t i = 0; i < count; ++i) {
    const char *path = mappings[i].path;
    if (*path != '/')
      continue;
    // Thousands of mappings of one file stand in a row.
    if (!module || (module->path != path && strcmp(module->path, path) != 0))
      module = module_of(modules, path);
    if (!module)
      return -ENOMEM;
    add_mapping(module, &mappings[i]);
  }
  if (modules->count)
    qsort(modules->items, modules->count, sizeof *modules->items, compare_starts);
  return 0;
}

const WxModule *wx_modules_at(const WxModules *modules, uint64_t address) {
  size_t low = 0, high = modules->count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (modules->items[middle].start <= address)
      low = middle + 1;
    else
      high = middle;
  }
  while (low-- > 0)
    if (modules->items[low].end > address)
      return &modules->items[low];
  return NULL;
}

const WxModule *wx_modules_named(const WxModules *modules, const char *path) {
  for (size_t i = 0; i < modules->count; ++i)
    if (!strcmp(modules->items[i].path, path))
      return &modules->items[i];
  return NULL;
}

double wx_module_inflation(const WxModule *module) {
  return module->own_bytes ? (double)(module->end - module->start) / (double)module->own_bytes : 0;
}

static bool is_word(char character) {
  return (character >= '0' && character <= '9') || (character >= 'a' && character <= 'z') ||
         (character >= 'A' && character <= 'Z');
}

void wx_module_name(const char *path, char *name, size_t size) {
  const char *from = path;
  for (const char *at = path; *at; ++at)
    if (strchr("/\\:", *at))
      from = at + 1;
  const char *dot = strrchr(from, '.');
  const size_t length = dot && dot > from ? (size_t)(dot - from) : strlen(from);
  size_t i = 0;
  for (; i < length && i + 1 < size; ++i)
    name[i] = is_word(from[i]) ? from[i] : '_';
  if (size)
    name[i] = '\0';
}

void wx_modules_free(WxModules *modules) {
  free(modules->items);
  free(modules->slots);
  *modules = (WxModules){0};
}
