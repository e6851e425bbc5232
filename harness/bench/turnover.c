#include "bench/turnover.h"

#include "os/os.h"

#include <errno.h>
#include <stdlib.h>

// Bytes of a method as a real program has them: the middle of each 32nd of the 11,518 methods that
// .NET 10.0.12 compiled for `dotnet new list` of an SDK 10.0.4xx on x86-64, by its perf map:
//     DOTNET_ReadyToRun=0 DOTNET_PerfMapEnabled=1 dotnet new list
static const uint32_t of_methods[] = {24,  25,  28,  28,  31,  31,  33,  36,  40,   42,  45,
                                      50,  54,  61,  68,  71,  77,  86,  97,  108,  122, 136,
                                      154, 177, 211, 249, 307, 379, 497, 720, 1097, 2082};

// Bytes of a block: all that occur in scenarios/traces/*-10.0.14.wxt.zst (wxbench replay --list),
// where nearly all are of 64 KiB.
static const uint32_t of_blocks[] = {4096, 65536, 131072, 524288, 589824};

#define LENGTH(array) (sizeof(array) / sizeof *(array))

const WxTurnoverPlan wx_turnover_of_functions = {of_methods, LENGTH(of_methods), 1000};
const WxTurnoverPlan wx_turnover_of_blocks = {of_blocks, LENGTH(of_blocks), 100};

enum { ALIGNMENT = 16, SMALLEST = 32 }; // As the runtime aligns them; as codegen/ can make them.

typedef struct {
  void *made;
  size_t size;
  uint64_t identity;
} Function;

struct WxTurnover {
  WxMaker *maker;
  const WxTurnoverPlan *plan;
  uint64_t random;
  uint64_t identity; ///< Of the last function made.
  Function live[];
};

// Xorshift (G. Marsaglia, 2003): the same numbers in every process.
static uint64_t draw(WxTurnover *self) {
  self->random ^= self->random << 13;
  self->random ^= self->random >> 7;
  self->random ^= self->random << 17;
  return self->random;
}

static int make(WxTurnover *self, Function *function) {
  const size_t drawn = self->plan->sizes[draw(self) % self->plan->size_count];
  const size_t size = drawn < SMALLEST ? SMALLEST : wx_round_up(drawn, ALIGNMENT);
  void *made;
  const uint64_t identity = self->identity + 1;
  const int result = self->maker->make(self->maker, size, identity, &made);
  if (result)
    return result;
  self->identity = identity;
  *function = (Function){made, size, identity};
  return self->maker->check(self->maker, made, size, identity);
}

static int drop(WxTurnover *self, Function *function) {
  if (function->size == 0)
    return 0;
  const int result = self->maker->drop(self->maker, function->made);
  if (result == 0)
    function->size = 0;
  return result;
}

int wx_turnover_open(WxMaker *maker, const WxTurnoverPlan *plan, WxTurnover **opened) {
  WxTurnover *self = calloc(1, sizeof *self + plan->live * sizeof *self->live);
  if (!self)
    return -ENOMEM;
  self->maker = maker;
  self->plan = plan;
  self->random = 88172645463325252U;
  *opened = self;
  int result = 0;
  for (size_t i = 0; i < self->plan->live && result == 0; ++i)
    result = make(self, &self->live[i]);
  return result;
}

int wx_turnover_turn(WxTurnover *self) {
  Function *function = &self->live[draw(self) % self->plan->live];
  const int result = drop(self, function);
  return result ? result : make(self, function);
}

int wx_turnover_check(WxTurnover *self) {
  int result = 0;
  for (size_t i = 0; i < self->plan->live && result == 0; ++i) {
    const Function *function = &self->live[i];
    if (function->size)
      result = self->maker->check(self->maker, function->made, function->size, function->identity);
  }
  return result;
}

void *wx_turnover_some(const WxTurnover *self) {
  return self->live[0].made;
}

int wx_turnover_close(WxTurnover *self) {
  for (size_t i = 0; i < self->plan->live; ++i) {
    const int result = drop(self, &self->live[i]);
    if (result)
      return result;
  }
  free(self);
  return 0;
}
