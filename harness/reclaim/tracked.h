/**
   @file tracked.h
   Memfds that are held near their live size, each reached through one process: when to look, when
   to act, when to wait; and how many there may be.

   A file is open only while there is something to do and room for it: more of them are known than
   can be held open (sidecar.h). There are so many at most, fairly by user.

   A file that several processes hold is reached through one of them. Where that one is refused, the
   others are tried: what is wrong with one process must not keep another from being served.
*/
#ifndef WX_RECLAIM_TRACKED_H
#define WX_RECLAIM_TRACKED_H

#include "reclaim/discovery.h"
#include "reclaim/pauses.h"
#include "reclaim/reclaim.h"
#include "reclaim/target.h"
#include "stats/problem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One file
 * -------------------------------------------------------------------------------------------------
 */

/// How much may be orphaned before something is done: both have to be passed.
typedef struct {
  uint64_t bytes;
  double percent; ///< Of what is allocated.
} WxReclaimBound;

/// Bytes of the reason why a file is refused, which is kept for each; what is longer is cut.
enum { WX_TRACKED_REFUSED = 320 };

typedef struct {
  pid_t pid; ///< The process it is reached through.
  uint32_t user;
  WxMemfd memfd;
  uint64_t served; ///< The turn in which it was served last; 0: not yet.
  bool open;
  int pidfd; ///< While it is open: of a process that holds it, the first one at first; -1 without.
  WxTarget target;
  uint64_t first_bytes;  ///< Allocated when it was found.
  uint64_t seen_bytes;   ///< Allocated after the last look.
  uint64_t growth_bytes; ///< The most that it grew by between two looks.
  bool advised;          ///< It was said that this may be too much.
  uint64_t next_look_ns; ///< Not before this moment, unless it is urged.
  uint32_t quiet;        ///< Cycles to let pass while st_blocks stays the same.
  uint32_t quiet_length;
  uint64_t wait_ns;                 ///< After a failure; doubles.
  bool ended;                       ///< A process of it has ended: look who is left.
  bool wants;                       ///< A turn, in this cycle.
  bool gone;                        ///< To be ended.
  int error;                        ///< What came of its last turn.
  bool told;                        ///< The reason was said.
  char refused[WX_TRACKED_REFUSED]; ///< Why it cannot be done at all; "" while it can.
  WxReclaim before;                 ///< What was done while it was open earlier.
  WxPauseLog *log;                  ///< The pauses of it; NULL: none.
} WxTracked;

/// What a turn has done.
typedef enum {
  WX_TRACKED_LOOKED, ///< Nothing to be done.
  WX_TRACKED_ACTED,
  WX_TRACKED_WAITS, ///< It could not be done now; `wait_ns` until the next attempt.
} WxTrackedOutcome;

/// Begins with a file that was found. It ends with wx_tracked_end().
void wx_tracked_begin(WxTracked *tracked, pid_t pid, uint32_t user, const WxMemfd *memfd);

/// Whether it wants a turn: one system call. `urged`: whatever was seen before. -ESRCH: its process
/// has ended. -ESTALE: the process has closed it, or has another file in its place.
int wx_tracked_wants_turn(WxTracked *tracked, WxReclaimBound bound, bool urged);

/// A turn: opens it, looks, and gives back what passes the bound; whatever is orphaned where it is
/// urged. It is open afterwards, except after a failure to open it. -ESRCH: nobody holds the memfd
/// any more: end it, or its memory stays. Other errors: it cannot be done at all, `problem` says
/// why.
int wx_tracked_turn(WxTracked *tracked, const WxReclaimOptions *options, WxReclaimBound bound,
                    bool urged, WxTrackedOutcome *outcome, WxProblem *problem);

/// Notes that it cannot be done, `problem` is why; it is closed and tried again later, less and
/// less often. Another reason than the last one was not told yet.
void wx_tracked_refuse(WxTracked *tracked, int error, const WxProblem *problem);

/// Gives its descriptors back. -ENOMEM where what was done could not be kept in mind; it is closed
/// all the same.
int wx_tracked_close(WxTracked *tracked);

/// What was done since it was begun.
WxReclaim wx_tracked_result(const WxTracked *tracked);

void wx_tracked_end(WxTracked *tracked);

/* All of them
 * -------------------------------------------------------------------------------------------------
 */

/// The most files, and the most of them that are open. What one that is open needs is for the most
/// part up to how many processes hold it: so descriptors are counted, too.
enum { WX_TRACKED_FILES = 1024, WX_TRACKED_OPEN = 16, WX_TRACKED_DESCRIPTORS = 512 };

/// Start with {0}, end with wx_tracked_files_free().
typedef struct {
  WxTracked **items;
  size_t count;
  size_t capacity;
} WxTrackedFiles;

typedef enum {
  WX_TRACKED_NEW,   ///< It was added, as the last one.
  WX_TRACKED_KNOWN, ///< It is watched already.
  WX_TRACKED_FULL,  ///< There are too many: this one is left out.
} WxTrackedPlace;

/// Adds a file of a process, unless it is known. Where there are too many, `*leaves` is one of the
/// user who has most, to be removed first (then this is called again), or NULL where this user is
/// it. Returns a WxTrackedPlace or -ENOMEM.
int wx_tracked_files_add(WxTrackedFiles *files, const WxSeenProcess *process, const WxMemfd *memfd,
                         size_t most, WxTracked **leaves);

/// Removes one, and ends it.
void wx_tracked_files_remove(WxTrackedFiles *files, WxTracked *tracked);

/// Closes those that had their turn longest ago, other than `kept`, until no more than `most_open`
/// are open and this process has no more than `most_descriptors`. -ENOMEM as wx_tracked_close().
int wx_tracked_files_close_some(WxTrackedFiles *files, const WxTracked *kept, size_t most_open,
                                size_t most_descriptors);

void wx_tracked_files_free(WxTrackedFiles *files);

#endif
