#include "scenario/parameters.h"

#include "os/os.h"
#include "stats/units.h"
#include "strategy/views.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

typedef enum { SWITCH, NUMBER, BACKING, GRANULARITY, SEED, ROUNDS } Kind;

// What can be set of every scenario. A new option: a field of WxStrategyOptions and a row.
typedef struct {
  const char *name;
  Kind kind;
  size_t offset;
  size_t size;
  uint64_t most;
  const char *about;
} Option;

#define OPTION(NAME, KIND, MOST, ABOUT)                                                            \
  {                                                                                                \
#NAME, KIND, offsetof(WxStrategyOptions, NAME), sizeof((WxStrategyOptions *)0)->NAME, MOST,    \
        ABOUT                                                                                      \
  }

static const Option options_table[] = {
    OPTION(cache, NUMBER, WX_VIEWS_CACHE_MOST, "RW views that are kept for reuse"),
    OPTION(stale_views, SWITCH, 1, "yes: a release forgets to drop kept views, as .NET 7 did"),
    OPTION(move_to_front, SWITCH, 1, "yes: a block that was found moves to the head of its list"),
    OPTION(walks, SWITCH, 1, "yes: the runtime's walks of lists cost time; they count either way"),
    OPTION(pool, SWITCH, 1, "yes: addresses come from the pool near the program"),
    OPTION(pool_size, NUMBER, UINT64_C(1) << 40, "bytes of the pool"),
    OPTION(file_size, NUMBER, INT64_MAX, "bytes of the memfd's length"),
    OPTION(backing, BACKING, 1, "what the file is: memfd or shm"),
    OPTION(granularity, GRANULARITY, 1, "what mprotect makes writable: page or block"),
    OPTION(slack, NUMBER, INT64_MAX, "bytes of released blocks whose pages lean keeps"),
    {"seed", SEED, offsetof(WxStrategyOptions, pool_skip), sizeof(unsigned), UINT64_MAX,
     "how far into the pool it begins; the runtime takes a random place"},
    {"rounds", ROUNDS, 0, 0, UINT64_MAX, "how often the round is played; 1 if nothing is said"},
};

enum { OPTIONS = sizeof options_table / sizeof *options_table, POOL_SKIP_MOST = 64 };

const char *wx_parameters_text(const WxParameters *parameters, const char *name) {
  for (size_t i = parameters->override_count; i-- > 0;)
    if (strcmp(parameters->overrides[i].key, name) == 0)
      return parameters->overrides[i].value;
  for (unsigned i = 0; i < parameters->scenario->parameters_count; ++i)
    if (strcmp(parameters->scenario->parameters[i].name, name) == 0)
      return parameters->scenario->parameters[i].value;
  return NULL;
}

int wx_parameters_quantity(const WxParameters *parameters, const char *text, uint64_t *value,
                           char problem[WX_PROBLEM_SIZE]) {
  const char *named = wx_parameters_text(parameters, text);
  const char *phrase;
  if (wx_units_bytes(named ? named : text, value, &phrase) == 0)
    return 0;
  if (named)
    snprintf(problem, WX_PROBLEM_SIZE, "%.40s: '%.40s' %s", text, named, phrase);
  else
    snprintf(problem, WX_PROBLEM_SIZE, "'%.40s' %s, and no parameter has that name", text, phrase);
  return -EINVAL;
}

int wx_parameters_number(const WxParameters *parameters, const char *name, uint64_t otherwise,
                         uint64_t *value, char problem[WX_PROBLEM_SIZE]) {
  *value = otherwise;
  return wx_parameters_text(parameters, name)
             ? wx_parameters_quantity(parameters, name, value, problem)
             : 0;
}

// The words of the options that are no numbers: in turn 0 and 1.
static const struct {
  const char *words[6];
  const char *expected;
} vocabularies[] = {
    [SWITCH] = {{"0", "1", "no", "yes", "off", "on"}, "yes or no"},
    [BACKING] = {{"memfd", "shm"}, "memfd or shm"},
    [GRANULARITY] = {{"page", "block"}, "page or block"},
};

static bool is_word(const Option *option) {
  return option->kind == SWITCH || option->kind == BACKING || option->kind == GRANULARITY;
}

static int read_word(const Option *option, const char *text, uint64_t *value, char *problem) {
  const char *const *words = vocabularies[option->kind].words;
  for (size_t i = 0; i < 6 && words[i]; ++i)
    if (strcmp(text, words[i]) == 0) {
      *value = i % 2;
      return 0;
    }
  snprintf(problem, WX_PROBLEM_SIZE, "%s: '%.40s' is not %s", option->name, text,
           vocabularies[option->kind].expected);
  return -EINVAL;
}

