/**
   @file snapshot.h
   One sample of one process, seen from outside: every figure at one moment.

   Nothing here stops the process, reads its memory or changes what it holds. The sources are maps
   (twice), st_blocks and the extents of the file, status, smaps_rollup and the memory group.
*/
#ifndef WX_MEASURE_SNAPSHOT_H
#define WX_MEASURE_SNAPSHOT_H

#include "measure/mappers.h"
#include "stats/figure.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/// Every figure of a sample; the names are those of the JSON document.
typedef struct {
  uint64_t t_ns;            ///< Monotonic clock, when the sample was begun.
  WxFigure allocated_bytes; ///< Held by the files; 0 where there is none.
  WxFigure mapped_bytes;    ///< The part of it that a process maps, each page once.
  WxFigure orphaned_bytes;  ///< The part of it that no process maps.
  WxFigure rss_bytes;
  WxFigure rss_anon_bytes;
  WxFigure rss_shmem_bytes;
  WxFigure pss_bytes;
  WxFigure pss_shmem_bytes;
  WxFigure cgroup_shmem_bytes;
  WxFigure cgroup_file_mapped_bytes;
  WxFigure cgroup_usage_bytes;
  WxFigure threads;
  WxFigure mappings;              ///< All of the process (process_status.h: [vsyscall] is none).
  WxFigure doublemapper_mappings; ///< Those of the files.
  WxFigure inodes;                ///< How many files there are.
  WxFigure mappers_checked;       ///< Processes asked for mappings of the files.
  WxFigure mappers_unreadable;    ///< Processes that may not be asked.
  const char *unknown; ///< Why figures of the files are unknown, a constant phrase; else NULL.
  bool estimate;       ///< The process changed its mappings or files meanwhile.
} WxSnapshot;

/// Whom to look at, and how far.
typedef struct {
  pid_t pid;           ///< 0: this process.
  const char *name;    ///< The files' link (memfd.h); NULL: any executable memfd.
  WxMapperScope scope; ///< Who may map them.
  bool fast;           ///< Leave out what takes long with many mappings: Pss is unknown.
  bool keeps;          ///< Keep files that the process may close. Not for this process.
} WxObserverOptions;

/// Looks at one process again and again without allocating for each sample.
typedef struct WxObserver WxObserver;

/// Begins to observe a process. The caller ends with wx_observer_close(). `options` and its name
/// are copied. -ESRCH, -ENOMEM.
int wx_observer_open(WxObserver **opened, const WxObserverOptions *options);

/// Takes a sample. -ESRCH where the process has ended (even when its pid names another one by now),
/// -EACCES where the caller could not trace it; `snapshot` is then all unknown.
int wx_observer_take(WxObserver *observer, WxSnapshot *snapshot);

/// Ends observing; allowed on NULL.
void wx_observer_close(WxObserver *observer);

/// A sample in which nothing is known, as of a step that was never reached.
WxSnapshot wx_snapshot_unknown(void);

#endif
