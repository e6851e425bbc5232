/**
   @file clr_process.h
   A simulated .NET process: what happens in it, in the runtime's own words, over any strategy of
   executable memory. Scenarios and workloads call this and nothing below it.

   Code is real: each jitted method, dynamic method and page of stubs is machine code that is
   written, called and checked. Data is written where the runtime writes it.

   Not thread-safe. Errors: negative errno. After a failure the process can go on and the call can
   be repeated; room that a failed event took stays taken inside its heap, as in the runtime, and
   goes with it.
*/
#ifndef WX_CLR_CLR_PROCESS_H
#define WX_CLR_CLR_PROCESS_H

#include "clr/clr_space.h"
#include "clr/program.h"
#include "clr/versions.h"

typedef struct WxClr WxClr;

/// A collectible assembly or load context.
typedef struct WxClrAssembly WxClrAssembly;

/// A dynamic method.
typedef struct WxClrDynamic WxClrDynamic;

/// Makes a runtime of `version` over `allocator`, which stays the caller's, must outlive it and
/// should have been opened with wx_clr_version_options(). Makes no system call; -ENOMEM at worst.
int wx_clr_open(const WxClrVersion *version, WxAllocator *allocator, WxClr **opened);

/// The version that it is.
const WxClrVersion *wx_clr_version(const WxClr *clr);

/// Starts it, once: the copy of the write barrier (where writes are protected), the global
/// allocator, the manager of virtual calls. After a failure it can only be closed.
int wx_clr_start(WxClr *clr);

/// Lets the program itself come `part` of `whole` far: loads what it needs of the framework,
/// compiles its own code. As wx_clr_program_advance().
int wx_clr_run(WxClr *clr, WxClrProgress *progress, unsigned part, unsigned whole);

/// Makes a collectible assembly, or load context, of `data` bytes besides its types.
int wx_clr_assembly(WxClr *clr, size_t data, WxClrAssembly **assembly);

/// Creates a type of `methods` methods in `assembly`; NULL is code that is never unloaded.
int wx_clr_type(WxClr *clr, WxClrAssembly *assembly, unsigned methods);

/// Takes `data` bytes and `precodes` stubs in `assembly` for something that is no plain type.
int wx_clr_data(WxClr *clr, WxClrAssembly *assembly, size_t data, size_t precodes);

/// Compiles a method for which the JIT asks for `size` bytes; NULL as in wx_clr_type().
int wx_clr_jit(WxClr *clr, WxClrAssembly *assembly, size_t size);

/// Compiles a dynamic method, which lives until it is dropped.
int wx_clr_dynamic(WxClr *clr, size_t size, WxClrDynamic **dynamic);

/// Lets go of a dynamic method: the next collection finalizes it. The handle ends here.
void wx_clr_drop(WxClr *clr, WxClrDynamic *dynamic);

/// Lets go of an assembly: the next collection begins its end, a later one completes it. The handle
/// ends here.
void wx_clr_unload(WxClr *clr, WxClrAssembly *assembly);

/// A full collection with its finalizers, newest first: releases heaps of dynamic methods that were
/// emptied before it and the data of assemblies whose code went at an earlier one; then finalizes
/// what was dropped, and releases the code of unloaded assemblies. dotnet/runtime 89776 shows the
/// effect; the delay is measured.
int wx_clr_gc(WxClr *clr);

/// Calls all code that is live and checks it. Returns 0 or -EILSEQ.
int wx_clr_check(const WxClr *clr);

/// Live blocks, bytes reserved and bytes written.
WxClrUsage wx_clr_usage(const WxClr *clr);

/// Uses of the strategy by size since the process was opened.
const WxClrCounts *wx_clr_counts(const WxClr *clr);

/// Releases everything and frees the process; NULL is fine. On failure it stays open and the call
/// can be repeated.
int wx_clr_close(WxClr *clr);

#endif
