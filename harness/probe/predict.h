/**
   @file predict.h
   What a version of .NET does at start-up where things are as they were tried: does it start, and
   is W^X on. What was not measured is unknown.
*/
#ifndef WX_PROBE_PREDICT_H
#define WX_PROBE_PREDICT_H

#include "probe/tries.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum {
  WX_STARTS_ON,  ///< It starts, with W^X on.
  WX_STARTS_OFF, ///< It starts, with W^X off: as set, or silently.
  WX_DIES,       ///< It does not start.
  WX_START_UNKNOWN,
} WxStart;

typedef struct {
  WxStart start;
  char why[512];       ///< The cause, and what changes it. Empty where nothing is in the way.
  char ends[32];       ///< How it ends where it dies, `exit 137` or `SIGSEGV`; empty: not known.
  const char *message; ///< What it says then on stderr, among others; NULL: not known or nothing.
} WxPrediction;

/// `on`, `off`, `dies` or `unknown`, as in JSON.
const char *wx_start_name(WxStart start);

/// The major version of a version or of a beginning of one (`10`, `10.0.1`); 0 where it is none.
unsigned wx_probe_major(const char *version);

/// The major versions that were measured, oldest first; 0 behind the last.
unsigned wx_probe_major_at(size_t index);

/// Predicts for a major version, with W^X switched on (as shipped) or off by
/// DOTNET_EnableWriteXorExecute=0.
void wx_predict(const WxTries *tries, unsigned major, bool on, WxPrediction *prediction);

#endif
