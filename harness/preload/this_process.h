/**
   @file this_process.h
   Which process this is, without a system call each time: a page that the kernel clears in a forked
   child holds the answer. Where there is no such page (before Linux 4.14, under an emulator), the
   kernel is asked.
*/
#ifndef WX_PRELOAD_THIS_PROCESS_H
#define WX_PRELOAD_THIS_PROCESS_H

#include "preload/raw.h"

#include <stdatomic.h>

/// All zero asks the kernel.
typedef struct {
  _Atomic uint32_t *cleared_on_fork;
} WxProcess;

/// Gets the page, once.
void wx_process_begin(WxProcess *process);

static inline uint32_t wx_process_id(const WxProcess *process) {
  _Atomic uint32_t *page = process->cleared_on_fork;
  uint32_t pid = page ? atomic_load_explicit(page, memory_order_relaxed) : 0;
  if (pid == 0) {
    pid = (uint32_t)wx_raw_getpid();
    if (page)
      atomic_store_explicit(page, pid, memory_order_relaxed);
  }
  return pid;
}

#endif
