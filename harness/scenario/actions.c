#include "scenario/actions.h"

#include "codegen/codegen.h"
#include "os/os.h"
#include "scenario/blocks.h"
#include "scenario/model.h"
#include "scenario/play_step.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

// The fields of an action, as bits, so that a row can say which it needs and which it may have.
enum {
  NAME = 1 << 0,
  GROUP = 1 << 1,
  COUNT = 1 << 2,
  SIZE = 1 << 3,
  GROW = 1 << 4,
  CODE = 1 << 5,
  PAGES = 1 << 6,
  ORDER = 1 << 7,
  MAY_FAIL = 1 << 8,
  METHODS = 1 << 9,
  QUANTITIES = COUNT | SIZE | GROW | CODE | PAGES | METHODS,
};

static const struct {
  const char *name;
  size_t offset;
} fields[] = {
    {"name", offsetof(WxAction, name)},         {"group", offsetof(WxAction, group)},
    {"count", offsetof(WxAction, count)},       {"size", offsetof(WxAction, size)},
    {"grow", offsetof(WxAction, grow)},         {"code", offsetof(WxAction, code)},
    {"pages", offsetof(WxAction, pages)},       {"order", offsetof(WxAction, order)},
    {"may_fail", offsetof(WxAction, may_fail)}, {"methods", offsetof(WxAction, methods)},
};

enum { FIELDS = sizeof fields / sizeof *fields };

typedef struct {
  const char *name;
  int needs;
  int may_have;
  int (*run)(const WxAction *action, WxPlay *play);
  bool on_model; ///< Of a modelled runtime.
} Row;

// Says a step of the round, at which everything is sampled.
static int act_step(const WxAction *action, WxPlay *play) {
  return wx_play_step(play, action->name);
}

// `count` blocks of `size` bytes (and `grow` more in each later round), each with a function of
// `code` bytes, run at once.
static int act_generate(const WxAction *action, WxPlay *play) {
  WxBlockPlan plan;
  const int result = wx_block_plan(action, play, &plan);
  return result ? result : wx_blocks_generate(play, &plan);
}

// As generate, but nothing is committed or written: address space only.
static int act_reserve(const WxAction *action, WxPlay *play) {
  WxBlockPlan plan;
  const int result = wx_block_plan(action, play, &plan);
  return result ? result : wx_blocks_reserve(play, &plan);
}

// Commits each block of a group as pairs of `pages` bytes, executable and writable in turn, as the
// runtime's stub heaps.
static int act_interleave(const WxAction *action, WxPlay *play) {
  uint64_t stride;
  const int result =
      wx_parameters_quantity(play->parameters, action->pages, &stride, play->report->problem);
  return result ? result : wx_blocks_interleave(play, action->group, (size_t)stride);
}

// Writes a new function over each one of the group and runs it.
static int act_rewrite(const WxAction *action, WxPlay *play) {
  return wx_blocks_rewrite(play, action->group);
}

// Runs every function of the group and checks what it returns.
static int act_call(const WxAction *action, WxPlay *play) {
  return wx_blocks_call(play, action->group);
}

// Forks, and in the child writes a new function over each one of the group.
static int act_fork(const WxAction *action, WxPlay *play) {
  return wx_blocks_fork(play, action->group);
}

// Releases the group: `oldest` first (the default), `newest` first, or `every-second` block.
static int act_release(const WxAction *action, WxPlay *play) {
  return wx_blocks_release(play, action->group, action->order);
}

static const Row rows[] = {
    {"step", NAME, 0, act_step, false},
    {"generate", GROUP | COUNT | SIZE, GROW | CODE | MAY_FAIL, act_generate, false},
    {"reserve", GROUP | COUNT | SIZE, GROW | MAY_FAIL, act_reserve, false},
    {"interleave", GROUP | PAGES, MAY_FAIL, act_interleave, false},
    {"rewrite", GROUP, MAY_FAIL, act_rewrite, false},
    {"call", GROUP, MAY_FAIL, act_call, false},
    {"fork", GROUP, 0, act_fork, false},
    {"release", GROUP, ORDER | MAY_FAIL, act_release, false},
    {"assembly", GROUP | COUNT, SIZE | MAY_FAIL, wx_model_assembly, true},
    {"type", GROUP | METHODS, COUNT | MAY_FAIL, wx_model_type, true},
    {"jit", COUNT | CODE, GROUP | GROW | MAY_FAIL, wx_model_jit, true},
    {"dynamic", GROUP | COUNT | CODE, GROW | MAY_FAIL, wx_model_dynamic, true},
    {"drop", GROUP, 0, wx_model_drop, true},
    {"gc", 0, COUNT | MAY_FAIL, wx_model_gc, true},
    {"check", 0, 0, wx_model_check, true},
};

