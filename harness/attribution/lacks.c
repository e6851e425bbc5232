#include "attribution/lacks.h"

#include "attribution/explain.h"
#include "attribution/listing.h"

#include <string.h>

// The kernel aligns a file that is as large to a huge page.
enum { ALIGNED = 2 << 20 };
// Fewer rows among the libraries, or fewer that follow each other, are nobody's whole list but what
// somebody wrote down: where it has holes says nothing.
enum { MANY_ROWS = 64, TOUCHING_PART = 4 };

static bool is_list(const WxAudit *audit) {
  return audit->source == WX_SOURCE_MAPS || audit->source == WX_SOURCE_SMAPS;
}

bool wx_audit_has_end(const WxAudit *audit) {
  const WxSpace *space = audit->space;
  if (!is_list(audit))
    return true;
  for (size_t i = space->count; i-- > 0;)
    if (wx_listing_ends_with(&space->mappings[i]))
      return true;
  return false;
}

// Libraries, and all that is mapped later, lie above seven eighths of a process's addresses; the
// program's own file lies far below.
static uint64_t upper_part(const WxSpace *space) {
  uint64_t top = 0;
  for (size_t i = 0; i < space->count && space->mappings[i].end <= INT64_MAX; ++i)
    top = space->mappings[i].end;
  return top - top / 8;
}

// Where the libraries begin, if they lie there as the kernel maps them; else behind the last row.
static size_t find_mapped(const WxSpace *space) {
  const uint64_t upper = upper_part(space);
  size_t first = 0, apart = 0;
  while (first < space->count && space->mappings[first].start < upper)
    ++first;
  for (size_t i = first + 1; i < space->count; ++i)
    apart += space->mappings[i].start - space->mappings[i - 1].end >= ALIGNED;
  const size_t rows = space->count - first;
  return rows >= MANY_ROWS && apart <= rows / TOUCHING_PART ? first : space->count;
}

static size_t find_named(const WxSpace *space, const char *name) {
  size_t at = 0;
  while (at < space->count && strncmp(space->mappings[at].path, name, strlen(name)) != 0)
    ++at;
  return at;
}

// The stack lies above a gap of random size; what is the kernel's own lies above the stack or, in
// other processes, among the libraries.
static size_t find_gap(const WxSpace *space) {
  const size_t stack = find_named(space, "[stack]");
  return stack < space->count ? stack : find_named(space, "[v");
}

static bool is_between_own(const WxSpace *space, size_t index) {
  return space->owners[index] == WX_OWNER_DOUBLE_MAPPER &&
         space->owners[index - 1] == WX_OWNER_DOUBLE_MAPPER;
}

// malloc aligns a heap and gives back what lies beside it; what comes later goes there, from above.
static bool is_heaps_end(const WxHeaps *heaps, uint64_t address) {
  const size_t next = wx_heaps_from(heaps, address);
  return next > 0 && heaps->items[next - 1].reserved_end == address;
}

WxHoles wx_audit_holes(const WxAudit *audit) {
  const WxSpace *space = audit->space;
  WxHoles holes = {0};
  if (!is_list(audit))
    return holes;
  const size_t end = find_gap(space);
  for (size_t i = find_mapped(space) + 1; i < end && space->mappings[i].end <= INT64_MAX; ++i) {
    const uint64_t from = space->mappings[i - 1].end;
    const uint64_t size = space->mappings[i].start - from;
    if (size < ALIGNED || is_between_own(space, i))
      continue;
    if (size > WX_HEAP_SLOT_BYTES || !is_heaps_end(&space->heaps, from))
      holes.bytes += size;
    else if (size > holes.arena)
      holes.arena = size;
  }
  return holes;
}

static bool lacks_beginning(const WxSpace *space) {
  const uint64_t upper = upper_part(space);
  for (size_t i = 0; i < space->count; ++i)
    if (space->mappings[i].path[0] == '/' && space->mappings[i].start < upper)
      return false;
  return true;
}

static bool names_any(const WxSpace *space, const char *const names[], size_t count) {
  for (size_t i = 0; i < space->count; ++i)
    for (size_t k = 0; k < count; ++k)
      if (strncmp(space->mappings[i].path, "/memfd:", 7) != 0 &&
          strstr(space->mappings[i].path, names[k]))
        return true;
  return false;
}

