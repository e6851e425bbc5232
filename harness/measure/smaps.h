/**
   @file smaps.h
   The mappings of a process with what is resident of each, from /proc/PID/smaps or a saved copy.

   A process of 60,000 mappings has 46 MB of smaps: the text is read through one small buffer and
   never kept.
*/
#ifndef WX_MEASURE_SMAPS_H
#define WX_MEASURE_SMAPS_H

#include "measure/maps.h"
#include "measure/name_pool.h"

/// What is resident of one mapping, in bytes.
typedef struct {
  uint64_t rss;
  uint64_t pss; ///< Each page divided by the number of its mappings, in all processes.
  uint64_t swap;
  bool no_reserve; ///< VmFlags `nr`, which glibc's heaps have.
} WxResidency;

/// All entries in address order; `residency[i]` belongs to `items[i]`. Start with {0}, read as
/// often as wanted, end with wx_smaps_free().
typedef struct {
  WxMapping *items;
  WxResidency *residency;
  size_t count;
  size_t capacity;
  size_t residency_capacity;
  size_t lines;     ///< As in maps.h.
  size_t left_out;  ///< As in maps.h.
  WxNamePool names; ///< Paths point into it.
} WxSmaps;

/// Reads the entries of `pid` (0: this process). -ENOENT or -ESRCH where it is gone, -EACCES.
int wx_smaps_read(WxSmaps *smaps, pid_t pid);

/// Reads a saved copy. Returns 0, or -EINVAL with `damage` set; the entries before the damage are
/// kept. Another negative errno: the file could not be read.
int wx_smaps_load(WxSmaps *smaps, const char *path, WxDamage *damage);

/// As wx_smaps_load(), from a descriptor, to the end of the file.
int wx_smaps_parse(WxSmaps *smaps, int fd, WxDamage *damage);

/// Appends a mapping of a saved copy, above all before it, with nothing resident; its path becomes
/// `name` (`length` bytes). Bounded as a saved file is. Returns 0, -EINVAL with the reason as a
/// constant phrase where there are too many names, -ENOMEM.
int wx_smaps_append(WxSmaps *smaps, const WxMapping *mapping, const char *name, size_t length,
                    const char **reason);

void wx_smaps_free(WxSmaps *smaps);

#endif
