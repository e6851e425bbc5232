/**
   @file verb.h
   The verbs of the program. A new one is a file VERB.c that defines `wx_cli_VERB`, its prototype
   here, and a row in verbs.c.
*/
#ifndef WX_CLI_VERB_H
#define WX_CLI_VERB_H

#include <stdbool.h>
#include <stddef.h>

/// Exit statuses of the program.
enum {
  WX_EXIT_OK = 0,         ///< Done, and every expectation met.
  WX_EXIT_FAILED = 1,     ///< An expectation failed, or something got worse.
  WX_EXIT_USAGE = 2,      ///< Bad usage, bad input or output that cannot be written.
  WX_EXIT_IMPOSSIBLE = 77 ///< Not possible on this machine.
};

/// One row of the table. `argv[0]` is the verb's name; the result is the exit status.
typedef struct {
  const char *name;
  const char *summary;
  int (*run)(int argc, char **argv);
  bool fixed_layout; ///< Counts mappings of its own, which must not depend on random addresses.
} WxCliVerb;

/// The `index`-th verb, NULL at the end.
const WxCliVerb *wx_cli_verb_at(size_t index);

/// The verb whose name is the first `length` bytes of `name`, NULL where this program has none.
const WxCliVerb *wx_cli_verb_find(const char *name, size_t length);

int wx_cli_audit(int argc, char **argv);
int wx_cli_bench(int argc, char **argv);
int wx_cli_compare(int argc, char **argv);
int wx_cli_demo(int argc, char **argv);
int wx_cli_explain(int argc, char **argv);
int wx_cli_list(int argc, char **argv);
int wx_cli_probe(int argc, char **argv);
int wx_cli_reclaim(int argc, char **argv);
int wx_cli_record(int argc, char **argv);
int wx_cli_replay(int argc, char **argv);
int wx_cli_report(int argc, char **argv);
int wx_cli_run(int argc, char **argv);
int wx_cli_validate(int argc, char **argv);

#endif
