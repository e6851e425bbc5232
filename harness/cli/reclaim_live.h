/**
   @file reclaim_live.h
   The part of `wxbench reclaim` that works on running processes.
*/
#ifndef WX_CLI_RECLAIM_LIVE_H
#define WX_CLI_RECLAIM_LIVE_H

#include "cli/options.h"
#include "reclaim/reclaim.h"
#include "reclaim/select.h"
#include "reclaim/watched.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct {
  pid_t pid; ///< 0: all.
  bool all;
  WxSelection selection; ///< Of all; owned.
  uint64_t every_ns;     ///< 0: once.
  bool above_given;
  WxReclaimBound above;
  WxReclaimOptions reclaim;
} WxLiveOptions;

/// Reclaims once or as a sidecar, writes the result and frees `options` and the selection. Returns
/// the exit status.
int wx_reclaim_live(WxOptions *options, WxLiveOptions *own);

#endif
