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
  bool no_reserve;    ///< VmFlags `nr`, which glibc's heaps have.
  uint64_t anonymous; ///< Of `rss`: no page of a file. WX_NOT_SAID where a saved copy lacks it.
} WxResidency;

#define WX_NOT_SAID UINT64_MAX

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

/* The lines of one entry after its first: `Key: value`, in the kernel's order
 * -------------------------------------------------------------------------------------------------
 */

/// Keys that are wanted, the flags last; every other line of an entry is passed over.
enum { WX_SMAPS_KEYS = 5 };

/// Where the keys of an entry stand, counted from the end of its first line.
typedef struct {
  size_t place[WX_SMAPS_KEYS];
  size_t lines;
} WxSmapsLayout;

/// The entry being read, and how the last one looked. Start with {0}.
typedef struct {
  WxResidency *residency; ///< To be filled.
  unsigned seen;          ///< Bits of the keys read.
  const char *text;       ///< Where its keys begin; NULL where that was another piece of the file.
  WxSmapsLayout layout;
  WxSmapsLayout known; ///< Of the last entry that was read line by line,
  bool learnt;         ///< if there was one.
} WxSmapsEntry;

/// Begins the entry whose keys stand at `text`; `residency` is set to nothing.
void wx_smaps_entry_begin(WxSmapsEntry *entry, WxResidency *residency, const char *text);

/// Takes one line, which ends with the newline at `newline`. Returns NULL, or what was expected as
/// a constant phrase.
const char *wx_smaps_entry_take(WxSmapsEntry *entry, const char *line, const char *newline);

/// Takes the whole entry at `at` where it looks like the last one: the kernel prints numbers in
/// columns, so it nearly always does. Adds its lines to `*line`. Returns what follows it, or NULL
/// where it looks different or does not end before `end`.
char *wx_smaps_entry_take_known(WxSmapsEntry *entry, char *at, const char *end, size_t *line);

/// Whether it has its sizes and its last line; a file that was cut ends without.
bool wx_smaps_entry_is_whole(const WxSmapsEntry *entry);

#endif
