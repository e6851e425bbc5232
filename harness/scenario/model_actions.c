#include "scenario/model_actions.h"

#include "clr/clr_process.h"
#include "os/grow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// What was made for one group and is held.
typedef struct {
  char name[WX_GROUP_NAME];
  WxClrAssembly **assemblies;
  size_t assembly_count;
  size_t assembly_capacity;
  WxClrDynamic **dynamics;
  size_t dynamic_count;
  size_t dynamic_capacity;
} Units;

struct WxModelPlay {
  WxClr *clr;
  Units *groups;
  size_t group_count;
  size_t group_capacity;
};

// The runtime of the play, opened and started where it is not yet.
static int obtain(WxPlay *play, WxModelPlay **obtained) {
  if (!play->model) {
    WxModelPlay *model = calloc(1, sizeof *model);
    if (!model)
      return -ENOMEM;
    int result = wx_clr_open(play->version, play->allocator, &model->clr);
    if (result) {
      free(model);
      return result;
    }
    play->model = model;
    result = wx_clr_start(model->clr);
    if (result)
      return result;
  }
  *obtained = play->model;
  return 0;
}

static Units *units_of(WxModelPlay *model, const char *name) {
  for (size_t i = 0; i < model->group_count; ++i)
    if (strcmp(model->groups[i].name, name) == 0)
      return &model->groups[i];
  Units *grown = wx_grown(model->groups, &model->group_capacity, model->group_count, sizeof *grown);
  if (!grown)
    return NULL;
  model->groups = grown;
  Units *units = &grown[model->group_count++];
  *units = (Units){0};
  strncpy(units->name, name, sizeof units->name - 1);
  return units;
}

// The quantity in a field, `otherwise` where it is not given.
static int quantity(WxPlay *play, const char *text, uint64_t otherwise, uint64_t *value) {
  *value = otherwise;
  return text ? wx_parameters_quantity(play->parameters, text, value, play->report->problem) : 0;
}

// The bytes of code of an action in this round.
static int code_size(const WxAction *action, WxPlay *play, uint64_t *size) {
  uint64_t grow;
  int result = quantity(play, action->code, 0, size);
  if (result == 0)
    result = quantity(play, action->grow, 0, &grow);
  if (result == 0)
    *size += grow * (play->round - 1);
  return result;
}

// What most verbs begin with: the model, how often, and the units of the action's group.
static int begin(const WxAction *action, WxPlay *play, WxModelPlay **model, Units **units,
                 uint64_t *count) {
  int result = obtain(play, model);
  if (result == 0)
    result = quantity(play, action->count, 1, count);
  if (result)
    return result;
  *units = units_of(*model, action->group);
  return *units ? 0 : -ENOMEM;
}

static int add_assembly(WxModelPlay *model, Units *units, size_t data) {
  WxClrAssembly **grown = wx_grown(units->assemblies, &units->assembly_capacity,
                                   units->assembly_count, sizeof(WxClrAssembly *));
  if (!grown)
    return -ENOMEM;
  units->assemblies = grown;
  const int result = wx_clr_assembly(model->clr, data, &grown[units->assembly_count]);
  units->assembly_count += result == 0;
  return result;
}

int wx_model_assembly(const WxAction *action, WxPlay *play) {
  WxModelPlay *model;
  Units *units;
  uint64_t count, data;
  int result = begin(action, play, &model, &units, &count);
  if (result == 0)
    result = quantity(play, action->size, 0, &data);
  if (result)
    return result;
  for (uint64_t i = 0; i < count && result == 0; ++i)
    result = add_assembly(model, units, (size_t)data);
  return result;
}

int wx_model_type(const WxAction *action, WxPlay *play) {
  WxModelPlay *model;
  Units *units;
  uint64_t count, methods;
  int result = begin(action, play, &model, &units, &count);
  if (result == 0)
    result = quantity(play, action->methods, 0, &methods);
  if (result)
    return result;
  for (size_t i = 0; result == 0 && i < units->assembly_count; ++i)
    for (uint64_t type = 0; type < count && result == 0; ++type)
      result = wx_clr_type(model->clr, units->assemblies[i], (unsigned)methods);
  return result;
}

