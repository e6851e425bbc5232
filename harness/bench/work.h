/**
   @file work.h
   One piece of work on one strategy or peer, in a process that was executed for it
   (measure/fresh.h): what an operation takes, what is left of it, and what could be written
   meanwhile.
*/
#ifndef WX_BENCH_WORK_H
#define WX_BENCH_WORK_H

#include "bench/peer.h"
#include "stats/ended.h"
#include "stats/figure.h"
#include "strategy/strategy.h"

#include <stdbool.h>
#include <stdint.h>

/// A kind of work. A new one is a row in work.c.
typedef struct WxWork {
  const char *name;
  const char *operation; ///< What is timed.
  const char *means;
  size_t size;      ///< Of a block in bytes; 0: of 64 KiB.
  unsigned live;    ///< Blocks with code that live beside it, of a page each; they live to the end.
  unsigned threads; ///< Each does all operations.
  bool patches;     ///< Writes into pages that were written before.
  bool functions;   ///< Of functions, not of blocks: for peers, too.
  bool mixed;       ///< Of blocks of several sizes, which come and go.
  bool beside;      ///< While another thread runs code.
  bool publishes;   ///< Writes a function over and over, and nothing else.
  bool forks;       ///< Each operation is a child.
  bool named_only;  ///< Done only where it is named.
  const char *base; ///< What all are compared with; NULL: the first strategy.
  const struct WxWork *alone; ///< The same by one thread, done in each round as well; or NULL.
} WxWork;

/// The `index`-th kind, NULL at the end.
const WxWork *wx_work_at(size_t index);

/// What does the work: one of both.
typedef struct {
  const WxStrategy *strategy;
  const WxPeer *peer;
} WxWorkSubject;

const char *wx_work_subject_name(WxWorkSubject subject);

/// Why the subject takes no part in this work, a phrase; NULL where it does.
const char *wx_work_unfit(const WxWork *work, WxWorkSubject subject);

/// When code can be written by a store to memory.
typedef enum {
  WX_WRITABLE_NEVER,
  WX_WRITABLE_MEANWHILE,
  WX_WRITABLE_ALWAYS,
  WX_WRITABLE_NOT_AFTERWARDS, ///< What is while it is written was not seen.
  WX_WRITABLE_UNKNOWN,
} WxWritable;

enum {
  WX_WORK_PROBLEM = 256,
  WX_WORK_UNTIMED = 32, ///< Operations before those that are timed.
};

typedef struct {
  int error;                     ///< A negative errno, or 0. First, as WxFreshPart wants it.
  char problem[WX_WORK_PROBLEM]; ///< The same in words.
  bool finished;                 ///< It came to its end.
  uint64_t ns;                   ///< Of all operations, wall time.
  int64_t syscalls;              ///< Of the operations that are not timed; -1: not known.
  int64_t retained_bytes;        ///< Held when all was released; -1: not known.
  int64_t mappings;    ///< Of the strategy, while all blocks live; of a peer those of its process
                       ///< that were not there before.
  bool wx_page;        ///< A page was writable and executable at one address.
  WxWritable writable; ///< Code, at its own address or at another one.
  bool reprotect;      ///< mprotect() made code writable.
} WxWorkReport;

/// Does the work `operations` times in a process of its own, after some that are not timed.
/// `ended` says how that ended; the report counts only where it ended well. Returns 0, or a
/// negative errno where it could not be begun.
int wx_work_run(const WxWork *work, WxWorkSubject subject, uint64_t operations,
                uint64_t time_limit_ns, WxWorkReport *report, WxEnded *ended);

#endif
