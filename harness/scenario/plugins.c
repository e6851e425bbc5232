#include "scenario/plugins.h"

#include "measure/observe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/// What a process that loaded one says.
typedef struct {
  int error; ///< First, as WxFreshPart wants it.
  bool loaded;
  unsigned capabilities;
  char summary[WX_PLUGIN_SUMMARY];
  char problem[WX_PLUGIN_PROBLEM];
} Description;

static int describe(const void *order, size_t size, void *report, WxStepChannel channel) {
  (void)size, (void)channel;
  WxPlugin plugin;
  Description *description = report;
  const WxStrategy *strategy = wx_strategy_named(order, &plugin);
  description->error = strategy ? wx_plugin_load(&plugin) : -ENAMETOOLONG;
  if (description->error) {
    memcpy(description->problem, plugin.problem, sizeof plugin.problem);
    return 1;
  }
  description->capabilities = strategy->capabilities;
  memcpy(description->summary, plugin.summary, sizeof plugin.summary);
  description->loaded = true;
  return 0;
}

static int look(const char *name, Description *description) {
  static const uint64_t time_limit_ns = UINT64_C(20) * 1000 * 1000 * 1000;
  const WxFreshPart part = {.play = describe,
                            .order = name,
                            .order_size = strlen(name) + 1,
                            .report = description,
                            .report_size = sizeof *description,
                            .time_limit_ns = time_limit_ns};
  WxEnded ended;
  return wx_observe_fresh(&part, &ended);
}

static int add_plugin(const char *name, WxPlugins *plugins, WxProblem *problem) {
  WxPlugin *plugin = &plugins->items[plugins->count];
  Description description;
  if (!wx_strategy_named(name, plugin))
    return wx_problem(problem, -EINVAL, "the name of '%.40s...' is too long", name);
  const int failed = look(name, &description);
  if (failed)
    return wx_problem(problem, -EINVAL, "cannot look at '%s': %s", name, strerror(-failed));
  ++plugins->count;
  if (description.error == -ENOSYS)
    return wx_problem(problem, -ENOTSUP, "'%s': %s", name, description.problem);
  if (description.error)
    return wx_problem(problem, -EINVAL, "'%s': %s", name, description.problem);
  if (description.loaded)
    plugin->strategy.capabilities = description.capabilities;
  memcpy(plugin->summary, description.summary, sizeof plugin->summary);
  return 0;
}

static const WxStrategy *find_plugin(const WxPlugins *plugins, const char *name) {
  for (size_t i = 0; i < plugins->count; ++i)
    if (strcmp(plugins->items[i].name, name) == 0)
      return &plugins->items[i].strategy;
  return NULL;
}

// Where nothing of what was named can be had on this machine, there is nothing to do.
static int check_lacks(const WxNames *strategies, WxProblem *problem) {
  const char *lacks = NULL;
  for (size_t i = 0; i < strategies->count; ++i) {
    const WxStrategy *strategy = wx_strategy_find(strategies->items[i]);
    lacks = strategy ? wx_strategy_lacks(strategy) : NULL;
    if (!lacks)
      return 0;
  }
  return lacks ? wx_problem(problem, -ENOTSUP, "%s: %s", strategies->items[0], lacks) : 0;
}

int wx_plugins_check(const WxNames *strategies, WxPlugins *plugins, WxProblem *problem) {
  plugins->items = calloc(strategies->count + 1, sizeof *plugins->items);
  if (!plugins->items)
    return wx_problem(problem, -ENOMEM, "out of memory");
  int failed = 0;
  for (size_t i = 0; i < strategies->count && failed == 0; ++i) {
    const char *name = strategies->items[i];
    if (wx_plugin_is_named(name))
      failed = find_plugin(plugins, name) ? 0 : add_plugin(name, plugins, problem);
    else if (!wx_words_have(wx_strategy_name, name))
      failed = wx_problem_unknown_word(problem, "strategy", name, wx_strategy_name);
  }
  return failed ? failed : check_lacks(strategies, problem);
}

int wx_plugins_check_blocks(const WxNames *strategies, WxPlugins *plugins, WxProblem *problem) {
  int failed = wx_plugins_check(strategies, plugins, problem);
  for (size_t i = 0; i < plugins->count && failed == 0; ++i)
    if (plugins->items[i].strategy.capabilities & WX_HAS_NO_BLOCKS)
      failed = wx_problem(problem, -EINVAL,
                          "'%s' has functions, no blocks; expected one with blocks (try "
                          "wxbench bench strategies)",
                          plugins->items[i].name);
  return failed;
}

const WxStrategy *wx_plugins_strategy(const WxPlugins *plugins, const char *name) {
  return wx_plugin_is_named(name) ? find_plugin(plugins, name) : wx_strategy_find(name);
}

const WxStrategy *wx_plugins_strategy_at(const WxPlugins *plugins, size_t index) {
  size_t count = 0;
  for (const WxStrategy *strategy; (strategy = wx_strategy_at(count)); ++count)
    if (count == index)
      return strategy;
  return index - count < plugins->count ? &plugins->items[index - count].strategy : NULL;
}

bool wx_plugins_is_wanted(const WxNames *strategies, const WxStrategy *strategy, unsigned unless) {
  return strategies->count ? wx_names_have(strategies, strategy->name)
                           : !(strategy->capabilities & unless);
}

void wx_plugins_free(WxPlugins *plugins) {
  free(plugins->items);
  *plugins = (WxPlugins){0};
}
