#include "clr/workload.h"

#include "clr/alc_plugin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
  COLLECTIONS = 4, // of the program in each round, and before the first
  TYPES = 4,       // of an assembly of `asm`,
  METHODS = 20,    // and of each of them
  HOT_AFTER = 250, // units until the program's hot methods are all compiled again,
  LATE_FROM = 400, // from where its lukewarm ones are,
  LATE_TO = 1600,  // and until all of them are; measured
};

// A method of n operations (`value = value + c ^ d ...`, 6 bytes each) has no frame while it is
// short. Its intermediate language has 6 n + 2 bytes: above 60,000 the JIT does not optimise. The
// JIT asks for room before it knows the size: its estimate is higher by what is added here.
size_t wx_clr_workload_code(unsigned size) {
  enum { LONGEST_WITHOUT_FRAME = 16, LONGEST_OPTIMISED = 9999 };
  enum { ESTIMATE = 8, ESTIMATE_WITH_FRAME = 14 };
  if (size <= LONGEST_WITHOUT_FRAME)
    return 6 * (size_t)size + size % 2 + ESTIMATE;
  if (size <= LONGEST_OPTIMISED)
    return 6 * (size_t)size + 5 + ESTIMATE_WITH_FRAME;
  return (size_t)((double)size * 5.3525) - 152 + ESTIMATE_WITH_FRAME;
}

static int fill_assembly(WxClr *clr, WxClrAssembly *assembly, unsigned size) {
  for (int type = 0; type < TYPES; ++type) {
    int result = wx_clr_type(clr, assembly, METHODS);
    for (int method = 0; !result && method < METHODS; ++method)
      result = wx_clr_jit(clr, assembly, wx_clr_workload_code(size));
    if (result)
      return result;
  }
  return 0;
}

static int generate_assembly(WxClr *clr, unsigned size, void **unit) {
  WxClrAssembly *assembly;
  int result = wx_clr_assembly(clr, wx_clr_version(clr)->costs.assembly, &assembly);
  if (result)
    return result;
  result = fill_assembly(clr, assembly, size);
  if (result)
    wx_clr_unload(clr, assembly);
  else
    *unit = assembly;
  return result;
}

static int generate_plugin(WxClr *clr, unsigned size, void **unit) {
  WxClrAssembly *assembly;
  const int result = wx_clr_plugin_load(clr, size, &assembly);
  if (!result)
    *unit = assembly;
  return result;
}

static void drop_assembly(WxClr *clr, void *unit) {
  wx_clr_unload(clr, unit);
}

static int generate_dynamic(WxClr *clr, unsigned size, void **unit) {
  WxClrDynamic *dynamic;
  const int result = wx_clr_dynamic(clr, wx_clr_workload_code(size), &dynamic);
  if (!result)
    *unit = dynamic;
  return result;
}

static void drop_dynamic(WxClr *clr, void *unit) {
  wx_clr_drop(clr, unit);
}

static void drop_nothing(WxClr *clr, void *unit) {
  (void)clr;
  (void)unit;
}

static const WxClrWorkload workloads[] = {
    {"asm",
     "collectible assemblies of 4 types x 20 methods",
     {2, 100, 20, 0},
     generate_assembly,
     drop_assembly},
    {"keep", "the same, never let go", {2, 100, 20, 0}, generate_assembly, drop_nothing},
    {"dyn", "dynamic methods", {2, 100, 1000, 0}, generate_dynamic, drop_dynamic},
    {"alc", "a DLL in collectible load contexts", {2, 50, 40, 0}, generate_plugin, drop_assembly},
};

const WxClrWorkload *wx_clr_workload_at(size_t index) {
  return index < sizeof workloads / sizeof *workloads ? &workloads[index] : NULL;
}

const WxClrWorkload *wx_clr_workload_find(const char *name) {
  for (size_t i = 0; i < sizeof workloads / sizeof *workloads; ++i)
    if (strcmp(workloads[i].name, name) == 0)
      return &workloads[i];
  return NULL;
}

static int collect(WxClr *clr) {
  for (int i = 0; i < COLLECTIONS; ++i) {
    const int result = wx_clr_gc(clr);
    if (result)
      return result;
  }
  return 0;
}

