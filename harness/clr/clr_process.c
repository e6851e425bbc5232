#include "clr/clr_process.h"

#include "clr/loader_allocator.h"
#include "os/os.h"

#include <errno.h>
#include <stdlib.h>

typedef enum { LOADED, DROPPED, WITHOUT_CODE } WxAssemblyState;

struct WxClrAssembly {
  WxLoaderAllocator memory;
  WxAssemblyState state;
  uint64_t code_ended_in; // the collection that released its code
  WxClrAssembly *older;
};

struct WxClrDynamic {
  WxDynamicMethod *method;
  WxClrDynamic *previous, *next; // of those alive
  WxClrDynamic *dropped_before;
};

struct WxClr {
  const WxClrVersion *version;
  bool protects;
  WxClrHost host;
  WxClrAssembly *assemblies; // newest first
  WxClrDynamic *alive;
  WxClrDynamic *dropped; // the last one first
  uint64_t collections;
};

// The write barrier is patched while the program runs, so with W^X on it is copied to a page of its
// own: the first block of the process.
static int copy_barrier(WxClr *clr) {
  WxClrBlock *block;
  int result = wx_clr_space_reserve(clr->host.space, wx_os_page_size(), &block);
  if (result)
    return result;
  clr->host.barrier.block = block;
  result = wx_clr_space_commit(clr->host.space, clr->host.barrier, wx_os_page_size(), true);
  return result ? result : wx_clr_host_patch_barrier(&clr->host);
}

int wx_clr_open(const WxClrVersion *version, WxAllocator *allocator, WxClr **opened) {
  WxClr *clr = calloc(1, sizeof *clr);
  if (!clr)
    return -ENOMEM;
  clr->version = version;
  clr->protects = allocator->strategy->capabilities & WX_CAN_ENFORCE_WX;
  const int result = wx_clr_space_open(allocator, &clr->host.space);
  if (result)
    free(clr);
  else
    *opened = clr;
  return result;
}

const WxClrVersion *wx_clr_version(const WxClr *clr) {
  return clr->version;
}

int wx_clr_start(WxClr *clr) {
  const WxClrVersion *version = clr->version;
  int result = clr->protects ? copy_barrier(clr) : 0;
  if (!result)
    result = wx_loader_allocator_open(&clr->host.global, clr->host.space, version, false);
  if (result)
    return result;
  WxClrBlock *cells;
  result = wx_clr_space_reserve(clr->host.space, version->virtual_calls, &cells);
  if (!result)
    wx_loader_heap_adopt(&clr->host.global.cells, (WxClrPlace){cells, 0}, cells->size);
  return result;
}

int wx_clr_run(WxClr *clr, WxClrProgress *progress, unsigned part, unsigned whole) {
  return wx_clr_program_advance(progress, &clr->host, part, whole);
}

static WxLoaderAllocator *memory_of(WxClr *clr, WxClrAssembly *assembly) {
  return assembly ? &assembly->memory : &clr->host.global;
}

int wx_clr_assembly(WxClr *clr, size_t data, WxClrAssembly **assembly) {
  WxClrAssembly *made = calloc(1, sizeof *made);
  if (!made)
    return -ENOMEM;
  int result = wx_loader_allocator_open(&made->memory, clr->host.space, clr->version, true);
  if (result) {
    free(made);
    return result;
  }
  made->older = clr->assemblies;
  clr->assemblies = made;
  result = wx_loader_allocator_add_data(&made->memory, data);
  if (result)
    made->state = DROPPED; // The next collections end it.
  else
    *assembly = made;
  return result;
}

int wx_clr_type(WxClr *clr, WxClrAssembly *assembly, unsigned methods) {
  return wx_loader_allocator_add_type(memory_of(clr, assembly), methods);
}

int wx_clr_data(WxClr *clr, WxClrAssembly *assembly, size_t data, size_t precodes) {
  WxLoaderAllocator *memory = memory_of(clr, assembly);
  const int result = data ? wx_loader_allocator_add_data(memory, data) : 0;
  return result ? result : wx_loader_allocator_add_precodes(memory, precodes);
}

int wx_clr_jit(WxClr *clr, WxClrAssembly *assembly, size_t size) {
  return wx_loader_allocator_compile(memory_of(clr, assembly), size);
}

