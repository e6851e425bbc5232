/**
   @file churn.h
   A program with the invariants of the runtime's allocator, at full speed: several threads reserve
   blocks of one double-mapped memfd, see that fresh pages are zero, generate code, call it, check
   what it returns, and release the blocks, in the runtime's manner.
*/
#ifndef TESTS_SUPPORT_CHURN_H
#define TESTS_SUPPORT_CHURN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { WX_CHURN_BLOCK = 512 * 1024 }; ///< The largest block.

/// What goes on, in memory that another process can read.
typedef struct {
  _Atomic uint64_t live_bytes; ///< Whole blocks reserved and not yet released.
  _Atomic uint64_t live_peak_bytes;
  _Atomic uint64_t reserved_bytes; ///< In all.
  _Atomic uint64_t released_bytes; ///< In all.
  _Atomic uint64_t checks;         ///< Functions called, with the right result.
  _Atomic uint64_t wrong;          ///< Wrong results, and fresh pages that were not zero.
  _Atomic int error;               ///< A verb of the allocator failed: negative errno.
  _Atomic bool stop;               ///< Set by whoever wants the threads to end.
  _Atomic bool ready;              ///< All threads run.
  _Atomic bool hold;   ///< Set by whoever wants the threads to hold still, all released.
  _Atomic int holding; ///< How many do.
} WxChurn;

/// Maps one that forked children share.
WxChurn *wx_churn_new(void);
void wx_churn_free(WxChurn *churn);

/// Runs `threads` threads until `churn->stop`, then releases all. Each keeps up to `keep` blocks.
/// Returns 0 where nothing went wrong.
int wx_churn_run(WxChurn *churn, unsigned threads, unsigned keep);

/// Forks a child that does so. Returns its pid once its threads run.
pid_t wx_churn_fork(WxChurn *churn, unsigned threads, unsigned keep);

/// Forks a child that releases `bytes` of blocks, so that they are retained, and then holds still
/// or keeps `busy` threads computing. Returns its pid once that is so; it ends by a signal.
pid_t wx_churn_retain(WxChurn *churn, uint64_t bytes, unsigned busy);

#endif
