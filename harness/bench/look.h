/**
   @file look.h
   What this process maps and holds, looked at from inside: for a process that does one piece of
   work on one allocator.
*/
#ifndef WX_BENCH_LOOK_H
#define WX_BENCH_LOOK_H

#include "bench/work.h"

/// Adds to `report` what the allocator maps now: the most mappings, and whether one of them can be
/// written and executed. Returns 0 or a negative errno, as all of these.
int wx_look_mappings(WxAllocator *allocator, WxWorkReport *report);

/// The same of all that the process maps, whoever it is from.
int wx_look_process(WxWorkReport *report);

/// Whether the byte at `address` is mapped writable, there or elsewhere.
int wx_look_writable(uintptr_t address, bool *writable);

/// What the runtime's files hold that this process has; -1 where it may not ask one of them.
int wx_look_files(int64_t *bytes);

/// What all memory files that are open hold, and private memory that belongs to no file and no
/// heap: of an allocator of which it is not known what it uses.
int wx_look_held(int64_t *bytes);

/// Whether the page at `code` can be made writable and executable, by trying it.
bool wx_look_reprotect(const void *code);

#endif
