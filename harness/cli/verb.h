/**
   @file verb.h
   The verbs of the program. A new one is a file VERB.c that defines wx_cli_VERB(), and a row here.
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

/// Name; whether the program for servers (`make server`), which needs no library for scenarios or
/// statistics, has it as well; whether it counts mappings of its own; what it does.
#define WX_CLI_VERBS(ROW)                                                                          \
  ROW(list, HERE, false, "what there is to run, to name and to compare")                           \
  ROW(demo, HERE, false, "run the smallest reproductions and explain what they show")              \
  ROW(run, HERE, true, "run scenarios on the simulator, strategy by strategy")                     \
  ROW(validate, HERE, false, "run workloads on the real .NET runtime, mode by mode")               \
  ROW(record, SERVER, false, "record what a .NET process asks of its executable memory")           \
  ROW(replay, HERE, true, "run a recording on any strategy")                                       \
  ROW(reclaim, SERVER, false, "give orphaned pages of a .NET process back")                        \
  ROW(audit, SERVER, false, "say whose memory it is, for a process, saved maps or a core")         \
  ROW(probe, HERE, false, "say whether .NET will start here, and with W^X on or off")              \
  ROW(explain, SERVER, false, "say what address ranges of a debugger's list are")                  \
  ROW(bench, HERE, false, "measure what reclaim and audit cost")                                   \
  ROW(compare, HERE, false, "compare two result files; exit 1 if anything got worse")              \
  ROW(report, HERE, false, "summarise a folder of result files")

/// The `index`-th verb, NULL at the end.
const WxCliVerb *wx_cli_verb_at(size_t index);

/// The verb whose name is the first `length` bytes of `name`, NULL where this program has none.
const WxCliVerb *wx_cli_verb_find(const char *name, size_t length);

#define WX_CLI_VERB_DECLARED(NAME, ...) int wx_cli_##NAME(int argc, char **argv);
WX_CLI_VERBS(WX_CLI_VERB_DECLARED)
#undef WX_CLI_VERB_DECLARED

#endif
