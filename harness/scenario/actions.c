#include "scenario/actions.h"

#include "scenario/block_actions.h"
#include "scenario/model_actions.h"
#include "scenario/play.h"
#include "stats/words.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

// The fields of an action, and as bits, so that a row can say which it needs and which it may have.
enum {
#define FIELD(CAPITALS, ...) AT_##CAPITALS,
  WX_ACTION_FIELDS(FIELD)
#undef FIELD
      FIELDS
};

enum {
#define FIELD(CAPITALS, ...) CAPITALS = 1 << AT_##CAPITALS,
  WX_ACTION_FIELDS(FIELD)
#undef FIELD
      QUANTITIES = COUNT | SIZE | GROW | CODE | PAGES | METHODS,
};

static const char *step_name(size_t index) {
  static const char *const names[] = {"generated", "dropped", "collected"};
  return index < sizeof names / sizeof *names ? names[index] : NULL;
}

static const char *yes_or_no(size_t index) {
  static const char *const names[] = {"yes", "no"};
  return index < sizeof names / sizeof *names ? names[index] : NULL;
}

static const struct {
  const char *name;
  size_t offset;
  WxWordAt *words; ///< Which it may be; NULL: a name or a quantity.
} fields[FIELDS] = {
#define FIELD(CAPITALS, MEMBER, WORDS, ABOUT) {#MEMBER, offsetof(WxAction, MEMBER), WORDS},
    WX_ACTION_FIELDS(FIELD)
#undef FIELD
};

typedef struct {
  const char *name;
  int needs;
  int may_have;
  int (*run)(const WxAction *action, WxPlay *play);
  bool on_model; ///< Of a modelled runtime.
  const char *about;
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
    {"step", NAME, 0, act_step, false, "a point at which everything is sampled"},
    {"generate", GROUP | COUNT | SIZE, GROW | CODE | MAY_FAIL, act_generate, false,
     "makes blocks, writes a function into each and runs it"},
    {"reserve", GROUP | COUNT | SIZE, GROW | MAY_FAIL, act_reserve, false,
     "makes blocks of address space: nothing is committed or written"},
    {"interleave", GROUP | PAGES, MAY_FAIL, act_interleave, false,
     "commits each reserved block in parts, executable and writable in turn, as stub heaps"},
    {"rewrite", GROUP, MAY_FAIL, act_rewrite, false,
     "writes a new function over each one and runs it"},
    {"call", GROUP, MAY_FAIL, act_call, false, "runs every function and checks what it returns"},
    {"fork", GROUP, 0, act_fork, false, "forks, and rewrites every function in the child"},
    {"release", GROUP, ORDER | MAY_FAIL, act_release, false, "releases blocks"},
    {"assembly", GROUP | COUNT, SIZE | MAY_FAIL, wx_model_assembly, true,
     "loads collectible assemblies, of so many bytes of data each"},
    {"type", GROUP | METHODS, COUNT | MAY_FAIL, wx_model_type, true,
     "loads types into each assembly"},
    {"jit", COUNT | CODE, GROUP | GROW | MAY_FAIL, wx_model_jit, true,
     "compiles methods of each assembly; without a group, of the program"},
    {"dynamic", GROUP | COUNT | CODE, GROW | MAY_FAIL, wx_model_dynamic, true,
     "compiles dynamic methods"},
    {"drop", GROUP, 0, wx_model_drop, true,
     "lets go of assemblies and dynamic methods, which the next gc takes"},
    {"gc", 0, COUNT | MAY_FAIL, wx_model_gc, true, "collects, once or so many times"},
    {"check", 0, 0, wx_model_check, true,
     "runs every method that is live and checks what it returns"},
};

enum { ROWS = sizeof rows / sizeof *rows };

static const Row *find(const char *name) {
  for (size_t i = 0; i < ROWS; ++i)
    if (strcmp(rows[i].name, name) == 0)
      return &rows[i];
  return NULL;
}

static const char *field_value(const WxAction *action, size_t index) {
  return *(char *const *)(const void *)((const char *)action + fields[index].offset);
}

const char *wx_action_name(size_t index) {
  return index < ROWS ? rows[index].name : NULL;
}

const char *wx_action_about(size_t index) {
  return rows[index].about;
}

const char *wx_action_field(size_t index) {
  return index < FIELDS ? fields[index].name : NULL;
}

WxWordAt *wx_action_field_words(size_t index) {
  return fields[index].words;
}

WxActionUse wx_action_use(size_t action, size_t field) {
  const int bit = 1 << field;
  if (rows[action].needs & bit)
    return WX_USE_NEEDS;
  return (rows[action].may_have & bit) ? WX_USE_MAY : WX_USE_NONE;
}

static int unknown_action(const WxAction *action, char *problem) {
  char words[WX_WORDS];
  snprintf(problem, WX_PROBLEM_SIZE, "unknown action '%.32s'; expected %s", action->act,
           wx_words_joined(words, wx_action_name, ", "));
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

static int check_words(const WxAction *action, char *problem) {
  if (action->group && strlen(action->group) >= WX_GROUP_NAME) {
    snprintf(problem, WX_PROBLEM_SIZE, "group: expected at most %d letters, not '%.40s'",
             WX_GROUP_NAME - 1, action->group);
    return -EINVAL;
  }
  for (size_t i = 0; i < FIELDS; ++i) {
    const char *text = field_value(action, i);
    char words[WX_WORDS];
    if (!text || !fields[i].words || wx_words_have(fields[i].words, text))
      continue;
    snprintf(problem, WX_PROBLEM_SIZE, "%s: expected %s, not '%.40s'", fields[i].name,
             wx_words_or(words, fields[i].words), text);
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
