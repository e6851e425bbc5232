#include "cli/usage.h"

#include "cli/say.h"
#include "cli/verb.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* The options that every verb has, and what options say
 * -------------------------------------------------------------------------------------------------
 */

const struct argp_option wx_common_options[] = {
    {0, 0, 0, 0, "Common options:", -1},
    {"json", WX_OPTION_JSON, "FILE", 0,
     "Write the JSON document to FILE (- is stdout: nothing else goes there)", -1},
    {"format", WX_OPTION_FORMAT, "FORMAT", 0,
     "Write to stdout as %s; as the first if nothing is said", -1},
    {"quiet", 'q', 0, 0, "No progress, and no table unless --format asks for one", -1},
    {"help", 'h', 0, 0, "Show this help", -1},
    {0},
};

const WxOptionWords wx_common_words[] = {{WX_OPTION_FORMAT, wx_format_name}, {0}};

WxWordAt *wx_option_words(const WxOptionWords *words, int key) {
  for (; words && words->at; ++words)
    if (words->key == key)
      return words->at;
  return NULL;
}

const char *wx_option_doc(const struct argp_option *option, WxWordAt *at,
                          char text[WX_OPTION_DOC]) {
  const char *hole = at && option->doc ? strstr(option->doc, "%s") : NULL;
  if (!hole)
    return option->doc;
  char names[WX_WORDS];
  snprintf(text, WX_OPTION_DOC, "%.*s%s%s", (int)(hole - option->doc), option->doc,
           wx_words_or(names, at), hole + 2);
  return text;
}

/* For programs
 * -------------------------------------------------------------------------------------------------
 */

static bool has_verbs(const char *line, size_t length) {
  static const char program[] = "wxbench ";
  const char *end = line + length;
  for (const char *at = line; (at = memmem(at, (size_t)(end - at), program, strlen(program)));) {
    at += strlen(program);
    if (!wx_cli_verb_find(at, strspn(at, "abcdefghijklmnopqrstuvwxyz")))
      return false;
  }
  return true;
}

void wx_example_lines(const char *example, char lines[WX_EXAMPLE_MOST]) {
  size_t used = 0;
  lines[0] = '\0';
  while (*example) {
    const size_t length = strcspn(example, "\n");
    if (has_verbs(example, length) && used + length + 1 < WX_EXAMPLE_MOST)
      used += (size_t)sprintf(lines + used, "%s%.*s", used ? "\n" : "", (int)length, example);
    example += length + (example[length] == '\n');
  }
}

// The argument as it is shown; by its values where there is a table of them.
static void describe_argument(FILE *stream, const struct argp_option *option, WxWordAt *at) {
  const bool optional = option->flags & OPTION_ARG_OPTIONAL;
  char names[WX_WORDS];
  const char *argument = at ? wx_words_joined(names, at, "|") : option->arg;
  fprintf(stream, "%s%s%s", optional ? "[" : "", argument ? argument : "", optional ? "]" : "");
}

static void describe_options(FILE *stream, const struct argp_option *option,
                             const WxOptionWords *words) {
  for (; option && (option->name || option->key || option->doc || option->group); ++option) {
    if (!option->name || option->flags & OPTION_HIDDEN)
      continue;
    const char letter[] = {'-', (char)option->key, '\0'};
    WxWordAt *at = wx_option_words(words, option->key);
    char doc[WX_OPTION_DOC];
    fprintf(stream, "option\t--%s\t%s\t", option->name,
            option->key > 0 && option->key < 256 && isalnum(option->key) ? letter : "");
    describe_argument(stream, option, at);
    fprintf(stream, "\t%s\n", wx_option_doc(option, at, doc));
  }
}

static void describe_lines(FILE *stream, const char *kind, const char *text) {
  while (text && *text) {
    const size_t length = strcspn(text, "\n");
    const size_t blanks = strspn(text, " ");
    fprintf(stream, "%s\t%.*s\n", kind, (int)(length - blanks), text + blanks);
    text += length + (text[length] == '\n');
  }
}

void wx_describe(FILE *stream, const WxOptionsSpec *spec) {
  describe_lines(stream, "about", spec->summary);
  describe_lines(stream, "arguments", spec->arguments);
  describe_options(stream, spec->options, spec->words);
  describe_options(stream, wx_common_options, wx_common_words);
  char example[WX_EXAMPLE_MOST];
  wx_example_lines(spec->example, example);
  describe_lines(stream, "example", example);
  describe_lines(stream, "endings", spec->endings);
}

/* What getopt did not like
 * -------------------------------------------------------------------------------------------------
 */

enum { MOST_NAMES = 64, NAME_SIZE = 40 };

// All long options of the verb and the common ones.
typedef struct {
  const struct argp_option *items[MOST_NAMES];
  char names[MOST_NAMES][NAME_SIZE]; ///< With their dashes.
  size_t count;
} Known;

static void collect(Known *known, const struct argp_option *options) {
  for (; options && !wx_option_is_last(options) && known->count < MOST_NAMES; ++options) {
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
