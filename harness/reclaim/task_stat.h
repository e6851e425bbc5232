/**
   @file task_stat.h
   The few facts of /proc/PID/task/TID/stat that a freezer needs, read without allocating.
*/
#ifndef WX_RECLAIM_TASK_STAT_H
#define WX_RECLAIM_TASK_STAT_H

#include <stdint.h>
#include <sys/types.h>

typedef struct {
  char state;           ///< R, S, D, T, t, Z, X or I, as the kernel prints it.
  pid_t parent;         ///< Of its process.
  uint64_t start_ticks; ///< Since boot: with its number it names one task.
} WxTaskStat;

/// Reads the `stat` of `task` below the open directory `directory` (as /proc or /proc/PID/task).
/// -ESRCH where there is no such task (any more).
int wx_task_stat(int directory, pid_t task, WxTaskStat *stat);

#endif
