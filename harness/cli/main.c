// The program: which verb, and what it says about itself.
#include "cli/say.h"
#include "cli/usage.h"
#include "cli/verb.h"
#include "os/interrupt.h"
#include "os/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const WxCliVerb *find(const char *name) {
  return wx_cli_verb_find(name, strlen(name));
}

// What may stand first: a verb, or `help`.
static const char *first_word(size_t index) {
  const WxCliVerb *verb = wx_cli_verb_at(index);
  if (verb)
    return verb->name;
  return index == 0 || wx_cli_verb_at(index - 1) ? "help" : NULL;
}

static int unknown(const char *name) {
  return wx_cli_unknown_word(NULL, "verb", name, first_word);
}

// Output to stdout that got lost is a failure, too.
static int flushed(void) {
  if (fflush(stdout) != 0 || ferror(stdout))
    return wx_cli_fail(NULL, "cannot write to stdout: %s", strerror(errno));
  return WX_EXIT_OK;
}

static int print_help(void) {
  puts("Usage: wxbench VERB [OPTION...] [ARGUMENT...]\n"
       "What does .NET's W^X double mapping cost in memory, mappings and time, and what\n"
       "would cost less?\n");
  const WxCliVerb *verb;
  for (size_t i = 0; (verb = wx_cli_verb_at(i)); ++i)
    printf("  %-10s %s\n", verb->name, verb->summary);
  puts("\n  --help     show this help; `wxbench help VERB` explains a verb\n"
       "  --version  show the version\n\n"
       "Exit status: 0 done, expectations met; 1 an expectation failed or a program did\n"
       "not run to its end; 2 bad usage or input; 77 not possible on this machine.\n\n"
       "Example: wxbench audit PID");
  return flushed();
}

static int print_version(void) {
  puts("wxbench " WX_VERSION);
  return flushed();
}

// For manual pages and completions (usage.h).
static int describe(void) {
  int status = WX_EXIT_OK;
  const WxCliVerb *verb;
  for (size_t i = 0; status == WX_EXIT_OK && (verb = wx_cli_verb_at(i)); ++i) {
    char *arguments[] = {(char *)verb->name, (char[]){WX_DESCRIBE}, NULL};
    printf("verb\t%s\t%s\n", verb->name, verb->summary);
    status = verb->run(2, arguments);
  }
  return status;
}

static int help_on(const char *name) {
  const WxCliVerb *verb = find(name);
  if (!verb)
    return unknown(name);
  char *arguments[] = {(char *)verb->name, (char[]){"--help"}, NULL};
  return verb->run(2, arguments);
}

// A descriptor 0, 1 or 2 that is closed would be given to the next file opened. Reading from or
// writing to these stand-ins fails, as it would have.
static void fill_standard_descriptors(void) {
  for (int fd = 0; fd <= 2; ++fd) {
    if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) < 0)
      return;
  }
}

int main(int argc, char **argv) {
  fill_standard_descriptors();
  if (argc < 2)
    return wx_cli_fail(NULL, "no verb given; expected one of those that `wxbench --help` lists");
  const char *first = argv[1];
  if (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0 ||
      (strcmp(first, "help") == 0 && argc == 2))
    return print_help();
  if (strcmp(first, "--version") == 0)
    return print_version();
  if (strcmp(first, WX_DESCRIBE) == 0)
    return describe();
  if (strcmp(first, "help") == 0)
    return help_on(argv[2]);
  if (*first == '-')
    return wx_cli_fail(NULL, "unknown option '%s'; a verb comes first (see wxbench --help)", first);
  const WxCliVerb *verb = find(first);
  if (verb && verb->fixed_layout)
    wx_os_fix_layout(argv);
  const int status = verb ? verb->run(argc - 1, argv + 1) : unknown(first);
  wx_os_interrupt_end();
  return status;
}
