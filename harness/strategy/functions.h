/**
   @file functions.h
   The level at which a JIT works: functions of some bytes each, not blocks. Any strategy has it: by
   slots in blocks of its own, unless it brings something better (WxStrategy.functions).

   Errors: as strategy.h; all but open is all or nothing, except that after a failed write it is not
   known what is there until one succeeds. One thread at a time.
*/
#ifndef WX_STRATEGY_FUNCTIONS_H
#define WX_STRATEGY_FUNCTIONS_H

#include "strategy/strategy.h"

/// What is done with functions. An implementation's own state begins with WxFunctions.
typedef struct {
  int (*allocate)(WxFunctions *self, size_t size, void **code);
  int (*write)(WxFunctions *self, void *code, const void *bytes, size_t size);
  int (*release)(WxFunctions *self, void *code);
  int (*close)(WxFunctions *self);
} WxFunctionVerbs;

struct WxFunctions {
  const WxFunctionVerbs *verbs;
};

/// Opens the functions of `allocator`, which must live longer. Returns 0 or a negative errno.
int wx_functions_open(WxAllocator *allocator, WxFunctions **opened);

/// Finds room for `size` bytes (> 0) of code, at a multiple of 16. What is there is not defined.
int wx_functions_allocate(WxFunctions *functions, size_t size, void **code);

/// Writes the first `size` bytes of a function, which can be called afterwards: it is published, or
/// where it was written before patched. -EPERM where the strategy writes a page once.
int wx_functions_write(WxFunctions *functions, void *code, const void *bytes, size_t size);

/// Gives a function back. -EINVAL for what is none.
int wx_functions_release(WxFunctions *functions, void *code);

/// Gives back what is left, and closes. On failure all stays open and the call can be repeated.
int wx_functions_close(WxFunctions *functions);

#endif
