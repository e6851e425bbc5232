/**
   @file tries.h
   What a .NET runtime needs at start-up, tried here: each thing in a child process of its own,
   which a refusal may kill. Nothing of the caller changes.
*/
#ifndef WX_PROBE_TRIES_H
#define WX_PROBE_TRIES_H

#include "stats/figure.h"

#include <stdbool.h>

/// What is tried: TRY(name, key, what it is).
#define WX_TRIES(TRY)                                                                              \
  TRY(WX_TRY_PROC, "proc", "reading /proc/self")                                                   \
  TRY(WX_TRY_THREAD, "thread", "starting a thread")                                                \
  TRY(WX_TRY_THREADS, "threads", "starting 16 threads")                                            \
  TRY(WX_TRY_MEMFD, "memfd", "memfd_create")                                                       \
  TRY(WX_TRY_WHOLE_SIZE, "whole_size", "ftruncate of the memfd to 2 TiB")                          \
  TRY(WX_TRY_FITTING_SIZE, "fitting_size", "ftruncate of the memfd to what the limits allow")      \
  TRY(WX_TRY_COMMIT, "commit", "making reserved pages of the memfd executable")                    \
  TRY(WX_TRY_SECOND_VIEW, "second_view", "a writable second view of the memfd")                    \
  TRY(WX_TRY_RUN, "run", "running code that was written through the second view")                  \
  TRY(WX_TRY_WRITABLE_CODE, "writable_code", "private memory that is writable and executable")     \
  TRY(WX_TRY_PUNCH, "punch", "punching a hole into the memfd (fallocate)")

#define WX_TRY_NAME(NAME, KEY, WHAT) NAME,
typedef enum { WX_TRIES(WX_TRY_NAME) WX_TRY_COUNT } WxTry;
#undef WX_TRY_NAME

typedef enum {
  WX_TRIED_UNKNOWN, ///< The child could not be run.
  WX_TRIED_WORKS,
  WX_TRIED_REFUSED, ///< `code` is the errno.
  WX_TRIED_KILLED,  ///< `code` is the signal.
} WxTriedHow;

typedef struct {
  WxTriedHow how;
  int code;
} WxTried;

/// Larger than any limit.
#define WX_UNLIMITED INT64_MAX

/// What was found here. Sizes are bytes; what cannot be read is WX_UNKNOWN.
typedef struct {
  WxTried tried[WX_TRY_COUNT];
  WxFigure address_space_limit; ///< RLIMIT_AS, or WX_UNLIMITED.
  WxFigure file_size_limit;     ///< RLIMIT_FSIZE, or WX_UNLIMITED.
  WxFigure memory_bytes;        ///< Of this machine.
  WxFigure group_limit;         ///< Of the memory group, or WX_UNLIMITED.
  WxFigure max_map_count;       ///< vm.max_map_count.
  WxFigure seccomp;             ///< 0, or not 0 where a filter is in force.
  WxTried call;                 ///< The first of the calls of calls.h that a filter refuses, and
  const char *call_name;        ///< its name; NULL where none is, or no filter is in force.
  bool heap_is_set;             ///< The environment says how large the garbage collector's heap is.
  bool is_measured;             ///< The processor is of the kind that was measured.
} WxTries;

/// The key of a try, as in JSON, and what it is, for people.
const char *wx_try_key(WxTry which);
const char *wx_try_what(WxTry which);

/// How a try ended: `works`, `EPERM`, `SIGSYS`; NULL where it is unknown. Writes into `text`.
const char *wx_tried_text(WxTried tried, char text[static 32]);

/// Tries all. Cannot fail: what cannot be tried is unknown.
void wx_tries_run(WxTries *tries);

#endif