static const Row *find(const char *name) {
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i)
    if (strcmp(rows[i].name, name) == 0)
      return &rows[i];
  return NULL;
}

static const char *field_value(const WxAction *action, size_t index) {
  return *(char *const *)(const void *)((const char *)action + fields[index].offset);
}

static int unknown_action(const WxAction *action, char *problem) {
  int length = snprintf(problem, WX_PROBLEM_SIZE, "unknown action '%.32s'; expected", action->act);
  for (size_t i = 0; i < sizeof rows / sizeof *rows && length > 0 && length < WX_PROBLEM_SIZE; ++i)
    length += snprintf(problem + length, (size_t)(WX_PROBLEM_SIZE - length), "%s %s", i ? "," : "",
                       rows[i].name);
  return -EINVAL;
}

static int check_fields(const WxAction *action, const Row *row, char *problem) {
  for (size_t i = 0; i < FIELDS; ++i) {
    const int bit = 1 << i;
    const bool given = field_value(action, i) != NULL;
    if (given == ((row->needs & bit) != 0) || (given && row->may_have & bit))
      continue;
    snprintf(problem, WX_PROBLEM_SIZE, "action %s %s '%s'", row->name,
             given ? "has no field" : "needs a field", fields[i].name);
    return -EINVAL;
  }
  return 0;
}

static int check_quantities(const WxAction *action, const WxParameters *parameters, char *problem) {
  int result = 0;
  for (size_t i = 0; i < FIELDS && result == 0; ++i) {
    const char *text = field_value(action, i);
    uint64_t value;
    if (text && QUANTITIES & (1 << i))
      result = wx_parameters_quantity(parameters, text, &value, problem);
  }
  return result;
}

static bool is_step_name(const char *name) {
  static const char *const names[] = {"generated", "dropped", "collected"};
  for (size_t i = 0; i < sizeof names / sizeof *names; ++i)
    if (strcmp(names[i], name) == 0)
      return true;
  return false;
}

static bool is_yes_or_no(const char *text) {
  return strcmp(text, "yes") == 0 || strcmp(text, "no") == 0;
}

static bool is_group_name(const char *name) {
  return strlen(name) < WX_GROUP_NAME;
}

// Fields that are words, and which ones they may be.
static const struct {
  size_t offset;
  bool (*is_known)(const char *text);
  const char *expected;
} words[] = {
    {offsetof(WxAction, name), is_step_name, "name: expected generated, dropped or collected"},
    {offsetof(WxAction, group), is_group_name, "group: expected at most 31 letters"},
    {offsetof(WxAction, order), wx_blocks_order_known,
     "order: expected oldest, newest or every-second"},
    {offsetof(WxAction, may_fail), is_yes_or_no, "may_fail: expected yes or no"},
};

static int check_words(const WxAction *action, char *problem) {
  for (size_t i = 0; i < sizeof words / sizeof *words; ++i) {
    const char *text = *(char *const *)(const void *)((const char *)action + words[i].offset);
    if (!text || words[i].is_known(text))
      continue;
    snprintf(problem, WX_PROBLEM_SIZE, "%s, not '%.40s'", words[i].expected, text);
    return -EINVAL;
  }
  return 0;
}

int wx_action_check(const WxAction *action, const WxParameters *parameters,
                    char problem[WX_PROBLEM_SIZE]) {
  const Row *row = find(action->act);
  if (!row)
    return unknown_action(action, problem);
  int result = check_fields(action, row, problem);
  if (result == 0)
    result = check_words(action, problem);
  if (result == 0)
    result = check_quantities(action, parameters, problem);
  return result;
}

bool wx_action_on_model(const WxAction *action) {
  return find(action->act)->on_model;
}

int wx_action_do(const WxAction *action, WxPlay *play) {
  const int result = find(action->act)->run(action, play);
  if (result && action->may_fail && strcmp(action->may_fail, "yes") == 0) {
    ++play->report->failures;
    return 0;
  }
  return result;
}
