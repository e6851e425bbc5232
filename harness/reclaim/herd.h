/**
   @file herd.h
   The processes that hold one memfd (map parts of it, or have it open as the runtime has), and
   their tasks: what has to be frozen together.

   A forked child shares the file until it executes another program, so that it could write to a
   page between the zero check and the punch as well as its parent. Who holds the file is found
   while all run (wx_herd_refresh()); under the freeze only processes that are new since then are
   looked at, since a process comes to hold the file only by being forked from one that does. (A
   file sent over a socket to a program that maps it is not found before the next refresh; the
   runtime does not.)

   Lists are kept large enough by wx_herd_refresh(); what is called under the freeze never
   allocates.
*/
#ifndef WX_RECLAIM_HERD_H
#define WX_RECLAIM_HERD_H

#include "measure/extents.h"
#include "measure/maps.h"
#include "measure/memfd.h"
#include "reclaim/freezer_group.h"
#include "reclaim/listing.h"
#include "reclaim/reason.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// The most processes that are frozen together.
enum { WX_HERD_PROCESSES = 64, WX_HERD_STRANGERS = 64 };

typedef struct {
  pid_t pid;
  pid_t reach;         ///< Number below /proc that shows its memory (find.h).
  int pidfd;           ///< It names this process also after its number was used again; -1 without.
  int tasks;           ///< Open /proc/PID/task.
  uint64_t exe_device; ///< Its program: a fork has the same one, until it executes another.
  uint64_t exe_inode;
  bool stopped;   ///< Held by the freezer.
  bool untouched; ///< Was stopped by someone else: must stay so.
} WxHerdProcess;

typedef enum {
  WX_TASK_RUNS,
  WX_TASK_STOPPED,
  WX_TASK_GONE, ///< Has ended, even if it can still be listed.
} WxTaskState;

typedef struct {
  pid_t id;
  uint16_t process; ///< Index in the herd.
  uint8_t state;    ///< WxTaskState.
  uint8_t signal;   ///< Caught on its way in: to be delivered when the task goes on.
  bool attached;    ///< Traced by us.
  bool asked;       ///< Was told to stop.
} WxTask;

/// Only a WxFreezer and herd_*.c look inside.
struct WxHerd {
  WxFileId file;
  int number; ///< The descriptor under which it is open in `pid` and its forks; -1 where it is
              ///< closed.
  pid_t pid;  ///< The process that the file was reached through; the first, while it lives.
  int proc;   ///< Open /proc.
  WxHerdProcess processes[WX_HERD_PROCESSES];
  size_t process_count;
  WxTask *tasks;
  size_t task_count;
  size_t task_capacity;
  pid_t strangers[WX_HERD_STRANGERS]; ///< Numbers above `given` that were looked at, the last ones.
  size_t stranger_count;              ///< In all.
  size_t unreadable;                  ///< Processes whose mappings the caller may not read.
  pid_t *known;                       ///< Every process that was looked at, ascending.
  size_t known_count;
  int last;    ///< Open /proc/loadavg, which ends with the number given last.
  pid_t given; ///< Every process with a lower number was looked at; 0: not known.
  WxListing listed_processes;
  WxListing listed_tasks;
  char *buffer;     ///< For the mappings of a new process.
  WxGroup group;    ///< Used by the freezer that freezes a whole group.
  WxExtents mapped; ///< Parts of the file that any process maps, normal.
  WxMaps maps;
};

typedef struct WxHerd WxHerd;

/// Starts with the process `pid` and its file `memfd`. -ESRCH where it has ended. After a failure
/// there is nothing to close.
int wx_herd_open(WxHerd *herd, pid_t pid, const WxMemfd *memfd, WxReason *reason);

/// While all run: finds who holds the file and which parts of it (`mapped`), and makes room. -ESRCH
/// where no process holds it any more; -EACCES where a descendant of one that does cannot be looked
/// at; -E2BIG where there are too many.
int wx_herd_refresh(WxHerd *herd, WxReason *reason);

/// Forgets the tasks of the last freeze.
void wx_herd_begin(WxHerd *herd);

/// Adds the tasks of the listed processes that are not known yet. Returns how many, or -ENOBUFS
/// where there is no room for them.
int wx_herd_find_tasks(WxHerd *herd);

/// While all run, before a freeze: looks at the processes that are new, so that little is left to
/// be looked at under the freeze. Returns 0 or a negative errno as wx_herd_refresh().
int wx_herd_catch_up(WxHerd *herd, WxReason *reason);

/// Adds processes that hold the file and were not there at the last refresh. Returns how many, or a
/// negative errno as wx_herd_refresh().
int wx_herd_find_processes(WxHerd *herd, WxReason *reason);

void wx_herd_close(WxHerd *herd);

#endif