static int out_of_range(const Option *option, uint64_t value, uint64_t least, char *problem) {
  snprintf(problem, WX_PROBLEM_SIZE, "%s: %llu is out of range; expected %llu to %llu",
           option->name, (unsigned long long)value, (unsigned long long)least,
           (unsigned long long)option->most);
  return -EINVAL;
}

static int read_option(const WxParameters *parameters, const Option *option, uint64_t *value,
                       char problem[WX_PROBLEM_SIZE]) {
  const char *text = wx_parameters_text(parameters, option->name);
  if (is_word(option))
    return read_word(option, text, value, problem);
  const int result = wx_parameters_quantity(parameters, option->name, value, problem);
  const uint64_t least = option->kind == ROUNDS ? 1 : 0;
  if (result == 0 && (*value < least || *value > option->most))
    return out_of_range(option, *value, least, problem);
  return result;
}

// The runtime starts its pool a random number of pages late; here the seed says how many.
static uint64_t pool_skip(uint64_t seed) {
  seed *= 0x9e3779b97f4a7c15ULL;
  return (seed >> 32) % (POOL_SKIP_MOST + 1);
}

static void store(const Option *option, uint64_t value, WxStrategyOptions *options) {
  char *field = (char *)options + option->offset;
  if (option->kind == SEED)
    value = pool_skip(value);
  if (option->size == sizeof(bool))
    *(bool *)field = value != 0;
  else if (option->size == sizeof(unsigned))
    *(unsigned *)(void *)field = (unsigned)value;
  else
    *(uint64_t *)(void *)field = value;
}

int wx_parameters_options(const WxParameters *parameters, WxStrategyOptions *options,
                          char problem[WX_PROBLEM_SIZE]) {
  const size_t page = wx_os_page_size();
  for (size_t i = 0; i < OPTIONS; ++i) {
    const Option *option = &options_table[i];
    if (option->kind == ROUNDS || !wx_parameters_text(parameters, option->name))
      continue;
    uint64_t value;
    if (read_option(parameters, option, &value, problem))
      return -EINVAL;
    store(option, value, options);
  }
  if (options->pool_size % page || options->file_size % page) {
    snprintf(problem, WX_PROBLEM_SIZE, "pool_size and file_size must be whole pages");
    return -EINVAL;
  }
  return 0;
}

static const Option *find_option(const char *name) {
  for (size_t i = 0; i < OPTIONS; ++i)
    if (strcmp(options_table[i].name, name) == 0)
      return &options_table[i];
  return NULL;
}

int wx_parameters_check(const WxParameters *parameters, const char *name,
                        char problem[WX_PROBLEM_SIZE]) {
  uint64_t value;
  const Option *option = find_option(name);
  if (!wx_parameters_text(parameters, name))
    return 0;
  return option ? read_option(parameters, option, &value, problem)
                : wx_parameters_quantity(parameters, name, &value, problem);
}

static bool is_parameter(const WxScenario *scenario, const char *name) {
  for (unsigned i = 0; i < scenario->parameters_count; ++i)
    if (strcmp(scenario->parameters[i].name, name) == 0)
      return true;
  return false;
}

size_t wx_parameters_names(const WxScenario *scenario, const char *names[], size_t capacity) {
  size_t count = 0;
  for (unsigned i = 0; i < scenario->parameters_count; ++i, ++count)
    if (count < capacity)
      names[count] = scenario->parameters[i].name;
  for (size_t i = 0; i < OPTIONS && !scenario->workload; ++i) {
    if (is_parameter(scenario, options_table[i].name))
      continue; // Named above: the scenario gives it a value of its own.
    if (count < capacity)
      names[count] = options_table[i].name;
    ++count;
  }
  return count;
}

int wx_parameters_known(const WxParameters *parameters, const char *key) {
  enum { MOST = 64 };
  const char *names[MOST];
  size_t count = wx_parameters_names(parameters->scenario, names, MOST);
  for (size_t i = 0; i < count && i < MOST; ++i)
    if (strcmp(names[i], key) == 0)
      return 1;
  return 0;
}

const char *wx_parameters_option(size_t index) {
  return index < OPTIONS ? options_table[index].name : NULL;
}

const char *wx_parameters_option_about(size_t index) {
  return options_table[index].about;
}
