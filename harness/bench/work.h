/**
   @file work.h
   One piece of work on one strategy, in a process that was executed for it (measure/fresh.h): what
   an operation takes, what is left of it, and what could be written meanwhile.
*/
#ifndef WX_BENCH_WORK_H
#define WX_BENCH_WORK_H

#include "stats/ended.h"
#include "stats/figure.h"
#include "strategy/strategy.h"

#include <stdbool.h>
#include <stdint.h>

/// A kind of work. A new one is a row in work.c.
typedef struct {
  const char *name;
  const char *operation; ///< What is timed.
  const char *means;
  unsigned live;    ///< Blocks with code that live beside it.
  unsigned threads; ///< Each does all operations.
  bool patches;     ///< Writes into pages that were written before.
} WxWork;

/// The `index`-th kind, NULL at the end.
const WxWork *wx_work_at(size_t index);

/// When code can be written by a store to memory.
typedef enum { WX_WRITABLE_NEVER, WX_WRITABLE_MEANWHILE, WX_WRITABLE_ALWAYS } WxWritable;

typedef struct {
  int error;               ///< A negative errno, or 0.
  uint64_t ns;             ///< Of all operations, wall time.
  WxFigure retained_bytes; ///< Allocated in its files when all blocks are released; 0 with live.
  int64_t mappings;        ///< Of the strategy, while all blocks live.
  bool wx_page;            ///< A page was writable and executable at one address.
  WxWritable writable;     ///< Code, at its own address or at another one.
  bool reprotect;          ///< mprotect() made code writable.
} WxWorkReport;

/// Does the work `operations` times in a process of its own, after some that are not timed.
/// `ended` says how that ended; the report counts only where it ended well. Returns 0, or a
/// negative errno where it could not be begun.
int wx_work_run(const WxWork *work, const WxStrategy *strategy, uint64_t operations,
                uint64_t time_limit_ns, WxWorkReport *report, WxEnded *ended);

#endif
