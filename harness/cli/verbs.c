// The table of verbs.
#include "cli/verb.h"

static const WxCliVerb verbs[] = {
    {"list", "what there is: strategies, scenarios, workloads, peers, runtimes, models",
     wx_cli_list, false},
    {"run", "run scenarios on the simulator, strategy by strategy", wx_cli_run, true},
    {"validate", "run workloads on the real .NET runtime, mode by mode", wx_cli_validate, false},
    {"record", "record what a .NET process asks of its executable memory", wx_cli_record, false},
    {"replay", "run a recording on any strategy", wx_cli_replay, true},
    {"reclaim", "give orphaned pages of a .NET process back", wx_cli_reclaim, false},
    {"audit", "say whose memory it is, for a process, saved maps or a core", wx_cli_audit, false},
    {"probe", "say whether .NET will start here, and with W^X on or off", wx_cli_probe, false},
    {"explain", "say what address ranges of a debugger's list are", wx_cli_explain, false},
    {"bench", "measure what reclaim and audit cost", wx_cli_bench, false},
    {"compare", "compare two result files; exit 1 if anything got worse", wx_cli_compare, false},
    {"report", "summarise a folder of result files", wx_cli_report, false},
};

const WxCliVerb *wx_cli_verb_at(size_t index) {
  return index < sizeof verbs / sizeof *verbs ? &verbs[index] : NULL;
}
