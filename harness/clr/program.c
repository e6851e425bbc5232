#include "clr/program.h"

#include "clr/program_units.h"

#include <string.h>

static int take_from(WxLoaderHeap *heap, const WxClrDemand *demand) {
  WxClrPlace place;
  const int result = wx_loader_heap_take(heap, 0, demand->size, 1, true, &place);
  if (!result)
    wx_clr_space_fill(heap->space, place, demand->written ? demand->written : demand->size);
  return result;
}

static int take_low(WxClrHost *host, const WxClrDemand *demand) {
  return take_from(&host->global.low, demand);
}

static int take_high(WxClrHost *host, const WxClrDemand *demand) {
  return take_from(&host->global.high, demand);
}

static int take_cells(WxClrHost *host, const WxClrDemand *demand) {
  return take_from(&host->global.cells, demand);
}

static int take_stub(WxClrHost *host, const WxClrDemand *demand) {
  return wx_loader_allocator_add_stub(&host->global, demand->size);
}

static int take_precode(WxClrHost *host, const WxClrDemand *demand) {
  (void)demand;
  return wx_loader_allocator_add_precodes(&host->global, 1);
}

static int take_stub_precode(WxClrHost *host, const WxClrDemand *demand) {
  (void)demand;
  return wx_interleaved_heap_take(&host->global.stub_precodes, 1);
}

static int take_call_count(WxClrHost *host, const WxClrDemand *demand) {
  (void)demand;
  return wx_interleaved_heap_take(&host->global.call_counts, 1);
}

static int take_code(WxClrHost *host, const WxClrDemand *demand) {
  return wx_code_heaps_compile(&host->global.code, demand->size);
}

static int take_call(WxClrHost *host, const WxClrDemand *demand) {
  return wx_code_heaps_add_stub(&host->global.code, demand->size);
}

static int take_barrier(WxClrHost *host, const WxClrDemand *demand) {
  (void)demand;
  return wx_clr_host_patch_barrier(host);
}

int wx_clr_host_patch_barrier(WxClrHost *host) {
  enum { BARRIER = 256 };
  static const unsigned char barrier[BARRIER] = {0xc3};
  if (!host->barrier.block)
    return 0;
  return wx_clr_space_write(host->space, host->barrier, barrier, sizeof barrier, true);
}

typedef int WxTake(WxClrHost *, const WxClrDemand *);

static WxTake *const take[WX_CLR_HEAPS] = {
    [WX_CLR_LOW] = take_low,
    [WX_CLR_HIGH] = take_high,
    [WX_CLR_CELLS] = take_cells,
    [WX_CLR_STUBS] = take_stub,
    [WX_CLR_CODE] = take_code,
    [WX_CLR_CALLS] = take_call,
    [WX_CLR_PRECODES] = take_precode,
    [WX_CLR_BARRIER] = take_barrier,
    [WX_CLR_STUB_PRECODES] = take_stub_precode,
    [WX_CLR_CALL_COUNTS] = take_call_count,
};

int wx_clr_program_advance(WxClrProgress *progress, WxClrHost *host, unsigned part,
                           unsigned whole) {
  if (!progress->program)
    return 0;
  const WxClrDemand *demands = progress->program->demands;
  for (size_t i = 0; i < WX_CLR_DEMANDS && demands[i].count; ++i)
    while (progress->done[i] < (uint64_t)demands[i].count * part / whole) {
      const int result = take[demands[i].heap](host, &demands[i]);
      if (result)
        return result;
      ++progress->done[i];
    }
  return 0;
}

static const WxClrPrograms *const versions[] = {
#define ROW(VERSION) &wx_clr_programs_##VERSION,
    WX_CLR_PROGRAMS_OF(ROW)
#undef ROW
};

static const WxClrProgram *find_in(const WxClrPrograms *known, const char *workload,
                                   const char *when) {
  for (size_t i = 0; i < WX_CLR_PROGRAMS && known->programs[i].when; ++i)
    if (strcmp(known->programs[i].workload, workload) == 0 &&
        strcmp(known->programs[i].when, when) == 0)
      return &known->programs[i];
  return NULL;
}

const WxClrProgram *wx_clr_program_find(const char *version, const char *workload,
                                        const char *when) {
  for (size_t i = 0; i < sizeof versions / sizeof *versions; ++i)
    if (strcmp(versions[i]->version, version) == 0)
      return find_in(versions[i], workload, when);
  return NULL;
}
