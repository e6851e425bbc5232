/**
   @file program.h
   What a program takes of the runtime for itself: types of the framework, methods of its own. It is
   never unloaded, so only its extent matters, not its order.
*/
#ifndef WX_CLR_PROGRAM_H
#define WX_CLR_PROGRAM_H

#include "clr/loader_allocator.h"
#include "clr/versions.h"

enum { WX_CLR_DEMANDS = 32 };

/// What a program takes of the global allocator, and has the runtime write.
typedef enum {
  WX_CLR_LOW,           ///< Rarely touched data: maps of modules.
  WX_CLR_HIGH,          ///< Often touched data: types.
  WX_CLR_CELLS,         ///< Cells of virtual calls.
  WX_CLR_STUBS,         ///< Stubs of the stub linker.
  WX_CLR_PRECODES,      ///< Precodes, one by one.
  WX_CLR_STUB_PRECODES, ///< Precodes of other things than methods, in pages of their own.
  WX_CLR_CALL_COUNTS,   ///< Stubs that count calls for tiered compilation, also in their own.
  WX_CLR_CODE,          ///< Jitted methods.
  WX_CLR_CALLS,         ///< Stubs of virtual calls, each made when a call is first resolved.
  WX_CLR_BARRIER,       ///< Changes of the write barrier, made by the garbage collector.
  WX_CLR_HEAPS,
} WxClrHeap;

/// `count` allocations of `size` bytes (precodes: of one stub).
typedef struct {
  WxClrHeap heap;
  unsigned count;
  unsigned size;
  unsigned written; ///< Of each, how many bytes are ever written; 0: all.
} WxClrDemand;

/// What a program takes at one time, in order; ends before the first demand whose count is 0.
typedef struct {
  const char *workload; ///< "" for every one.
  const char *when;     ///< "start", "first" (unit), "hot", "late", "end".
  WxClrDemand demands[WX_CLR_DEMANDS];
} WxClrProgram;

/// How far a program has come.
typedef struct {
  const WxClrProgram *program; ///< NULL: one that takes nothing.
  unsigned done[WX_CLR_DEMANDS];
} WxClrProgress;

/// Where a program runs.
typedef struct {
  WxClrSpace *space;
  WxLoaderAllocator global;
  WxClrPlace barrier; ///< The copy of the write barrier; without a block where there is none.
} WxClrHost;

/// Changes the write barrier, where it is a copy.
int wx_clr_host_patch_barrier(WxClrHost *host);

/// Lets the program come `part` of `whole` far; all demands advance together. After a failure the
/// same call takes only what is left.
int wx_clr_program_advance(WxClrProgress *progress, WxClrHost *host, unsigned part, unsigned whole);

/// What a program that runs `workload` ("" for every one) takes at the time `when` in `version`;
/// NULL where nothing is known.
const WxClrProgram *wx_clr_program_find(const char *version, const char *workload,
                                        const char *when);

#endif
