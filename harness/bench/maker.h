/**
   @file maker.h
   What makes functions that are called and checked: a strategy, by strategy/functions.h, or the
   library of another project (peer.h).

   Errors: negative errno; -EILSEQ where a call gave a wrong value. One thread at a time.
*/
#ifndef WX_BENCH_MAKER_H
#define WX_BENCH_MAKER_H

#include "strategy/functions.h"

typedef struct WxMaker WxMaker;

/// An implementation's own state begins with it.
struct WxMaker {
  /// Makes a function numbered `identity`, of `size` bytes where the size can be chosen.
  int (*make)(WxMaker *self, size_t size, uint64_t identity, void **made);
  /// Calls it, and checks what comes back.
  int (*check)(WxMaker *self, void *made, size_t size, uint64_t identity);
  int (*drop)(WxMaker *self, void *made);
  /// Where its code begins; NULL where that is not known.
  const void *(*code)(WxMaker *self, void *made);
  int (*close)(WxMaker *self);
};

/// Sizes lie below this.
enum { WX_MAKER_MOST = 16 * 1024 };

/// Makes real machine code (codegen/) in functions of `allocator`, which must live longer.
int wx_maker_open(WxAllocator *allocator, WxMaker **opened);

#endif
