/**
   @file holds.h
   Whether one process holds the memfd (holders.h).
*/
#ifndef WX_RECLAIM_HOLDS_H
#define WX_RECLAIM_HOLDS_H

#include "reclaim/holders.h"

enum { WX_HOLDS_BUFFER = 64 * 1024 }; ///< Bytes of WxHolders.buffer.

/// Whether `pid` has a descriptor of the file that it can write to; `*leaks` is set where a program
/// executed by it would inherit one. Returns 1, 0 or a negative errno.
int wx_holds_descriptor(WxHolders *holders, pid_t pid, bool *leaks);

/// Whether `pid` has such a descriptor or maps any part of the file. Returns as above.
int wx_holds(WxHolders *holders, pid_t pid, bool *leaks);

#endif
