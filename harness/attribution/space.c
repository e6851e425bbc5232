#include "attribution/space.h"

#include "measure/memfd.h"
#include "os/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// A guard is a page or two below a stack; smaller writable mappings are something else.
enum { GUARD_MAX = 8192, STACK_MIN = 128 * 1024 };
// The collector reserves far more than this at once.
#define GC_RUN_MIN (UINT64_C(128) << 20)

const char *wx_owner_name(WxOwner owner) {
  static const char *const names[WX_OWNERS] = {
      [WX_OWNER_DOUBLE_MAPPER] = "double mapper",
      [WX_OWNER_FILE] = "file",
      [WX_OWNER_HEAP_COMMITTED] = "glibc heap, committed",
      [WX_OWNER_HEAP_RESERVED] = "glibc heap, reserved",
      [WX_OWNER_MAIN_HEAP] = "main heap",
      [WX_OWNER_STACK] = "thread stack",
      [WX_OWNER_GC_COMMITTED] = "GC, committed",
      [WX_OWNER_GC_RESERVED] = "GC, reserved",
      [WX_OWNER_ANONYMOUS] = "other anonymous",
      [WX_OWNER_RESERVED] = "other reserved",
      [WX_OWNER_SPECIAL] = "kernel",
      [WX_OWNER_UNNAMED] = "unnamed",
      [WX_OWNER_HOLE] = "hole",
  };
  return names[owner];
}

// By the name alone; without one it is memory or address space.
static WxOwner owner_by_name(const WxMapping *mapping, const char *double_mapper) {
  static const struct {
    const char *prefix;
    WxOwner owner;
  } names[] = {
      {"[heap]", WX_OWNER_MAIN_HEAP},
      {"[stack", WX_OWNER_STACK},
      {"[anon: glibc: pthread stack", WX_OWNER_STACK},
      {"[v", WX_OWNER_SPECIAL},
      {"/", WX_OWNER_FILE},
  };
  const char *path = mapping->path;
  if (path[0] == '/' && !strcmp(path, double_mapper))
    return WX_OWNER_DOUBLE_MAPPER;
  for (size_t i = 0; *path && i < sizeof names / sizeof *names; ++i)
    if (wx_text_starts_with(path, names[i].prefix))
      return names[i].owner;
  return mapping->protection ? WX_OWNER_ANONYMOUS : WX_OWNER_RESERVED;
}

static bool is_plain(const WxMapping *mapping) {
  return !*mapping->path && !mapping->shared;
}

// A guard page with a writable mapping right above it.
static void find_stacks_by_guard(WxSpace *space) {
  for (size_t i = 0; i + 1 < space->count; ++i) {
    const WxMapping *guard = &space->mappings[i], *stack = guard + 1;
    if (is_plain(guard) && !guard->protection && guard->end - guard->start <= GUARD_MAX &&
        guard->end == stack->start && is_plain(stack) &&
        stack->protection == (WX_READ | WX_WRITE) && stack->end - stack->start >= STACK_MIN)
      space->owners[i] = space->owners[i + 1] = WX_OWNER_STACK;
  }
}

static void find_stacks_by_pointer(WxSpace *space) {
  for (size_t i = 0; i < space->thread_count; ++i) {
    const uint64_t pointer = space->threads[i].stack_pointer;
    const size_t at = wx_space_find(space, pointer);
    if (at < space->count && space->mappings[at].start <= pointer &&
        space->owners[at] == WX_OWNER_ANONYMOUS)
      space->owners[at] = WX_OWNER_STACK;
  }
}

static const WxHeap *next_heap(const WxSpace *space, size_t *at, uint64_t address) {
  while (*at < space->heaps.count && space->heaps.items[*at].reserved_end <= address)
    ++*at;
  return *at < space->heaps.count ? &space->heaps.items[*at] : NULL;
}

static void mark_run(WxSpace *space, size_t first, size_t end) {
  bool reserved = false, committed = false;
  for (size_t i = first; i < end; ++i) {
    reserved |= space->owners[i] == WX_OWNER_RESERVED;
    committed |= space->owners[i] == WX_OWNER_ANONYMOUS;
  }
  const uint64_t size = space->mappings[end - 1].end - space->mappings[first].start;
  if (size < GC_RUN_MIN || !reserved || !committed)
    return;
  for (size_t i = first; i < end; ++i)
    space->owners[i] =
        space->owners[i] == WX_OWNER_ANONYMOUS ? WX_OWNER_GC_COMMITTED : WX_OWNER_GC_RESERVED;
}

