/**
   @file smaps_entry.h
   The lines of one entry of smaps after its first: `Key: value`, in the kernel's order.
*/
#ifndef WX_MEASURE_SMAPS_ENTRY_H
#define WX_MEASURE_SMAPS_ENTRY_H

#include "measure/smaps.h"

/// Keys that are wanted, the flags last; every other line of an entry is passed over.
enum { WX_SMAPS_KEYS = 4 };

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

/// Begins the entry whose keys stand at `text`; `residency` is set to zeros.
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
