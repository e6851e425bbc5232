#include "clr/alc_plugin.h"

#include <string.h>

// The plugin makes one instantiation of a generic method for each number that it visits and each
// leaf that it tries, 2 N + 1 of them, each over a type of its own, and one method more for each
// number. The JIT inlines the first of them into the entry, and in .NET 10 loads the types of more
// than run. Measured for N from 1 to 320, by pages, as `scripts/measure-model --plugins` does it.
typedef struct {
  const char *version;
  unsigned context;       // bytes of data of the context without instantiations
  unsigned instantiation; // bytes of data of each, its jitted code apart
  unsigned precodes;      // of two instantiations
  unsigned eager;         // instantiations that are loaded whether they run or not,
  unsigned eager_percent; // and how many of those that run are no part of them
  unsigned inlined;       // instantiations that have no code of their own
  unsigned entry;         // bytes of the entry with all that is inlined
} WxPluginCosts;

enum {
  VISIT = 112 + 14, // bytes that the JIT asks for: the code and how much its estimate is higher
  VALUE = 8 + 8,
  CONTEXT_PRECODES = 60,
};

static const WxPluginCosts measured[] = {
    {"net6", 26600, 2103, 11, 3, 0, 7, 727 + 14},
    {"net7", 26600, 2103, 11, 3, 0, 7, 727 + 14},
    {"net8", 26600, 2103, 11, 3, 0, 7, 727 + 14},
    {"net9", 25400, 2209, 9, 6, 0, 7, 710 + 14},
    {"net10", 12560, 2240, 9, 27, 45, 29, 1758 + 14},
    {"net11", 11000, 2240, 9, 27, 55, 29, 1758 + 14},
};

static const WxPluginCosts *costs_of(const WxClr *clr) {
  const WxPluginCosts *costs = measured;
  while (strcmp(costs->version, wx_clr_version(clr)->name) != 0)
    ++costs;
  return costs;
}

// Bytes of data that are there before the first precode is made.
static unsigned first_data(const WxClr *clr) {
  return wx_clr_version(clr)->costs.precode_at_type ? 4400 : 3000;
}

static int instantiate(WxClr *clr, WxClrAssembly *assembly, const WxPluginCosts *costs,
                       unsigned index, unsigned last) {
  const unsigned precodes = costs->precodes / 2 + index % 2 * (costs->precodes % 2);
  int result = wx_clr_data(clr, assembly, costs->instantiation, precodes);
  if (!result && index < last)
    result = wx_clr_jit(clr, assembly, VALUE);
  if (!result && index >= costs->inlined && index < 2 * last + 1)
    result = wx_clr_jit(clr, assembly, VISIT);
  return result;
}

static int visit_all(WxClr *clr, WxClrAssembly *assembly, unsigned last) {
  const WxPluginCosts *costs = costs_of(clr);
  const unsigned run = 2 * last + 1;
  const unsigned eager = costs->eager + run * costs->eager_percent / 100;
  const unsigned loaded = run > eager ? run : eager;
  int result = wx_clr_data(clr, assembly, 0, CONTEXT_PRECODES);
  if (!result)
    result = wx_clr_data(clr, assembly, costs->context - first_data(clr), 0);
  if (!result)
    result = wx_clr_jit(clr, assembly, costs->entry);
  for (unsigned i = 0; !result && i < loaded; ++i)
    result = instantiate(clr, assembly, costs, i, last);
  return result;
}

int wx_clr_plugin_load(WxClr *clr, unsigned last, WxClrAssembly **loaded) {
  WxClrAssembly *assembly;
  int result = wx_clr_assembly(clr, first_data(clr), &assembly);
  if (result)
    return result;
  result = visit_all(clr, assembly, last);
  if (result)
    wx_clr_unload(clr, assembly);
  else
    *loaded = assembly;
  return result;
}
