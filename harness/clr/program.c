#include "clr/program.h"

#include "os/os.h"

#include <string.h>

enum {
  SMALL = 64,          // divides a page, so that whole pages are filled
  PAGE = 4096 / SMALL, // small allocations of a page
  PAIR = 670,          // precodes that fill a pair of 16 KiB pages, all but a few
  KIB = 1024,
};

// Methods of the program itself, and what is written in turn with them: a stub of virtual calls,
// one of the stub linker, the barrier. Each lies in a page of its own.
#define STEP(METHODS)                                                                              \
  {WX_CLR_CODE, METHODS, 440, 0}, {WX_CLR_CALLS, 1, 64, 0}, {WX_CLR_STUBS, 1, 64, 0}, {            \
    WX_CLR_BARRIER, 1, 64, 0                                                                       \
  }

// Measured on 8.0.31, 9.0.20 and 10.0.14: `hello` of scenarios/dotnet up to its first step, by the
// sizes of commits and the pages of the file that were in use. Allocations of more than a page are
// seen one by one, smaller ones only by the pages that they fill. The large one at the start is the
// maps of the core library, one word for each of its types, methods and fields.
static const WxClrProgram programs[] = {
    {"net8",
     "",
     "start",
     {{WX_CLR_LOW, PAGE, SMALL, 0},
      {WX_CLR_HIGH, PAGE, SMALL, 0},
      {WX_CLR_LOW, 1, 432 * KIB, 296 * KIB},
      {WX_CLR_HIGH, 2, 20 * KIB, 0},
      {WX_CLR_CELLS, 2 * PAGE, SMALL, 0},
      {WX_CLR_STUB_PRECODES, PAIR, 24, 0},
      {WX_CLR_PRECODES, 20 * PAIR, 24, 0},
      {WX_CLR_HIGH, 163 * PAGE, SMALL, 0},
      {WX_CLR_LOW, 33 * PAGE, SMALL, 0},
      {WX_CLR_LOW, 3, 12 * KIB, 0},
      {WX_CLR_LOW, 1, 32 * KIB, 0},
      STEP(14),
      STEP(14),
      STEP(14),
      {WX_CLR_CODE, 12, 440, 0},
      {WX_CLR_LOW, 33 * PAGE, SMALL, 0}}},
    {"net9",
     "",
     "start",
     {{WX_CLR_LOW, 2 * PAGE, SMALL, 0},
      {WX_CLR_HIGH, 9 * PAGE, SMALL, 0},
      {WX_CLR_LOW, 1, 488 * KIB, 328 * KIB},
      {WX_CLR_CELLS, 2 * PAGE, SMALL, 0},
      {WX_CLR_STUB_PRECODES, PAIR, 24, 0},
      {WX_CLR_PRECODES, 2 * PAIR, 24, 0},
      {WX_CLR_HIGH, 186 * PAGE, SMALL, 0},
      {WX_CLR_LOW, 38 * PAGE, SMALL, 0},
      {WX_CLR_LOW, 3, 8 * KIB, 0},
      {WX_CLR_LOW, 1, 12 * KIB, 0},
      {WX_CLR_LOW, 1, 32 * KIB, 0},
      STEP(12),
      STEP(12),
      STEP(12),
      {WX_CLR_CODE, 9, 440, 0},
      {WX_CLR_LOW, 39 * PAGE, SMALL, 0}}},
    {"net10",
     "",
     "start",
     {{WX_CLR_HIGH, 8 * PAGE, SMALL, 0},
      {WX_CLR_LOW, 1, 12 * KIB, 8 * KIB},
      {WX_CLR_LOW, 1, 516 * KIB, 336 * KIB},
      {WX_CLR_CELLS, 2 * PAGE, SMALL, 0},
      {WX_CLR_STUB_PRECODES, PAIR, 24, 0},
      {WX_CLR_PRECODES, 2 * PAIR, 24, 0},
      {WX_CLR_HIGH, 139 * PAGE, SMALL, 0},
      {WX_CLR_LOW, 41 * PAGE, SMALL, 0},
      {WX_CLR_LOW, 2, 8 * KIB, 0},
      {WX_CLR_LOW, 2, 12 * KIB, 0},
      {WX_CLR_LOW, 1, 36 * KIB, 0},
      STEP(12),
      STEP(12),
      STEP(12),
      {WX_CLR_CODE, 9, 440, 0},
      {WX_CLR_LOW, 42 * PAGE, SMALL, 0}}},
    {"net8",
     "asm",
     "first",
     {{WX_CLR_HIGH, 36 * PAGE, SMALL, 0},
      {WX_CLR_HIGH, 2, 8 * KIB, 0},
      {WX_CLR_HIGH, 1, 12 * KIB, 0},
      {WX_CLR_PRECODES, 4 * PAIR, 24, 0},
      STEP(9)}},
    {"net8",
     "asm",
     "hot",
     {{WX_CLR_HIGH, 172 * PAGE, SMALL, 0},
      {WX_CLR_HIGH, 1, 8 * KIB, 0},
      {WX_CLR_PRECODES, 18 * PAIR, 24, 0},
      {WX_CLR_CODE, 117, 1300, 0}}},
    {"net8",
     "asm",
     "end",
     {{WX_CLR_HIGH, 34 * PAGE, SMALL, 0},
      {WX_CLR_HIGH, 2, 8 * KIB, 0},
      {WX_CLR_PRECODES, 3 * PAIR, 24, 0},
      STEP(5),
      STEP(4)}},
    {"net9",
     "asm",
     "first",
     {{WX_CLR_HIGH, 42 * PAGE, SMALL, 0},
      {WX_CLR_HIGH, 2, 8 * KIB, 0},
      {WX_CLR_HIGH, 1, 12 * KIB, 0},
      {WX_CLR_PRECODES, 2 * PAIR, 24, 0},
      STEP(9)}},
    {"net9",
     "asm",
     "hot",
     {{WX_CLR_HIGH, 268 * PAGE, SMALL, 0},
      {WX_CLR_PRECODES, 2 * PAIR, 24, 0},
      {WX_CLR_CODE, 120, 1300, 0}}},
    {"net9",
     "asm",
     "end",
     {{WX_CLR_HIGH, 48 * PAGE, SMALL, 0},
      {WX_CLR_HIGH, 2, 8 * KIB, 0},
      {WX_CLR_PRECODES, 1 * PAIR, 24, 0},
      STEP(5),
      STEP(4)}},
    {"net10",
     "asm",
     "first",
     {{WX_CLR_HIGH, 38 * PAGE, SMALL, 0},
      {WX_CLR_HIGH, 3, 8 * KIB, 0},
      {WX_CLR_HIGH, 1, 20 * KIB, 0},
      {WX_CLR_PRECODES, 2 * PAIR, 24, 0},
      STEP(9)}},
    {"net10",
     "asm",
     "hot",
     {{WX_CLR_HIGH, 224 * PAGE, SMALL, 0},
      {WX_CLR_HIGH, 2, 8 * KIB, 0},
      {WX_CLR_PRECODES, 3 * PAIR, 24, 0},
      {WX_CLR_CODE, 162, 1300, 0}}},
    {"net10",
     "asm",
     "end",
     {{WX_CLR_HIGH, 45 * PAGE, SMALL, 0},
      {WX_CLR_HIGH, 1, 8 * KIB, 0},
      {WX_CLR_PRECODES, 1 * PAIR, 24, 0},
      STEP(5),
      STEP(4)}},
    {"net8",
     "dyn",
     "first",
     {{WX_CLR_HIGH, 24 * PAGE, SMALL, 0},
      {WX_CLR_HIGH, 6, 8 * KIB, 0},
      {WX_CLR_PRECODES, 6 * PAIR, 24, 0},
      STEP(9)}},
    {"net8",
     "dyn",
     "hot",
     {{WX_CLR_HIGH, 47 * PAGE, SMALL, 0},
      {WX_CLR_PRECODES, 2 * PAIR, 24, 0},
      {WX_CLR_CODE, 39, 1300, 0}}},
    {"net8",
     "dyn",
     "end",
     {{WX_CLR_HIGH, 43 * PAGE, SMALL, 0},
      {WX_CLR_HIGH, 2, 8 * KIB, 0},
      {WX_CLR_PRECODES, 4 * PAIR, 24, 0},
      STEP(9),
      STEP(9)}},
    {"net9",
     "dyn",
     "first",
     {{WX_CLR_HIGH, 32 * PAGE, SMALL, 0},
      {WX_CLR_HIGH, 3, 8 * KIB, 0},
      {WX_CLR_PRECODES, 2 * PAIR, 24, 0},
      STEP(9)}},
    {"net9",
     "dyn",
     "hot",
     {{WX_CLR_HIGH, 61 * PAGE, SMALL, 0},
      {WX_CLR_HIGH, 1, 8 * KIB, 0},
      {WX_CLR_PRECODES, 1 * PAIR, 24, 0},
      {WX_CLR_CODE, 39, 1300, 0}}},
    {"net9",
     "dyn",
     "end",
     {{WX_CLR_HIGH, 54 * PAGE, SMALL, 0},
      {WX_CLR_HIGH, 2, 8 * KIB, 0},
      {WX_CLR_PRECODES, 1 * PAIR, 24, 0},
      STEP(14),
      STEP(13)}},
    {"net10",
     "dyn",
     "first",
     {{WX_CLR_HIGH, 39 * PAGE, SMALL, 0},
      {WX_CLR_HIGH, 5, 8 * KIB, 0},
      {WX_CLR_PRECODES, 2 * PAIR, 24, 0},
      STEP(9)}},
    {"net10",
     "dyn",
     "hot",
     {{WX_CLR_HIGH, 125 * PAGE, SMALL, 0},
      {WX_CLR_HIGH, 2, 8 * KIB, 0},
      {WX_CLR_PRECODES, 1 * PAIR, 24, 0},
      {WX_CLR_CODE, 54, 1300, 0}}},
    {"net10",
     "dyn",
     "end",
     {{WX_CLR_HIGH, 54 * PAGE, SMALL, 0},
      {WX_CLR_HIGH, 1, 8 * KIB, 0},
      {WX_CLR_PRECODES, 1 * PAIR, 24, 0},
      STEP(18),
      STEP(18)}},
    {"net8",
     "alc",
     "first",
     {{WX_CLR_HIGH, 15 * PAGE, SMALL, 0}, {WX_CLR_PRECODES, 2 * PAIR, 24, 0}, STEP(9)}},
    {"net8",
     "alc",
     "hot",
     {{WX_CLR_HIGH, 119 * PAGE, SMALL, 0},
      {WX_CLR_HIGH, 1, 12 * KIB, 0},
      {WX_CLR_PRECODES, 14 * PAIR, 24, 0},
      {WX_CLR_CODE, 40, 1950, 0}}},
    {"net8",
     "alc",
     "end",
     {{WX_CLR_HIGH, 34 * PAGE, SMALL, 0},
      {WX_CLR_HIGH, 1, 8 * KIB, 0},
      {WX_CLR_PRECODES, 3 * PAIR, 24, 0},
      STEP(5),
      STEP(4)}},
    {"net9",
     "alc",
     "first",
     {{WX_CLR_HIGH, 105 * PAGE, SMALL, 0},
      {WX_CLR_LOW, 10 * PAGE, SMALL, 0},
      {WX_CLR_HIGH, 1, 8 * KIB, 0},
      {WX_CLR_PRECODES, 2 * PAIR, 24, 0},
      STEP(18)}},
    {"net9",
     "alc",
     "hot",
     {{WX_CLR_HIGH, 173 * PAGE, SMALL, 0},
      {WX_CLR_PRECODES, 2 * PAIR, 24, 0},
      {WX_CLR_CODE, 60, 1560, 0}}},
    {"net9",
     "alc",
     "end",
     {{WX_CLR_HIGH, 44 * PAGE, SMALL, 0},
      {WX_CLR_HIGH, 1, 8 * KIB, 0},
      {WX_CLR_HIGH, 1, 12 * KIB, 0},
      {WX_CLR_PRECODES, 1 * PAIR, 24, 0},
      STEP(5),
      STEP(4)}},
    {"net10",
     "alc",
     "first",
     {{WX_CLR_HIGH, 102 * PAGE, SMALL, 0}, {WX_CLR_PRECODES, 1 * PAIR, 24, 0}, STEP(18)}},
    {"net10",
     "alc",
     "hot",
     {{WX_CLR_HIGH, 137 * PAGE, SMALL, 0},
      {WX_CLR_PRECODES, 3 * PAIR, 24, 0},
      {WX_CLR_CODE, 54, 1950, 0}}},
    {"net10",
     "alc",
     "end",
     {{WX_CLR_HIGH, 41 * PAGE, SMALL, 0},
      {WX_CLR_HIGH, 2, 8 * KIB, 0},
      {WX_CLR_PRECODES, 1 * PAIR, 24, 0},
      STEP(5),
      STEP(4)}},
};

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

const WxClrProgram *wx_clr_program_find(const char *version, const char *workload,
                                        const char *when) {
  for (size_t i = 0; i < sizeof programs / sizeof *programs; ++i)
    if (strcmp(programs[i].version, version) == 0 && strcmp(programs[i].workload, workload) == 0 &&
        strcmp(programs[i].when, when) == 0)
      return &programs[i];
  return NULL;
}
