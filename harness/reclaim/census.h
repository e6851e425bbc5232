/**
   @file census.h
   Every process there is, by the numbers that the kernel has given out (holders.h).
*/
#ifndef WX_RECLAIM_CENSUS_H
#define WX_RECLAIM_CENSUS_H

#include "reclaim/holders.h"

/// The number that was given to a process or thread last, 0 where it cannot be known; `*runnable`
/// (may be NULL): how many tasks had or wanted a processor, 0 where only the number is told.
pid_t wx_census_last(const WxHolders *holders, unsigned *runnable);

/// Notes a process that has to be read, unless it is known. Returns 0 or -ENOMEM.
int wx_census_insert(WxHolders *holders, pid_t pid);

/// Notes who has a number now that nobody had; where that cannot be asked, wx_census_born() lists
/// all. Returns 0 or a negative errno.
int wx_census_again(WxHolders *holders);

/// Notes who was born after the last update, when `last` is the number given last; all processes
/// there are with `all`. Returns as above.
int wx_census_born(WxHolders *holders, pid_t last, bool all);

#endif
