/**
   @file space.h
   An address space as an audit sees it, whatever it was read from: its mappings, what can be known
   beside them, and who owns each byte.
*/
#ifndef WX_ATTRIBUTION_SPACE_H
#define WX_ATTRIBUTION_SPACE_H

#include "attribution/heaps.h"
#include "measure/smaps.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// Who owns a range of addresses.
typedef enum {
  WX_OWNER_DOUBLE_MAPPER,  ///< A mapping of /memfd:doublemapper.
  WX_OWNER_FILE,           ///< Another file's mapping.
  WX_OWNER_HEAP_COMMITTED, ///< glibc's heaps other than the main one: writable,
  WX_OWNER_HEAP_RESERVED,  ///< and reserved.
  WX_OWNER_MAIN_HEAP,      ///< [heap].
  WX_OWNER_STACK,          ///< Of a thread, with its guard page.
  WX_OWNER_GC_COMMITTED,   ///< What looks like the garbage collector's range,
  WX_OWNER_GC_RESERVED,    ///< committed and reserved.
  WX_OWNER_ANONYMOUS,      ///< Other memory without a file,
  WX_OWNER_RESERVED,       ///< and address space without one.
  WX_OWNER_SPECIAL,        ///< [vdso] and its like.
  WX_OWNER_UNNAMED,        ///< In a core that does not say which file, if any, was mapped.
  WX_OWNER_HOLE,           ///< Nothing is mapped.
  WX_OWNERS,
} WxOwner;

/// "double mapper", "glibc heap, committed", ...
const char *wx_owner_name(WxOwner owner);

/// An address space. The caller owns the arrays it puts in; start with {0}, end with
/// wx_space_free().
typedef struct {
  const WxMapping *mappings; ///< In address order.
  size_t count;
  const WxResidency *residency; ///< One a mapping; NULL where the source does not say.
  const WxMemory *memory;       ///< To read it; NULL where it cannot be.
  const WxCoreThread *threads;  ///< Of a core.
  size_t thread_count;
  bool is_core;           ///< Threads are known by their stack pointers, not by guard pages.
  bool as_mapped;         ///< A core that has each mapping as it was: the kernel's.
  bool reserved_left_out; ///< createdump: reserved memory is a hole.
  bool files_unknown;     ///< A core without NT_FILE.
  bool deleted_left_out;  ///< A core that names no deleted file, and so no memfd.
  WxHeapRules heap_rules;
  const char *double_mapper; ///< Path of its mappings; NULL: that of .NET's.

  WxHeaps heaps;   ///< Filled by wx_space_attribute().
  uint8_t *owners; ///< One a mapping, heaps aside.
} WxSpace;

/// Finds out who owns what. Returns 0 or -ENOMEM.
int wx_space_attribute(WxSpace *space);

/// A run of addresses with one owner.
typedef struct {
  uint64_t start;
  uint64_t end;
  WxOwner owner;
  size_t mapping; ///< Its index; SIZE_MAX for what is not mapped.
} WxPart;

/// Calls `visit` for each part of [start, end), in address order, without a gap; `after
/// wx_space_attribute()` only. Ends early where `visit` returns non-zero, and returns that.
int wx_space_walk(const WxSpace *space, uint64_t start, uint64_t end,
                  int (*visit)(const WxPart *part, void *context), void *context);

/// Bytes by owner.
typedef struct {
  uint64_t bytes[WX_OWNERS];
} WxOwnership;

/// Adds up [start, end) by owner.
WxOwnership wx_space_sum(const WxSpace *space, uint64_t start, uint64_t end);

/// The index of the first mapping that ends above `address`; count where there is none.
size_t wx_space_find(const WxSpace *space, uint64_t address);

void wx_space_free(WxSpace *space);

#endif
