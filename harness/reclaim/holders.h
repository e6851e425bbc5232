/**
   @file holders.h
   The processes that hold one memfd, and their tasks: what has to stand still together while pages
   are checked and punched.

   A process holds the file if it maps any part of it, or has a descriptor of it that it can write
   to, under whatever number. (One that can only be read, as this tool's own, can change nothing.)
   It comes to hold it by being forked from one that does, or by getting a descriptor: sent to it,
   or opened through /proc.

   Who holds it is found afresh before each pause, while all run. Every process is read; only one
   that has not run since it was read completely need not be read again, since it cannot have done
   anything: the same entry of /proc (its inode number is another one where a process number was
   used again) and the same processor clock, to the nanosecond. (What a process is using right now
   reaches its clock with the next timer tick, 1 to 10 ms later.)

   Under the freeze nothing is read of others. That nobody was born since the processes were read is
   seen by which number the kernel gave out last, and by the numbers given before that nobody was
   seen to have: a process that is being born has its number for a while before it can be seen, for
   long where its parent waits for a processor meanwhile. Once all holders have stood still, all
   their children can be seen.
*/
#ifndef WX_RECLAIM_HOLDERS_H
#define WX_RECLAIM_HOLDERS_H

#include "measure/extents.h"
#include "measure/maps.h"
#include "measure/memfd.h"
#include "reclaim/freezer_cgroup.h"
#include "reclaim/proc.h"
#include "stats/figure.h"
#include "stats/problem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// The most processes that are held together, and the most numbers without a process.
enum { WX_HOLDERS_MOST = 64, WX_HOLDERS_MOST_ABSENT = 1024 };

typedef struct {
  pid_t pid;
  pid_t memory_task; ///< Number below /proc that shows its memory (proc.h).
  int pidfd;         ///< It names this process also after its number was used again; -1 without.
  int tasks;         ///< Open /proc/PID/task.
  bool forked;       ///< Had executed no program since it was forked, when it was looked at.
  bool leaks;        ///< Has a descriptor that a program executed by it would inherit.
  bool stopped;      ///< Held by the freezer.
  bool untouched;    ///< Was stopped by someone else: must stay so.
  uint64_t start_ticks;
} WxHolder;

typedef enum {
  WX_TASK_RUNS,
  WX_TASK_STOPPED,
  WX_TASK_GONE, ///< Has ended, even if it can still be listed.
} WxHeldTaskState;

typedef struct {
  pid_t id;
  uint16_t holder; ///< Index in the list.
  uint8_t state;   ///< WxHeldTaskState.
  uint8_t signal;  ///< Caught on its way in: to be delivered when the task goes on.
  bool attached;   ///< Traced by us.
  bool asked;      ///< Was told to stop.
} WxHeldTask;

/// WxKnown.kind.
enum {
  WX_UNREAD,
  WX_STRANGER,      ///< Does not hold the file.
  WX_OF_KERNEL,     ///< Never will.
  WX_CRASH_HANDLER, ///< Does not hold it; writes a dump of its parent, whom it has to trace.
  WX_UNREADABLE,    ///< May not be read.
  WX_ENDED,         ///< Or a holder: to be left out.
};

/// What is known of a process that was read.
typedef struct {
  pid_t pid;
  pid_t parent;
  uint64_t inode;   ///< Of its entry in /proc; 0 where it was not listed.
  uint64_t used_ns; ///< Its processor clock before it was read.
  uint64_t start_ticks;
  uint8_t kind;
  bool forked; ///< Had executed no program since it was forked.
} WxKnown;

/// Only a WxFreezer and holders.c look inside.
struct WxHolders {
  WxFileId file;
  pid_t pid; ///< The process that the file was reached through; the first, while it lives.
  int proc;  ///< Open /proc.
  int last;  ///< Open file that tells the number given last: /proc/loadavg, or where that is not
             ///< the kernel's own /proc/sys/kernel/ns_last_pid.
  WxHolder items[WX_HOLDERS_MOST];
  size_t count;
  WxHeldTask *tasks;
  size_t task_count;
  size_t task_capacity;
  size_t outside; ///< Tasks that are held although they have not stopped, outside their program.
  WxKnown *known; ///< Every process but holders, ascending.
  size_t known_count;
  size_t known_capacity;
  size_t unreadable; ///< Processes that may not be read, and cannot hold the file.
  pid_t given;       ///< Every process up to this number was read, but for the absent.
  pid_t absent[WX_HOLDERS_MOST_ABSENT]; ///< Given, and nobody has it: ended, or not to be seen yet.
  size_t absent_count;
  bool absent_missed; ///< There were more.
  bool must_list;     ///< All processes, with the next update.
  bool settled;       ///< All have stood still at once, so that nobody born before is unseen.
  unsigned runnable;  ///< Tasks of the whole system that had or wanted a processor then; 0 unknown.
  unsigned waited_for_young; ///< Pauses in a row put off because a process was just forked.
  bool may_trace_any;        ///< The caller has CAP_SYS_PTRACE.
  WxListing listed_processes;
  WxListing listed_tasks;
  WxListing listed_descriptors;
  char *buffer;     ///< For the mappings of a process.
  WxGroup group;    ///< Used by the freezer that freezes a whole group.
  WxExtents mapped; ///< Parts of the file that any process maps, normal.
  WxMaps maps;
};