static void drop_all(const WxClrWorkload *workload, WxClr *clr, void **units, unsigned count) {
  for (unsigned i = 0; i < count; ++i)
    workload->drop(clr, units[i]);
}

// What the program itself takes at a time, where anything is known of it.
static WxClrProgress program_of(const WxClr *clr, const char *workload, const char *when) {
  const char *version = wx_clr_version(clr)->name;
  return (WxClrProgress){.program = wx_clr_program_find(version, workload, when)};
}

static int run_program(WxClr *clr, const char *workload, const char *when) {
  WxClrProgress program = program_of(clr, workload, when);
  return wx_clr_run(clr, &program, 1, 1);
}

typedef struct {
  const WxClrWorkload *workload;
  WxClr *clr;
  const WxClrSettings *settings;
  WxClrStep *step;
  void *context;
  void **units;
  unsigned made; // units, in all rounds
  WxClrProgress hot;
  WxClrProgress late;
} WxRun;

// The first unit makes the program load and compile what it needs for all of them. While it goes on
// its hot methods are compiled again, better, bit by bit, until all are.
static int let_program_go_on(WxRun *run) {
  if (run->made == 1) {
    const int result = run_program(run->clr, run->workload->name, "first");
    if (result)
      return result;
  }
  const unsigned part = run->made < HOT_AFTER ? run->made : HOT_AFTER;
  const int result = wx_clr_run(run->clr, &run->hot, part, HOT_AFTER);
  if (result || run->made <= LATE_FROM)
    return result;
  const unsigned late = run->made < LATE_TO ? run->made : LATE_TO;
  return wx_clr_run(run->clr, &run->late, late - LATE_FROM, LATE_TO - LATE_FROM);
}

static int generate_all(WxRun *run, unsigned size) {
  for (unsigned i = 0; i < run->settings->count; ++i) {
    int result = run->workload->generate(run->clr, size, &run->units[i]);
    if (result) {
      drop_all(run->workload, run->clr, run->units, i);
      return result;
    }
    ++run->made;
    result = let_program_go_on(run);
    if (result) {
      drop_all(run->workload, run->clr, run->units, i + 1);
      return result;
    }
  }
  return 0;
}

static int say(const WxRun *run, unsigned round, const char *name) {
  return run->step ? run->step(run->context, run->clr, round, name) : 0;
}

static int run_round(WxRun *run, unsigned round) {
  WxClr *clr = run->clr;
  const unsigned size = run->settings->size + run->settings->drift * (round - 1);
  int result = generate_all(run, size);
  if (result)
    return result;
  result = wx_clr_check(clr);
  if (!result)
    result = say(run, round, "generated");
  drop_all(run->workload, clr, run->units, run->settings->count);
  if (!result)
    result = say(run, round, "dropped");
  if (!result)
    result = collect(clr);
  return result ? result : say(run, round, "collected");
}

static int end_program(WxRun *run) {
  const int result = wx_clr_run(run->clr, &run->hot, 1, 1);
  return result ? result : run_program(run->clr, run->workload->name, "end");
}

static int run_rounds(WxRun *run) {
  int result = wx_clr_start(run->clr);
  if (!result)
    result = run_program(run->clr, "", "start");
  if (!result)
    result = collect(run->clr);
  if (!result)
    result = say(run, 0, "start");
  for (unsigned round = 1; !result && round <= run->settings->rounds; ++round)
    result = run_round(run, round);
  if (!result)
    result = say(run, run->settings->rounds, "end");
  return result ? result : end_program(run);
}

int wx_clr_workload_run(const WxClrWorkload *workload, WxClr *clr, const WxClrSettings *settings,
                        WxClrStep *step, void *context) {
  void **units = calloc(settings->count ? settings->count : 1, sizeof *units);
  if (!units)
    return -ENOMEM;
  WxRun run = {
      .workload = workload,
      .clr = clr,
      .settings = settings,
      .step = step,
      .context = context,
      .units = units,
      .hot = program_of(clr, workload->name, "hot"),
      .late = program_of(clr, workload->name, "late"),
  };
  const int result = run_rounds(&run);
  free(units);
  return result;
}
