/**
   @file mappers.h
   Which processes map a file, and which parts of it.

   A page is orphaned only where no process maps it; a child that was forked and has not executed
   another program still maps all that its parent mapped.
*/
#ifndef WX_MEASURE_MAPPERS_H
#define WX_MEASURE_MAPPERS_H

#include "measure/extents.h"
#include "measure/maps.h"
#include "measure/memfd.h"
#include "measure/process_status.h"
#include "os/text.h"

#include <stddef.h>
#include <sys/types.h>

/// The processes that are asked: all that there are (an operator's view), or one and its
/// descendants (enough for a program that the caller started, and independent of what else runs).
typedef enum {
  WX_MAPPERS_ALL,
  WX_MAPPERS_FAMILY,
} WxMapperScope;

/// One part of one file that one process maps.
typedef struct {
  WxFileId file;
  WxExtent range; ///< In the file.
  pid_t pid;
} WxMapperRange;

/// What was found. Start with {0}, fill as often as wanted, end with wx_mappers_free().
typedef struct {
  WxMapperRange *items; ///< `pid` first, then process by process, each in address order.
  size_t count;
  size_t capacity;
  size_t checked;    ///< Processes whose mappings were read.
  size_t unreadable; ///< Processes whose mappings the caller may not read, or leaves out.
  WxProcesses processes;
  WxMaps maps;
  WxText text;
  const WxProcesses *left_out; ///< Processes that are not asked, set by the caller; or NULL.
} WxMappers;

/// Finds who maps the files `ids[0 .. count)` among the processes of `scope` around `pid`. Where
/// `own` is not NULL it holds the mappings of `pid`, just read, which are then not read again.
/// A process that ends meanwhile maps nothing. -ESRCH where `pid` itself is gone, -EACCES where its
/// own mappings may not be read.
int wx_mappers_read(WxMappers *mappers, WxMapperScope scope, pid_t pid, const WxMaps *own,
                    const WxFileId *ids, size_t count);

/// Whether both hold the same parts of the same files mapped by the same processes, at the same
/// places among their other mappings of these files. Read in the same way with nothing changed
/// meanwhile, they do.
bool wx_mappers_equal(const WxMappers *a, const WxMappers *b);

/// The parts of `file` that any process maps, normal (extents.h). -ENOMEM.
int wx_mappers_ranges(const WxMappers *mappers, WxFileId file, WxExtents *ranges);

/// Adds the parts of `file` that one process maps, by its mappings; normal. -ENOMEM.
int wx_maps_add_ranges(const WxMaps *maps, WxFileId file, WxExtents *ranges);

/// The processes that map `file`, each once. -ENOMEM.
int wx_mappers_of(const WxMappers *mappers, WxFileId file, WxProcesses *found);

void wx_mappers_free(WxMappers *mappers);

#endif
