#include "cli/describe.h"

#include "cli/explain_usage.h"
#include "cli/verb.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

// Whether this program has the verb of each `wxbench VERB` in the line.
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
