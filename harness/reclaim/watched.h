/**
   @file watched.h
   One memfd that is held near its live size: when to look, when to act, when to wait.

   It is reached through one process. It is open only while there is something to do and room for
   it: a watch knows more files than it can hold open (watch.h).
*/
#ifndef WX_RECLAIM_WATCHED_H
#define WX_RECLAIM_WATCHED_H

#include "reclaim/pauses.h"
#include "reclaim/reclaim.h"
#include "reclaim/target.h"
#include "stats/problem.h"

#include <stdbool.h>
#include <stdint.h>

/// How much may be orphaned before something is done: both have to be passed.
typedef struct {
  uint64_t bytes;
  double percent; ///< Of what is allocated.
} WxReclaimBound;

/// Bytes of the reason why a file is refused, which is kept for each; what is longer is cut.
enum { WX_WATCHED_REFUSED = 320 };

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
  char refused[WX_WATCHED_REFUSED]; ///< Why it cannot be done at all; "" while it can.
  WxReclaim before;                 ///< What was done while it was open earlier.
  WxPauseLog *log;                  ///< The pauses of it; NULL: none.
} WxWatched;

/// What a turn has done.
typedef enum {
  WX_WATCHED_LOOKED, ///< Nothing to be done.
  WX_WATCHED_ACTED,
  WX_WATCHED_WAITS, ///< It could not be done now; `wait_ns` until the next attempt.
} WxWatchedOutcome;

/// Begins with a file that was found. It ends with wx_watched_end().
void wx_watched_begin(WxWatched *watched, pid_t pid, uint32_t user, const WxMemfd *memfd);

/// Whether it wants a turn: one system call. `urged`: whatever was seen before. -ESRCH: its process
/// has ended. -ESTALE: the process has closed it, or has another file in its place.
int wx_watched_wants_turn(WxWatched *watched, WxReclaimBound bound, bool urged);

/// A turn: opens it, looks, and gives back what passes the bound; whatever is orphaned where it is
/// urged. It is open afterwards, except after a failure to open it. -ESRCH: nobody holds the memfd
/// any more: end it, or its memory stays. Other errors: it cannot be done at all, `problem` says
/// why.
int wx_watched_turn(WxWatched *watched, const WxReclaimOptions *options, WxReclaimBound bound,
                    bool urged, WxWatchedOutcome *outcome, WxProblem *problem);

/// Notes that it cannot be done, `problem` is why; it is closed and tried again later, less and
/// less often. Another reason than the last one was not told yet.
void wx_watched_refuse(WxWatched *watched, int error, const WxProblem *problem);

/// Gives its descriptors back. -ENOMEM where what was done could not be kept in mind; it is closed
/// all the same.
int wx_watched_close(WxWatched *watched);

/// What was done since it was begun.
WxReclaim wx_watched_result(const WxWatched *watched);

void wx_watched_end(WxWatched *watched);

#endif
