/**
   @file all.h
   Reclaims once from all processes, users taking turns (fair.h).
*/
#ifndef WX_RECLAIM_ALL_H
#define WX_RECLAIM_ALL_H

#include "reclaim/reclaim.h"
#include "reclaim/select.h"
#include "stats/problem.h"

#include <stddef.h>

typedef struct {
  const WxSelection *selection; ///< NULL: no matter.
  WxReclaimOptions reclaim;
  /// Gets each memfd in the end: 0, or why it could not be done, and what was done.
  void (*done)(void *context, int error, const char *why, const WxReclaim *result);
  void *context;
} WxAllOptions;

typedef struct {
  size_t files;    ///< That were found.
  size_t failed;   ///< Of them.
  size_t left_out; ///< Because there were too many (crowd.h).
  size_t ours;     ///< Processes of wxbench's own, which are left out (select.h).
} WxAllDone;

/// A file that cannot be reached through one process is tried through the others that hold it. 0
/// also where some or all failed; else what kept it from looking.
int wx_reclaim_all(const WxAllOptions *options, WxAllDone *done);

#endif
