#include "cli/options.h"

#include "cli/say.h"
#include "cli/usage.h"
#include "cli/verb.h"
#include "measure/memfd.h"
#include "output/context.h"
#include "output/output_file.h"
#include "output/terminal.h"
#include "stats/units.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// The outermost argp, which every parser can see, and what it fills.
typedef struct {
  struct argp argp; ///< First: state->root_argp points here.
  WxOptions *options;
} Root;

static error_t set_format(WxOptions *options, const char *name) {
  options->format = wx_format_find(name);
  if (options->format)
    return 0;
  wx_cli_unknown_word(options->verb, "format", name, wx_format_name);
  options->said = true;
  return EINVAL;
}

static error_t set_json(struct argp_state *state, WxOptions *options, const char *path) {
  options->json = path;
  if (strcmp(path, "-") == 0)
    return 0;
  const int error = wx_file_check(path);
  return error ? wx_options_refuse(state, "cannot write '%s': %s", path, strerror(-error)) : 0;
}

static error_t take_arguments(struct argp_state *state, WxOptions *options) {
  if (!options->spec->arguments)
    return wx_options_refuse(state, "unexpected argument '%s'; expected only options (see --help)",
                             state->argv[state->next]);
  options->arguments = state->argv + state->next;
  options->argument_count = (size_t)(state->argc - state->next);
  return 0;
}

