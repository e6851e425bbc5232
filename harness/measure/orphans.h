/**
   @file orphans.h
   Pages of a file that no process maps: what the runtime released and the kernel still holds.

   orphaned = allocated - mapped, where *allocated* is what the file holds, each page once, and
   *mapped* the part of it that lies inside a mapping of any process asked. The processes run on
   while they are looked at, so the mappings are read before and after the extents, again until
   nothing changed in between; where it never stops changing the result is marked an estimate.
   (wx_orphans_end() takes a mark of the process for a second reading: each release of the runtime
   fills its block with zeros, hence faults and shows in the mark.) So it is where a file has pages
   that fallocate() made and nobody wrote: SEEK_DATA does not show them, and they count as mapped
   (the runtime makes none).
*/
#ifndef WX_MEASURE_ORPHANS_H
#define WX_MEASURE_ORPHANS_H

#include "measure/extents.h"
#include "measure/mappers.h"
#include "measure/memfd.h"
#include "stats/figure.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/// How often a changing state is looked at before it is called an estimate.
enum { WX_ORPHANS_TRIES = 5 };

/// The figures of one file. Start with {0}, fill as often as wanted, end with wx_orphans_free().
typedef struct {
  WxFileId file;
  WxFigure allocated_bytes; ///< st_blocks x 512.
  WxFigure mapped_bytes;    ///< Allocated and mapped by any process, each page once.
  WxFigure orphaned_bytes;  ///< Allocated and mapped by none.
  bool estimate;            ///< The state changed while it was looked at. The sum holds even so.
  WxExtents allocated;      ///< The parts of the file that hold pages; normal (extents.h).
  WxExtents mapped;         ///< The parts of the file that are mapped; normal.
  WxExtents orphaned;       ///< Parts that hold pages and are not mapped; normal.
} WxOrphans;

/// Working memory that is used again. Start with {0}, end with wx_orphan_finder_free().
typedef struct {
  WxMappers before;
  WxMappers after;
  bool steady; ///< Of the files, since wx_orphans_begin().
  WxFileId *ids;
  size_t ids_capacity;
} WxOrphanFinder;

/// Fills `orphans[i]` for each file `memfds->items[i]` of `pid`; the caller owns an array of that
/// length. `own` may hold mappings of `pid` that were just read, or be NULL. A file that cannot be
/// opened has its allocated bytes (if known), unknown other figures, and empty lists. How many
/// processes were asked stands in `finder->after` (checked, unreadable) on success.
///
/// -ESRCH where the process is gone; -ESTALE where it closed one of the files; -EACCES where its
/// mappings may not be read. On failure no figure means anything.
int wx_orphans_read(WxOrphanFinder *finder, WxOrphans *orphans, const WxMemfds *memfds, pid_t pid,
                    WxMapperScope scope, const WxMaps *own);

/// As wx_orphans_read(), in two steps for a caller that reads the mappings of `pid` meanwhile, in
/// another thread. It takes `mark` of the process first; where that is the same at the end, the
/// mappings are not read again. Else all is read by wx_orphans_read(). A caller that has begun
/// either ends with the same files or reads without it.
int wx_orphans_begin(WxOrphanFinder *finder, WxOrphans *orphans, const WxMemfds *memfds, pid_t pid,
                     WxMapperScope scope);
int wx_orphans_end(WxOrphanFinder *finder, WxOrphans *orphans, const WxMemfds *memfds, pid_t pid,
                   WxMapperScope scope, const WxMaps *own, const WxProcessMark *mark);

void wx_orphans_free(WxOrphans *orphans);
void wx_orphan_finder_free(WxOrphanFinder *finder);

#endif
