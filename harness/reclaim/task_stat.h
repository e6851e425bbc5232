/**
   @file task_stat.h
   The few facts of /proc/PID/stat and /proc/PID/task/TID/stat that are needed here, read without
   allocating. Anyone may read them (but for a /proc mounted with hidepid).
*/
#ifndef WX_RECLAIM_TASK_STAT_H
#define WX_RECLAIM_TASK_STAT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/// Bits of WxTaskStat.flags (PF_EXITING, PF_FORKNOEXEC and PF_KTHREAD of the kernel).
enum { WX_TASK_ENDING = 0x4, WX_TASK_FORKED = 0x40, WX_TASK_OF_KERNEL = 0x200000 };

typedef struct {
  char state;           ///< R, S, D, T, t, Z, X or I, as the kernel prints it.
  char command[16];     ///< The name of the thread, at first that of its program.
  pid_t parent;         ///< Of its process.
  unsigned flags;       ///< WX_TASK_FORKED: it has executed no program since it was forked.
  unsigned threads;     ///< Of its process.
  uint64_t start_ticks; ///< Since boot: with its number it names one task.
  uint64_t stack; ///< Where its program's stack began; 0 where it has none or may not be known.
} WxTaskStat;

/// Reads the `stat` of `task` below the open directory `directory` (as /proc or /proc/PID/task).
/// -ESRCH where there is no such task (any more).
int wx_task_stat(int directory, pid_t task, WxTaskStat *stat);

/// Whether a task has ended: nothing is left of it, and until its parent takes notice its entry
/// belongs to root.
bool wx_task_has_ended(int directory, pid_t task);

#endif
