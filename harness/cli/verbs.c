// The table of verbs. A program for servers (WX_SERVER) has those that are used beside a running
// process, and needs no library for scenarios or statistics.
#include "cli/verb.h"

#include <string.h>

static const WxCliVerb verbs[] = {
#ifndef WX_SERVER
    {"list", "list strategies, scenarios, workloads, peers, runtimes or models", wx_cli_list,
     false},
    {"demo", "run the smallest reproductions and explain what they show", wx_cli_demo, false},
    {"run", "run scenarios on the simulator, strategy by strategy", wx_cli_run, true},
    {"validate", "run workloads on the real .NET runtime, mode by mode", wx_cli_validate, false},
#endif
    {"record", "record what a .NET process asks of its executable memory", wx_cli_record, false},
#ifndef WX_SERVER
    {"replay", "run a recording on any strategy", wx_cli_replay, true},
#endif
    {"reclaim", "give orphaned pages of a .NET process back", wx_cli_reclaim, false},
    {"audit", "say whose memory it is, for a process, saved maps or a core", wx_cli_audit, false},
#ifndef WX_SERVER
    {"probe", "say whether .NET will start here, and with W^X on or off", wx_cli_probe, false},
#endif
    {"explain", "say what address ranges of a debugger's list are", wx_cli_explain, false},
#ifndef WX_SERVER
    {"bench", "measure what reclaim and audit cost", wx_cli_bench, false},
    {"compare", "compare two result files; exit 1 if anything got worse", wx_cli_compare, false},
    {"report", "summarise a folder of result files", wx_cli_report, false},
#endif
};

const WxCliVerb *wx_cli_verb_at(size_t index) {
  return index < sizeof verbs / sizeof *verbs ? &verbs[index] : NULL;
}

const WxCliVerb *wx_cli_verb_find(const char *name, size_t length) {
  for (size_t i = 0; i < sizeof verbs / sizeof *verbs; ++i) {
    if (strlen(verbs[i].name) == length && memcmp(verbs[i].name, name, length) == 0)
      return &verbs[i];
  }
  return NULL;
}