static error_t parse(int key, char *value, struct argp_state *state) {
  WxOptions *options = state->input;
  options->key = key;
  switch (key) {
  case ARGP_KEY_INIT:
    if (options->spec->parse)
      state->child_inputs[0] = options->own;
    return 0;
  case 'q':
    options->quiet = true;
    return 0;
  case 'h':
    options->help = true;
    return ECANCELED;
  case WX_OPTION_JSON:
    return set_json(state, options, value);
  case WX_OPTION_FORMAT:
    return set_format(options, value);
  case ARGP_KEY_ARGS:
    return take_arguments(state, options);
  case ARGP_KEY_ERROR:
    options->next = state->next;
    return 0;
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

// The verb's own parser, whose refusals name the option that is read.
static error_t parse_own(int key, char *value, struct argp_state *state) {
  WxOptions *options = ((const Root *)state->root_argp)->options;
  options->key = key;
  return options->spec->parse(key, value, state);
}

// A long help may have been written, and lost, in part before.
static int flush(const WxOptions *options) {
  if (fflush(stdout) != 0 || ferror(stdout))
    return wx_cli_fail(options->verb, "cannot write to stdout: %s", strerror(errno));
  return WX_EXIT_OK;
}

enum { MOST_OPTIONS = 48, MOST_WORDS = 4 };

// Options with the names of tables in their help.
typedef struct {
  struct argp_option options[MOST_OPTIONS];
  char docs[MOST_WORDS][WX_OPTION_DOC];
} Filled;

static void fill(Filled *filled, const struct argp_option *options, const WxOptionWords *words) {
  size_t doc = 0;
  for (size_t i = 0; i + 1 < MOST_OPTIONS; ++i) {
    filled->options[i] = options[i];
    filled->options[i + 1] = (struct argp_option){0};
    if (wx_option_is_last(&options[i]))
      return;
    WxWordAt *at = doc < MOST_WORDS ? wx_option_words(words, options[i].key) : NULL;
    if (at)
      filled->options[i].doc = wx_option_doc(&options[i], at, filled->docs[doc++]);
  }
}

// Writes the help text to stdout, as argp knows the command line but with the names of tables.
static int print_help(const WxOptions *options, struct argp root) {
  static const struct argp_option none[] = {{0}};
  Filled own, common;
  fill(&own, options->spec->options ? options->spec->options : none, options->spec->words);
  fill(&common, wx_common_options, wx_common_words);
  const struct argp of_verb = {.options = own.options};
  const struct argp_child children[] = {{&of_verb, 0, NULL, 0}, {0}};
  root.options = common.options;
  root.children = options->spec->options ? children : NULL;
  char name[64];
  snprintf(name, sizeof name, "wxbench %s", options->verb);
  // The note on values of short options repeats what the list shows.
  setenv("ARGP_HELP_FMT", "no-dup-args-note", 0);
  argp_help(&root, stdout, ARGP_HELP_SHORT_USAGE | ARGP_HELP_LONG | ARGP_HELP_DOC, name);
  return flush(options);
}

static int print_description(const WxOptions *options) {
  wx_describe(stdout, options->spec);
  return flush(options);
}

// What is longer than a line is named in the summary.
static const char *shown_arguments(const WxOptionsSpec *spec) {
  enum { LONGEST = 64 };
  return spec->arguments && strlen(spec->arguments) > LONGEST ? "[WHAT...]" : spec->arguments;
}

bool wx_options_parse(WxOptions *options, const WxOptionsSpec *spec, int argc, char **argv,
                      void *own) {
  *options = (WxOptions){.verb = argv[0],
                         .command = wx_context_command(argc, argv),
                         .started = time(NULL),
                         .status = WX_EXIT_USAGE,
                         .spec = spec,
                         .own = own};
  if (argc == 2 && strcmp(argv[1], WX_DESCRIBE) == 0) {
    options->status = print_description(options);
    wx_options_free(options);
    return false;
  }
  if (!options->command) {
    options->status = wx_cli_fail(options->verb, "%s", strerror(ENOMEM));
    return false;
  }
  char doc[2048], example[WX_EXAMPLE_MOST];
  wx_example_lines(spec->example, example);
  snprintf(doc, sizeof doc, "%s\vExample:\n%s%s%s", spec->summary, example,
           spec->endings ? "\n\n" : "", spec->endings ? spec->endings : "");
  const struct argp of_verb = {.options = spec->options, .parser = spec->parse ? parse_own : NULL};
  const struct argp_child children[] = {{&of_verb, 0, NULL, 0}, {0}};
  const Root root = {.argp = {.options = wx_common_options,
                              .parser = parse,
                              .args_doc = shown_arguments(spec),
                              .doc = doc,
                              .children = spec->options ? children : NULL},
                     .options = options};
  const unsigned flags =
      ARGP_NO_ERRS | ARGP_NO_HELP | ARGP_NO_EXIT | (spec->command ? ARGP_IN_ORDER : 0U);
  const error_t error = argp_parse(&root.argp, argc, argv, flags, NULL, options);
  if (!error) {
    if (!options->format && !options->quiet)
      options->format = spec->format ? wx_format_find(spec->format) : wx_format_at(0);
    return true;
  }
  if (options->help)
    options->status = print_help(options, root.argp);
  else if (error == ENOMEM)
    wx_cli_fail(options->verb, "out of memory");
  else if (!options->said)
    wx_explain_usage(options->verb, spec->options, argc, argv, options->next);
  wx_options_free(options);
  return false;
}

void wx_options_free(WxOptions *options) {
  free(options->command);
  options->command = NULL;
}

// The name of the option that has that key, NULL where none has.
static const char *name_of(const struct argp_option *options, int key) {
  for (; options && !wx_option_is_last(options); ++options)
    if (options->key == key && options->name)
      return options->name;
  return NULL;
}

error_t wx_options_refuse(struct argp_state *state, const char *format, ...) {
  WxOptions *options = ((const Root *)state->root_argp)->options;
  options->said = true;
  char *message;
  va_list arguments;
  va_start(arguments, format);
  const int length = vasprintf(&message, format, arguments);
  va_end(arguments);
  if (length < 0)
    return ENOMEM;
  const char *own = name_of(options->spec->options, options->key);
  const char *name = own ? own : name_of(wx_common_options, options->key);
  wx_cli_fail(options->verb, "%s%s%s%s", name ? "--" : "", name ? name : "", name ? ": " : "",
              message);
  free(message);
  return EINVAL;
}

/* Values: quantities, repeated names, settings
 * -------------------------------------------------------------------------------------------------
 */

error_t wx_options_count(struct argp_state *state, const char *text, uint64_t lowest,
                         uint64_t highest, uint64_t *value) {
  const char *problem;
  uint64_t count;
  if (wx_units_count(text, &count, &problem) < 0)
    return wx_options_refuse(state, "'%s' %s", text, problem);
  if (count < lowest || count > highest)
    return wx_options_refuse(state, "%s is out of range; expected %" PRIu64 " to %" PRIu64, text,
                             lowest, highest);
  *value = count;
  return 0;
}

error_t wx_options_bytes(struct argp_state *state, const char *text, uint64_t *value) {
  const char *problem;
  if (wx_units_bytes(text, value, &problem) < 0)
    return wx_options_refuse(state, "'%s' %s", text, problem);
  return 0;
}

error_t wx_options_duration(struct argp_state *state, const char *text, uint64_t bare_ns,
                            uint64_t *value) {
  const char *problem;
  if (wx_units_duration(text, bare_ns, value, &problem) < 0)
    return wx_options_refuse(state, "'%s' %s", text, problem);
  return 0;
}

error_t wx_options_memfd(struct argp_state *state, const char *text, const char **name) {
  if (!*text || strlen(text) > WX_MEMFD_NAME_MAX)
    return wx_options_refuse(state, "expected a name of 1 to %d bytes", WX_MEMFD_NAME_MAX);
  *name = text;
  return 0;
}

error_t wx_options_limit(struct argp_state *state, const char *text, uint64_t *limit_ns) {
  static const uint64_t second_ns = UINT64_C(1000) * 1000 * 1000;
  const error_t failed = wx_options_duration(state, text, second_ns, limit_ns);
  if (failed == 0 && *limit_ns == 0)
    return wx_options_refuse(state, "'%s' is no time; expected more than 0", text);
  return failed;
}

error_t wx_names_add(struct argp_state *state, WxNames *names, const char *name) {
  (void)state;
  const char **items = reallocarray(names->items, names->count + 1, sizeof *items);
  if (!items)
    return ENOMEM;
  names->items = items;
  items[names->count++] = name;
  return 0;
}

void wx_names_free(WxNames *names) {
  free(names->items);
  *names = (WxNames){0};
}

error_t wx_settings_add(struct argp_state *state, WxSettings *settings, const char *text) {
  const char *equals = strchr(text, '=');
  if (!equals || equals == text)
    return wx_options_refuse(state, "'%s' is not KEY=VALUE", text);
  WxSetting *items = reallocarray(settings->items, settings->count + 1, sizeof *items);
  if (!items)
    return ENOMEM;
  settings->items = items;
  char *key = strndup(text, (size_t)(equals - text));
  if (!key)
    return ENOMEM;
  items[settings->count++] = (WxSetting){key, equals + 1};
  return 0;
}

const char *wx_settings_get(const WxSettings *settings, const char *key) {
  for (size_t i = settings->count; i-- > 0;) {
    if (strcmp(settings->items[i].key, key) == 0)
      return settings->items[i].value;
  }
  return NULL;
}

void wx_settings_free(WxSettings *settings) {
  for (size_t i = 0; i < settings->count; ++i)
    free((char *)(uintptr_t)settings->items[i].key);
  free(settings->items);
  *settings = (WxSettings){0};
}

/* The end of a verb: all that was asked for is written, or one line says what was not
 * -------------------------------------------------------------------------------------------------
 */

static void add_context(const WxOptions *options, WxDocument *document, WxFigure seed) {
  if (json_object_size(document->context) > 0)
    return;
  json_t *context = wx_context_json(options->command, options->started, seed);
  if (!context || json_object_update(document->context, context) != 0)
    document->lost = true;
  json_decref(context);
}

// `path` NULL is stdout.
static int write_as(const WxOptions *options, const WxFormat *format, const WxDocument *document,
                    const char *path) {
  const int error = wx_format_write(format, document, path, STDOUT_FILENO);
  if (error == -ENOMEM)
    return wx_cli_fail(options->verb, "cannot write the result as %s: %s", format->name,
                       strerror(-error));
  if (error)
    return wx_cli_fail(options->verb, "cannot write '%s': %s", path ? path : "stdout",
                       strerror(-error));
  return 0;
}

static int write_all(const WxOptions *options, const WxDocument *document) {
  const WxFormat *json = wx_format_find("json");
  const bool json_on_stdout = options->json && strcmp(options->json, "-") == 0;
  if (json_on_stdout)
    return write_as(options, json, document, NULL);
  const int status = options->json ? write_as(options, json, document, options->json) : 0;
  return status || !options->format ? status : write_as(options, options->format, document, NULL);
}

int wx_cli_finish(WxOptions *options, WxDocument *document, WxFigure seed, int status) {
  add_context(options, document, seed);
  document->width = wx_terminal_columns(STDOUT_FILENO);
  const int failed = write_all(options, document);
  wx_document_free(document);
  wx_options_free(options);
  return failed ? failed : status;
}
