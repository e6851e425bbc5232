/**
   @file truth.h
   What the double mapper of a living process really holds: its files weighed, what is mapped of
   them, what is orphaned.
*/
#ifndef WX_ATTRIBUTION_TRUTH_H
#define WX_ATTRIBUTION_TRUTH_H

#include "measure/extents.h"
#include "measure/maps.h"
#include "measure/memfd.h"
#include "measure/orphans.h"
#include "stats/figure.h"

#include <stdbool.h>
#include <sys/types.h>

/// Figures of all the process's double-mapped files together.
typedef struct {
  WxFigure inodes;
  WxFigure allocated_bytes;
  WxFigure mapped_bytes;
  WxFigure orphaned_bytes;
  WxFigure mapped_file_bytes; ///< Parts of the files inside any mapping, allocated or not.
  WxFigure mappers_checked;
  WxFigure mappers_unreadable;
  bool estimate;         ///< The process changed meanwhile, or (fast) only it was asked.
  WxHistogram allocated; ///< Extents by size,
  WxHistogram orphaned;  ///< and of the orphaned ones.
  WxMemfds memfds;       ///< The files; owned.
  WxOrphans *files;      ///< One a file; owned.
} WxTruth;

/// Fills `truth` for `pid`, whose mappings `maps` are just read. `fast`: they are read once, no
/// other process is asked. -ESRCH, -EACCES, -ESTALE as wx_orphans_read(). End with
/// wx_truth_free(), also after a failure.
int wx_truth_read(WxTruth *truth, pid_t pid, const WxMaps *maps, bool fast);

/// All unknown, as of a source that says nothing about it.
WxTruth wx_truth_unknown(void);

/// Whether everything that is mapped is allocated, reserved parts included: gcore and kernel dumps
/// leave a process so.
bool wx_truth_looks_dumped(const WxTruth *truth);

void wx_truth_free(WxTruth *truth);

#endif