typedef struct WxHolders WxHolders;

/// Starts with the process `pid` and its file. -ESRCH where it has ended; -ENOTSUP where births
/// cannot be seen, since no file of the kernel tells the number given last. After a failure there
/// is nothing to close.
int wx_holders_open(WxHolders *holders, pid_t pid, WxFileId file, WxProblem *problem);

/// Whether `pid` is one of them.
bool wx_holders_has(const WxHolders *holders, pid_t pid);

/// While all run: finds who holds the file and which parts of it (`mapped`), and makes room. -ESRCH
/// where no process holds it any more; -E2BIG where there are too many; and as
/// wx_holders_update(), but that a process which starts a program is waited for.
int wx_holders_look(WxHolders *holders, WxProblem *problem);

/// While all run, before each pause: reads all that have run since they were read. -EBUSY where the
/// processes have to be left alone for now: one that might hold the file may not be read, a core of
/// one is being written, or a crash handler of the runtime works on it. -EAGAIN where one starts
/// a program: a moment later it can be told.
int wx_holders_update(WxHolders *holders, WxProblem *problem);

/// While all run, as the last thing before a pause: as wx_holders_update(), but only of processes
/// that were born since.
int wx_holders_update_born(WxHolders *holders, WxProblem *problem);

/// Under the freeze: whether a process was born since the last update that is none of the tasks
/// here. Reads nothing of any process.
bool wx_holders_has_newborn(const WxHolders *holders);

/// Under the freeze, once all tasks are held: as wx_holders_has_newborn(), and whether somebody has
/// one of the numbers that nobody had. Where all have stopped,
/// nobody is unseen any more, and the numbers that nobody had are forgotten.
bool wx_holders_settle(WxHolders *holders);

/// For whoever knows that all have stood still since the last update: forgets the numbers that
/// nobody had.
void wx_holders_forget_absent(WxHolders *holders);

/// For a freezer that traces: whether a holder was forked a moment ago and has executed no program
/// since, -EAGAIN. Attaching waits while it does, and without CAP_SYS_PTRACE it must not be traced
/// then. A few times in a row at most where the caller may trace anybody.
int wx_holders_check_young(WxHolders *holders, WxProblem *problem);

/// Whether, when last asked, others than the holders and the caller wanted a processor.
bool wx_holders_is_crowded(const WxHolders *holders);

/// Processor time that the holders have used, in nanoseconds; what one is using right now may be
/// missing. WX_UNKNOWN where it cannot be known.
WxFigure wx_holders_used_ns(const WxHolders *holders);

/// Whether the holders wait for something, and have since they had used `used_ns`: nothing in the
/// whole system but the caller wants a processor.
bool wx_holders_is_at_rest(const WxHolders *holders, WxFigure used_ns);

/// Forgets the tasks of the last freeze.
void wx_holders_begin(WxHolders *holders);

/// Adds the tasks of the holders that are not known yet. Returns how many, or -ENOBUFS where there
/// is no room for them.
int wx_holders_find_tasks(WxHolders *holders);

void wx_holders_close(WxHolders *holders);

/* Inside: whether one process holds the file (holds.c), and every process there is, by the numbers
 * that the kernel has given out (census.c)
 * -------------------------------------------------------------------------------------------------
 */

enum { WX_HOLDS_BUFFER = 64 * 1024 }; ///< Bytes of WxHolders.buffer.

/// Whether `pid` has a descriptor of the file that it can write to; `*leaks` is set where a program
/// executed by it would inherit one. Returns 1, 0 or a negative errno.
int wx_holds_descriptor(WxHolders *holders, pid_t pid, bool *leaks);

/// Whether `pid` has such a descriptor or maps any part of the file. Returns as above.
int wx_holds(WxHolders *holders, pid_t pid, bool *leaks);

/// The number that was given to a process or thread last, 0 where it cannot be known; `*runnable`
/// (may be NULL): how many tasks had or wanted a processor, 0 where only the number is told.
pid_t wx_census_last(const WxHolders *holders, unsigned *runnable);

/// Notes a process that has to be read, unless it is known. Returns 0 or -ENOMEM.
int wx_census_insert(WxHolders *holders, pid_t pid);

/// Notes who has a number now that nobody had; where that cannot be asked, wx_census_born() lists
/// all. Returns 0 or a negative errno.
int wx_census_again(WxHolders *holders);

/// Notes who was born after the last update, when `last` is the number given last; all processes
/// there are with `all`. Returns as above.
int wx_census_born(WxHolders *holders, pid_t last, bool all);

#endif
