/**
   @file workload.h
   The workloads of scenarios/dotnet, run on the model: the same assemblies, types, methods and
   rounds as the C# program makes, and what the program itself takes meanwhile. Only the workload's
   parameters drive it.
*/
#ifndef WX_CLR_WORKLOAD_H
#define WX_CLR_WORKLOAD_H

#include "clr/clr_process.h"

/// The parameters, as in scenarios/dotnet: what is made in a round, and how large each is.
typedef struct {
  unsigned rounds;
  unsigned count;
  unsigned size;
  unsigned drift; ///< Added to size in each later round.
} WxClrSettings;

/// Called at every step: "start", then per round "generated", "dropped", "collected", then "end".
/// A result other than 0 ends the run with it.
typedef int WxClrStep(void *context, const WxClr *clr, unsigned round, const char *name);

typedef struct {
  const char *name;       ///< "asm", "keep", "dyn", "alc".
  const char *summary;    ///< One line.
  WxClrSettings defaults; ///< Those of scenarios/dotnet.
  int (*generate)(WxClr *clr, unsigned size, void **unit);
  void (*drop)(WxClr *clr, void *unit);
} WxClrWorkload;

/// The `index`-th workload, NULL at the end.
const WxClrWorkload *wx_clr_workload_at(size_t index);

/// The workload of that name, NULL where there is none.
const WxClrWorkload *wx_clr_workload_find(const char *name);

/// Starts `clr` and runs the workload in it. All code is called and checked at each step
/// "generated". Returns 0 or the first error.
int wx_clr_workload_run(const WxClrWorkload *workload, WxClr *clr, const WxClrSettings *settings,
                        WxClrStep *step, void *context);

/// Bytes of machine code that the JIT asks for to compile the C# workloads' method of `size`
/// operations; measured on 8.0.31, 9.0.20, 10.0.14 and the first 11.0, which agree.
size_t wx_clr_workload_code(unsigned size);

#endif
