/**
   @file proc.h
   What /proc says of processes and their tasks, read again and again without allocating: while a
   target is held nothing may wait for memory.
*/
#ifndef WX_RECLAIM_PROC_H
#define WX_RECLAIM_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The numbers in a folder
 * -------------------------------------------------------------------------------------------------
 */

/// The numbers found last (processes of /proc, tasks of /proc/PID/task, descriptors of
/// /proc/PID/fd), in the directory's order.
typedef struct {
  pid_t *numbers;
  uint64_t *inodes; ///< Of their entries: below /proc another one where a number is used again.
  size_t count;
  size_t capacity;
  char *entries; ///< What the kernel wrote.
} WxListing;

/// Makes room for `capacity` numbers. -ENOMEM with what was there.
int wx_listing_reserve(WxListing *listing, size_t capacity);

/// Lists the open directory `directory` from its start. -ENOBUFS where there are more numbers than
/// there is room for; -ESRCH where the process behind it has ended.
int wx_listing_read(WxListing *listing, int directory);

/// As wx_listing_read(), making room where it is missing.
int wx_listing_read_growing(WxListing *listing, int directory);

void wx_listing_free(WxListing *listing);

/* A task
 * -------------------------------------------------------------------------------------------------
 */

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

/// While all run (it allocates): the number below /proc through which the memory of `pid` can be
/// reached: its own, or that of one of its threads where the first one has exited, since then
/// /proc/PID shows no memory.
pid_t wx_task_with_memory(pid_t pid);

#endif
