/**
   @file lock.h
   A lock that a forked child need not fear: its word holds the process that took it, and a child
   takes it from the thread of its parent that does not exist here. All zero is a free lock.
*/
#ifndef WX_PRELOAD_LOCK_H
#define WX_PRELOAD_LOCK_H

#include "preload/raw.h"

#include <stdatomic.h>
#include <stdbool.h>

typedef struct {
  _Atomic uint32_t word; ///< The process, and the top bit where somebody waits.
} WxLock;

enum { WX_LOCK_TRIES = 100 };
#define WX_LOCK_AWAITED ((uint32_t)1 << 31)

static inline bool wx_lock_try(WxLock *lock, uint32_t expected, uint32_t taken) {
  return atomic_compare_exchange_strong(&lock->word, &expected, taken);
}

/// Takes the lock for a thread of the process `pid`.
static inline void wx_lock_take(WxLock *lock, uint32_t pid) {
  for (unsigned tries = 0;; tries++) {
    const uint32_t word = atomic_load(&lock->word);
    if (word == 0 || (word & ~WX_LOCK_AWAITED) != pid) {
      // Whoever had to wait takes it as awaited, since others may wait still.
      if (wx_lock_try(lock, word, tries > WX_LOCK_TRIES ? pid | WX_LOCK_AWAITED : pid))
        return;
    } else if (tries > WX_LOCK_TRIES &&
               (word & WX_LOCK_AWAITED || wx_lock_try(lock, word, word | WX_LOCK_AWAITED))) {
      wx_raw_wait((const uint32_t *)(const void *)&lock->word, word | WX_LOCK_AWAITED);
    }
  }
}

static inline void wx_lock_release(WxLock *lock) {
  if (atomic_exchange(&lock->word, 0) & WX_LOCK_AWAITED)
    wx_raw_wake((const uint32_t *)(const void *)&lock->word);
}

#endif
