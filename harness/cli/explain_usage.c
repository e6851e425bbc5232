#include "cli/explain_usage.h"

#include "cli/say.h"
#include "cli/verb.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

const struct argp_option wx_common_options[] = {
    {0, 0, 0, 0, "Common options:", -1},
    {"json", WX_OPTION_JSON, "FILE", 0,
     "Write the JSON document to FILE (- is stdout: nothing else goes there)", -1},
    {"format", WX_OPTION_FORMAT, "FORMAT", 0,
     "Write to stdout as table (default), json, csv, markdown, junit, gab, bencher or tap", -1},
    {"quiet", 'q', 0, 0, "No progress, and no table unless --format asks for one", -1},
    {"help", 'h', 0, 0, "Show this help", -1},
    {0},
};

enum { MOST_NAMES = 64, NAME_SIZE = 40 };

// All long options of the verb and the common ones.
typedef struct {
  const struct argp_option *items[MOST_NAMES];
  char names[MOST_NAMES][NAME_SIZE]; ///< With their dashes.
  size_t count;
} Known;

static bool is_end(const struct argp_option *option) {
  return !option->name && !option->key && !option->doc && !option->group;
}

static void collect(Known *known, const struct argp_option *options) {
  for (; options && !is_end(options) && known->count < MOST_NAMES; ++options) {
    if (!options->name)
      continue;
    known->items[known->count] = options;
    snprintf(known->names[known->count++], NAME_SIZE, "--%s", options->name);
  }
}

static const struct argp_option *find_letter(const Known *known, char letter) {
  for (size_t i = 0; i < known->count; ++i) {
    if (known->items[i]->key == letter)
      return known->items[i];
  }
  return NULL;
}

static int unknown_option(const char *verb, const Known *known, const char *typed) {
  const char *names[MOST_NAMES];
  for (size_t i = 0; i < known->count; ++i)
    names[i] = known->names[i];
  return wx_cli_unknown(verb, "option", typed, names, known->count);
}

// What is wrong with `--name[=value]`.
static int explain_long(const char *verb, const Known *known, const char *argument) {
  char name[64];
  snprintf(name, sizeof name, "%.*s", (int)strcspn(argument, "="), argument);
  const struct argp_option *match = NULL;
  size_t matches = 0;
  for (size_t i = 0; i < known->count; ++i) {
    if (strncmp(known->names[i], name, strlen(name)) != 0)
      continue;
    match = known->items[i];
    ++matches;
    if (strcmp(known->names[i], name) == 0) {
      matches = 1;
      break;
    }
  }
  if (matches == 0)
    return unknown_option(verb, known, name);
  if (matches > 1)
    return wx_cli_fail(verb, "option '%s' is ambiguous; write it out (see --help)", name);
  if (match->arg)
    return wx_cli_fail(verb, "option '--%s' needs a value: --%s=%s", match->name, match->name,
                       match->arg);
  return wx_cli_fail(verb, "option '--%s' takes no value, but was given one: '%s'", match->name,
                     argument);
}

// The letter at fault in a cluster such as `-qx`, NUL where none is. `last` says whether nothing
// follows that could be a value.
static char letter_at_fault(const Known *known, const char *cluster) {
  for (const char *at = cluster + 1; *at; ++at) {
    const struct argp_option *option = find_letter(known, *at);
    if (!option)
      return *at;
    if (option->arg)
      return at[1] == '\0' ? *at : '\0';
  }
  return '\0';
}

static int explain_letter(const char *verb, const Known *known, char letter) {
  const struct argp_option *option = find_letter(known, letter);
  if (option)
    return wx_cli_fail(verb, "option '-%c' needs a value: -%c %s", letter, letter, option->arg);
  return wx_cli_fail(verb, "unknown option '-%c' (see wxbench %s --help)", letter, verb);
}

int wx_explain_usage(const char *verb, const struct argp_option *own, int argc, char **argv,
                     int next) {
  Known known = {.count = 0};
  collect(&known, own);
  collect(&known, wx_common_options);
  // getopt has passed the argument at fault, unless it stopped inside a cluster of letters.
  const char *passed = next > 1 && next <= argc ? argv[next - 1] : "";
  if (strncmp(passed, "--", 2) == 0 && passed[2])
    return explain_long(verb, &known, passed);
  const char *clusters[] = {passed, next < argc ? argv[next] : ""};
  for (size_t i = 0; i < 2; ++i) {
    const char letter = clusters[i][0] == '-' ? letter_at_fault(&known, clusters[i]) : '\0';
    if (letter)
      return explain_letter(verb, &known, letter);
  }
  return wx_cli_fail(verb, "cannot understand the command line; see wxbench %s --help", verb);
}