// The collector reserves one long range and commits parts of it: touching mappings without a name,
// none of them a heap or a stack. Only where the runtime is there, and in no core but the kernel's:
// other writers do not describe reserved memory, or not as such.
static void find_collector(WxSpace *space) {
  size_t first = 0, heap = 0;
  for (size_t i = 0; i <= space->count; ++i) {
    const WxMapping *mapping = i < space->count ? &space->mappings[i] : NULL;
    const WxHeap *next = mapping ? next_heap(space, &heap, mapping->start) : NULL;
    const bool fits = mapping && is_plain(mapping) && !(mapping->protection & WX_EXECUTE) &&
                      space->owners[i] != WX_OWNER_STACK && !(next && next->start < mapping->end);
    if (i > first && (!fits || mapping->start != space->mappings[i - 1].end)) {
      mark_run(space, first, i);
      first = i;
    }
    if (!fits)
      first = i + 1;
  }
}

static bool has_runtime(const WxSpace *space) {
  const char *last = NULL;
  for (size_t i = 0; i < space->count; ++i) {
    const char *path = space->mappings[i].path;
    if (path != last && *path == '/' && strstr(path, "/libcoreclr.so"))
      return true;
    last = path;
  }
  return false;
}

static bool is_as_mapped(const WxSpace *space) {
  return !space->is_core || space->as_mapped;
}

int wx_space_attribute(WxSpace *space) {
  free(space->owners);
  space->owners = malloc(space->count + 1);
  const char *link = space->double_mapper ? space->double_mapper : WX_DOUBLEMAPPER;
  if (!space->owners)
    return -ENOMEM;
  for (size_t i = 0; i < space->count; ++i)
    space->owners[i] = (uint8_t)owner_by_name(&space->mappings[i], link);
  if (space->is_core)
    find_stacks_by_pointer(space);
  if (is_as_mapped(space))
    find_stacks_by_guard(space);
  const WxHeapSource source = {
      .mappings = space->mappings,
      .count = space->count,
      .residency = space->residency,
      .memory = space->memory,
      .reserved_left_out = space->reserved_left_out,
  };
  const int result = wx_heaps_find(&space->heaps, &source, &space->heap_rules);
  if (!result && is_as_mapped(space) && has_runtime(space))
    find_collector(space);
  // What has no name where files or deleted files have none may be anything.
  for (size_t i = 0; i < space->count; ++i)
    if (space->is_core && is_plain(&space->mappings[i]) &&
        (space->files_unknown ||
         (space->deleted_left_out && space->mappings[i].protection & WX_EXECUTE)) &&
        space->owners[i] == WX_OWNER_ANONYMOUS)
      space->owners[i] = WX_OWNER_UNNAMED;
  return result;
}

size_t wx_space_find(const WxSpace *space, uint64_t address) {
  size_t low = 0, high = space->count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (space->mappings[middle].end <= address)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

// The owner at `address`, and in `end` where it ends at the latest, given that of what is mapped.
static WxOwner owner_at(const WxHeap *heap, uint64_t address, WxOwner mapped, uint64_t *end) {
  uint64_t edge = heap ? heap->start : UINT64_MAX;
  WxOwner owner = mapped;
  if (heap && heap->start <= address) {
    const bool committed = address < heap->committed_end;
    edge = committed ? heap->committed_end : heap->reserved_end;
    owner = committed ? WX_OWNER_HEAP_COMMITTED : WX_OWNER_HEAP_RESERVED;
  }
  if (edge < *end)
    *end = edge;
  return owner;
}

int wx_space_walk(const WxSpace *space, uint64_t start, uint64_t end,
                  int (*visit)(const WxPart *part, void *context), void *context) {
  size_t index = wx_space_find(space, start), heap = 0;
  for (uint64_t at = start; at < end;) {
    const WxMapping *mapping = index < space->count ? &space->mappings[index] : NULL;
    const bool mapped = mapping && mapping->start <= at;
    uint64_t edge = !mapping ? end : mapped ? mapping->end : mapping->start;
    if (edge > end)
      edge = end;
    const WxOwner plain = mapped ? (WxOwner)space->owners[index] : WX_OWNER_HOLE;
    WxPart part = {.start = at, .mapping = mapped ? index : SIZE_MAX};
    part.owner = owner_at(next_heap(space, &heap, at), at, plain, &edge);
    part.end = edge;
    const int result = visit(&part, context);
    if (result)
      return result;
    at = edge;
    if (mapped && at == mapping->end)
      ++index;
  }
  return 0;
}

static int add_part(const WxPart *part, void *context) {
  WxOwnership *sum = context;
  sum->bytes[part->owner] += part->end - part->start;
  return 0;
}

WxOwnership wx_space_sum(const WxSpace *space, uint64_t start, uint64_t end) {
  WxOwnership sum = {0};
  wx_space_walk(space, start, end, add_part, &sum);
  return sum;
}

void wx_space_free(WxSpace *space) {
  wx_heaps_free(&space->heaps);
  free(space->owners);
  *space = (WxSpace){0};
}