int wx_clr_dynamic(WxClr *clr, size_t size, WxClrDynamic **dynamic) {
  WxClrDynamic *made = calloc(1, sizeof *made);
  if (!made)
    return -ENOMEM;
  const int result = wx_loader_allocator_compile_dynamic(&clr->host.global, size, &made->method);
  if (result) {
    free(made);
    return result;
  }
  made->next = clr->alive;
  if (clr->alive)
    clr->alive->previous = made;
  clr->alive = made;
  *dynamic = made;
  return 0;
}

void wx_clr_drop(WxClr *clr, WxClrDynamic *dynamic) {
  if (dynamic->previous)
    dynamic->previous->next = dynamic->next;
  else
    clr->alive = dynamic->next;
  if (dynamic->next)
    dynamic->next->previous = dynamic->previous;
  dynamic->dropped_before = clr->dropped;
  clr->dropped = dynamic;
}

void wx_clr_unload(WxClr *clr, WxClrAssembly *assembly) {
  (void)clr;
  assembly->state = DROPPED;
}

static int close_assembly(WxClrAssembly **link) {
  WxClrAssembly *assembly = *link;
  const int result = wx_loader_allocator_close(&assembly->memory);
  if (result)
    return result;
  *link = assembly->older;
  free(assembly);
  return 0;
}

// The second step of those whose first step was in an earlier collection.
static int end_data(WxClr *clr) {
  WxClrAssembly **link = &clr->assemblies;
  while (*link) {
    WxClrAssembly *assembly = *link;
    if (assembly->state != WITHOUT_CODE || assembly->code_ended_in >= clr->collections) {
      link = &assembly->older;
      continue;
    }
    const int result = close_assembly(link);
    if (result)
      return result;
  }
  return 0;
}

static int end_code(WxClr *clr) {
  for (WxClrAssembly *assembly = clr->assemblies; assembly; assembly = assembly->older) {
    if (assembly->state != DROPPED)
      continue;
    const int result = wx_loader_allocator_end_code(&assembly->memory);
    if (result)
      return result;
    assembly->state = WITHOUT_CODE;
    assembly->code_ended_in = clr->collections;
  }
  return 0;
}

static int finalize_dynamic(WxClr *clr) {
  while (clr->dropped) {
    WxClrDynamic *dynamic = clr->dropped;
    const int result = wx_host_code_heaps_free(&clr->host.global.dynamic, dynamic->method);
    if (result)
      return result;
    ++clr->host.global.recyclable;
    clr->dropped = dynamic->dropped_before;
    free(dynamic);
  }
  return 0;
}

int wx_clr_gc(WxClr *clr) {
  ++clr->collections;
  int result = wx_host_code_heaps_collect(&clr->host.global.dynamic);
  if (!result)
    result = end_data(clr);
  if (!result)
    result = finalize_dynamic(clr);
  return result ? result : end_code(clr);
}

int wx_clr_check(const WxClr *clr) {
  int result = wx_loader_allocator_check(&clr->host.global);
  for (const WxClrAssembly *assembly = clr->assemblies; !result && assembly;
       assembly = assembly->older)
    result = wx_loader_allocator_check(&assembly->memory);
  return result;
}

WxClrUsage wx_clr_usage(const WxClr *clr) {
  return wx_clr_space_usage(clr->host.space);
}

const WxClrCounts *wx_clr_counts(const WxClr *clr) {
  return wx_clr_space_counts(clr->host.space);
}

static void free_handles(WxClr *clr) {
  while (clr->alive)
    wx_clr_drop(clr, clr->alive);
  while (clr->dropped) {
    WxClrDynamic *before = clr->dropped->dropped_before;
    free(clr->dropped);
    clr->dropped = before;
  }
}

int wx_clr_close(WxClr *clr) {
  if (!clr)
    return 0;
  int result = 0;
  while (!result && clr->assemblies)
    result = close_assembly(&clr->assemblies);
  if (!result)
    result = wx_loader_allocator_close(&clr->host.global);
  if (!result)
    result = wx_clr_space_close(clr->host.space); // The barrier and the cells.
  if (result)
    return result;
  free_handles(clr);
  free(clr);
  return 0;
}
