/**
   @file oom.h
   Whose memory a kill for want of memory was, from what is left after it: the kernel's report (log
   or journal), `kubectl describe`, the group's memory.stat and other files, a process's status,
   alone or together.

   Shared memory of a group that none of its tasks maps is the mark of retained executable memory.
   Nothing in these texts says whose pages they are, so the verdict says how sure it is. What a text
   does not say is unknown.
*/
#ifndef WX_ATTRIBUTION_OOM_H
#define WX_ATTRIBUTION_OOM_H

#include "attribution/certainty.h"
#include "attribution/verdict.h"
#include "measure/cgroup.h"
#include "stats/problem.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { WX_OOM_NAME = 64 };

/// Whose memory ran out.
typedef enum { WX_OOM_ANY, WX_OOM_GROUP, WX_OOM_MACHINE } WxOomScope;

/// One row of the kernel's table of tasks, in pages.
typedef struct {
  pid_t pid;
  WxFigure rss;
  WxFigure shmem; ///< Since kernel 6.8; unknown before.
} WxOomTask;

/// One kill, or one group at rest. In bytes; what the text does not say is unknown.
typedef struct {
  bool killed;  ///< The text tells of a kill,
  size_t kills; ///< and names so many processes that were killed together.
  pid_t pid;    ///< Of the first; 0 where it is not named.
  char command[WX_OOM_NAME];
  WxOomScope scope;
  bool dotnet; ///< A task or thread has a name that .NET gives.
  bool tmpfs;  ///< The pod has a volume in memory.

  WxFigure virtual_bytes; ///< Of the killed processes, or of those whose status is there.
  WxFigure anon_rss_bytes;
  WxFigure file_rss_bytes;
  WxFigure shmem_rss_bytes; ///< Counts a page once for each view of it.
  WxFigure page_tables_bytes;
  WxCgroupFigures group; ///< Of the machine where `scope` says so.

  WxFigure mapped_bytes;         ///< At most so much of group.shmem_bytes do the tasks map,
  WxFigure unmapped_bytes;       ///< and this is the rest of it.
  WxFigure unmapped_least_bytes; ///< The least that nobody maps, whatever else there is.
  WxVerdict verdict;
  WxCertainty certainty;

  WxOomTask *tasks; ///< All of the group that the kernel listed.
  size_t task_count;
  size_t task_capacity;
  bool complete;    ///< The group's figures are those of the whole tree below it.
  bool log_of_tree; ///< For the reader: the figures are sums over the tree, of one line a group.
  bool together;    ///< For the reader: all tasks of the group are killed.
  bool table;       ///< For the reader: the heading of the tasks was seen,
  int shmem_column; ///< with shared memory in this column; 0: none.
  bool limits;      ///< For the reader: inside of the limits of a container that was killed.
  unsigned char ranks[16]; ///< For the reader: how good a figure is, by its place in the group.
} WxOomReport;

/// All that one text tells, in its order. Start with {0}, end with wx_oom_free().
typedef struct {
  WxOomReport *items;
  size_t count;
  size_t capacity;
} WxOom;

/// Reads a text to its end and judges each kill in it. -ENODATA where no line of it is of any
/// known kind, -E2BIG for a line of more than 64 KiB, -ENOMEM, or what the read said.
int wx_oom_read(WxOom *oom, int fd);

/// As wx_oom_read(), from a file; `-` is standard input.
int wx_oom_load(WxOom *oom, const char *path);

/// Says why a text could not be read, after one of these returned `error`. Returns -EINVAL.
int wx_oom_problem(const char *path, int error, WxProblem *problem);

void wx_oom_free(WxOom *oom);

/// A report of which nothing is known.
WxOomReport wx_oom_nothing(void);

/// Sets what follows from the figures: what is mapped, the verdict, and how sure it is.
void wx_oom_judge(WxOomReport *report);

#endif