static int jit_methods(WxClr *clr, WxClrAssembly *assembly, uint64_t count, uint64_t size) {
  int result = 0;
  for (uint64_t i = 0; i < count && result == 0; ++i)
    result = wx_clr_jit(clr, assembly, (size_t)size);
  return result;
}

// Methods of the program itself.
static int jit_own(const WxAction *action, WxPlay *play) {
  WxModelPlay *model;
  uint64_t count = 0;
  uint64_t size = 0;
  int result = obtain(play, &model);
  if (result == 0)
    result = quantity(play, action->count, 1, &count);
  if (result == 0)
    result = code_size(action, play, &size);
  return result ? result : jit_methods(model->clr, NULL, count, size);
}

int wx_model_jit(const WxAction *action, WxPlay *play) {
  WxModelPlay *model;
  Units *units;
  uint64_t count, size;
  if (!action->group)
    return jit_own(action, play);
  int result = begin(action, play, &model, &units, &count);
  if (result == 0)
    result = code_size(action, play, &size);
  if (result)
    return result;
  for (size_t i = 0; result == 0 && i < units->assembly_count; ++i)
    result = jit_methods(model->clr, units->assemblies[i], count, size);
  return result;
}

static int add_dynamic(WxModelPlay *model, Units *units, size_t size) {
  WxClrDynamic **grown = wx_grown(units->dynamics, &units->dynamic_capacity, units->dynamic_count,
                                  sizeof(WxClrDynamic *));
  if (!grown)
    return -ENOMEM;
  units->dynamics = grown;
  const int result = wx_clr_dynamic(model->clr, size, &grown[units->dynamic_count]);
  units->dynamic_count += result == 0;
  return result;
}

int wx_model_dynamic(const WxAction *action, WxPlay *play) {
  WxModelPlay *model;
  Units *units;
  uint64_t count, size;
  int result = begin(action, play, &model, &units, &count);
  if (result == 0)
    result = code_size(action, play, &size);
  if (result)
    return result;
  for (uint64_t i = 0; i < count && result == 0; ++i)
    result = add_dynamic(model, units, (size_t)size);
  return result;
}

int wx_model_drop(const WxAction *action, WxPlay *play) {
  WxModelPlay *model;
  Units *units;
  uint64_t count;
  const int result = begin(action, play, &model, &units, &count);
  if (result)
    return result;
  while (units->assembly_count)
    wx_clr_unload(model->clr, units->assemblies[--units->assembly_count]);
  while (units->dynamic_count)
    wx_clr_drop(model->clr, units->dynamics[--units->dynamic_count]);
  return 0;
}

int wx_model_gc(const WxAction *action, WxPlay *play) {
  WxModelPlay *model;
  uint64_t count;
  int result = obtain(play, &model);
  if (result == 0)
    result = quantity(play, action->count, 1, &count);
  for (uint64_t i = 0; result == 0 && i < count; ++i)
    result = wx_clr_gc(model->clr);
  return result;
}

int wx_model_check(const WxAction *action, WxPlay *play) {
  (void)action;
  WxModelPlay *model;
  const int result = obtain(play, &model);
  return result ? result : wx_clr_check(model->clr);
}

void wx_model_usage(const WxPlay *play, uint64_t *written, uint64_t *reserved) {
  *written = *reserved = 0;
  if (!play->model)
    return;
  const WxClrUsage usage = wx_clr_usage(play->model->clr);
  *written = usage.live_bytes;
  *reserved = usage.reserved_bytes;
}

int wx_model_close(WxPlay *play) {
  WxModelPlay *model = play->model;
  if (!model)
    return 0;
  const int result = wx_clr_close(model->clr);
  if (result)
    return result;
  for (size_t i = 0; i < model->group_count; ++i) {
    free(model->groups[i].assemblies);
    free(model->groups[i].dynamics);
  }
  free(model->groups);
  free(model);
  play->model = NULL;
  return 0;
}
