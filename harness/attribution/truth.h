/**
   @file truth.h
   What the double mapper of a living process really holds: its files weighed, what is mapped of
   them, what is orphaned.
*/
#ifndef WX_ATTRIBUTION_TRUTH_H
#define WX_ATTRIBUTION_TRUTH_H

#include "measure/extents.h"
#include "measure/mappers.h"
#include "measure/maps.h"
#include "measure/memfd.h"
#include "measure/orphans.h"
#include "stats/figure.h"

#include <stdbool.h>
#include <sys/types.h>

/// Figures of all the process's double-mapped files together.
typedef struct {
  WxFigure inodes;
  bool double_mapper; ///< They are the runtime's, not other executable memfds.
  WxFigure allocated_bytes;
  WxFigure mapped_bytes;
  WxFigure orphaned_bytes;
  WxFigure mapped_file_bytes; ///< Parts of the files inside any mapping, allocated or not.
  WxFigure mappers_checked;
  WxFigure mappers_unreadable;
  bool estimate;         ///< The process changed meanwhile, or (fast) only it was asked.
  bool extents_known;    ///< Not where only orphaned extents were looked for:
  WxHistogram allocated; ///< extents by size,
  WxHistogram orphaned;  ///< and of the orphaned ones.
  WxMemfds memfds;       ///< The files; owned. Its impostors are of the link that was asked for.
  WxOrphans *files;      ///< One a file; owned.
  WxOrphanFinder finder; ///< For the implementation.
  bool begun;
} WxTruth;

/// How to look.
typedef struct {
  bool fast;        ///< Read the mappings once, ask no other process;
  bool extents;     ///< even so list all that is allocated, not only what is orphaned.
  bool any_memfd;   ///< Where there is no double mapper: any memfd that is mapped executable.
  const char *link; ///< Of the files.
  const WxProcesses *left_out; ///< Processes that are not asked; or NULL.
  const WxMappers *known; ///< Who maps what of those files, read before by the caller; or NULL.
} WxTruthOptions;

/// What can be read while the caller reads the mappings in another thread: all that needs none of
/// them. Call it on wx_truth_unknown() or not at all; where it fails, go on as if it had not been
/// called.
void wx_truth_begin(WxTruth *truth, pid_t pid, const char *link, const WxProcesses *left_out);

/// Fills `truth`, which is wx_truth_unknown() or begun, for `pid`, whose mappings `maps` are just
/// read; `mark` was taken before the first of all that. -ESRCH, -EACCES, -ESTALE as
/// wx_orphans_read(). End with wx_truth_free(), also after a failure.
int wx_truth_read(WxTruth *truth, pid_t pid, const WxMaps *maps, const WxProcessMark *mark,
                  const WxTruthOptions *options);

/// All unknown, as of a source that says nothing about it.
WxTruth wx_truth_unknown(void);

/// Whether everything that is mapped is allocated, reserved parts included: gcore and kernel dumps
/// leave a process so.
bool wx_truth_looks_dumped(const WxTruth *truth);

void wx_truth_free(WxTruth *truth);

#endif