#define NAMES_ANY(SPACE, NAMES) names_any(SPACE, NAMES, sizeof(NAMES) / sizeof *(NAMES))

// Whether it is a .NET process, by what is left: any of these would do, a .dll where nobody else is
// there who maps such files.
static bool is_dotnets(const WxSpace *space) {
  static const char *const names[] = {"/dotnet", "/libcoreclr.so", "/libhostfxr.so",
                                      "/libhostpolicy.so"};
  static const char *const libraries[] = {".dll"};
  static const char *const others[] = {"/wine-preloader", "/wine64-preloader", "/ntdll.so",
                                       "/libwine.so",     "/libmono",          "/mono-sgen",
                                       "/mono-boehm"};
  return NAMES_ANY(space, names) || (NAMES_ANY(space, libraries) && !NAMES_ANY(space, others));
}

// No runtime runs without code of its own making: in the double mapper, in another file in memory,
// or, with W^X off, in memory without a file.
static bool lacks_code(const WxSpace *space) {
  for (size_t i = 0; i < space->count; ++i) {
    const WxMapping *mapping = &space->mappings[i];
    if (strstr(mapping->path, "/memfd:") ||
        ((mapping->protection & WX_EXECUTE) &&
         (!mapping->path[0] || strstr(mapping->path, " (deleted)"))))
      return false;
  }
  return true;
}

// pmap calls the main heap memory without a name; it knows no inode either.
static bool names_heap(const WxSpace *space) {
  for (size_t i = 0; i < space->count; ++i)
    if (space->mappings[i].inode)
      return true;
  return false;
}

uint64_t wx_audit_hidden_heap(const WxAudit *audit) {
  const WxSpace *space = audit->space;
  const uint64_t upper = upper_part(space);
  uint64_t bytes = 0;
  if (names_heap(space))
    return 0;
  for (size_t i = 0; i < space->count && space->mappings[i].start < upper; ++i)
    if (space->owners[i] == WX_OWNER_ANONYMOUS)
      bytes += space->mappings[i].end - space->mappings[i].start;
  return bytes;
}

static bool lacks_heap(const WxAudit *audit) {
  return !audit->allocator.rules.other_malloc && !audit->residency[WX_OWNER_MAIN_HEAP].mappings &&
         (names_heap(audit->space) || !wx_audit_hidden_heap(audit));
}

static bool lacks_collector(const WxAudit *audit) {
  return !audit->residency[WX_OWNER_GC_COMMITTED].mappings &&
         !audit->residency[WX_OWNER_GC_RESERVED].mappings;
}

// Of a long list: who has libraries has who loads them, mapped first and so above them all.
static bool lacks_loader(const WxSpace *space) {
  static const char *const libraries[] = {".so"};
  static const char *const loaders[] = {"/ld-", "/ld.so", "/ld64.so"};
  return find_mapped(space) < space->count && NAMES_ANY(space, libraries) &&
         !NAMES_ANY(space, loaders);
}

// Rows that were lost between others leave no mark, but something is not there that every .NET
// process has.
static const char *why_parted(const WxAudit *audit) {
  if (!is_dotnets(audit->space))
    return NULL;
  if (lacks_code(audit->space))
    return "the memory of the runtime's own code is not in it";
  if (lacks_collector(audit))
    return "the collector's range is not in it";
  if (lacks_loader(audit->space))
    return "what loads its libraries is not in it, which the kernel's list has above them";
  return lacks_heap(audit) ? "malloc's main heap is not in it" : NULL;
}

const char *wx_audit_lacks(const WxAudit *audit) {
  if (*audit->damage)
    return audit->damage;
  if (*audit->left_out)
    return audit->left_out;
  if (audit->space->heaps.cut)
    return "it claims more address space than a process can have";
  // Every process that has a main heap has a stack above it.
  if (!wx_audit_has_end(audit))
    return audit->residency[WX_OWNER_MAIN_HEAP].mappings
               ? "it ends before the stack, which the kernel's list has last"
               : NULL;
  if (!is_list(audit))
    return NULL;
  if (lacks_beginning(audit->space))
    return "it begins behind the program's own file, which the kernel's list has near its "
           "beginning";
  return why_parted(audit);
}
