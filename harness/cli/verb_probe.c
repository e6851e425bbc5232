// `wxbench probe`: will .NET start here, and will W^X be on.
#include "cli/options.h"
#include "cli/say.h"
#include "cli/verb.h"
#include "output/documents.h"
#include "session/probe_session.h"

#include <errno.h>

enum { OPTION_RUNTIME = 256, OPTION_PID, MOST_PID = 1 << 22 };

typedef struct {
  WxNames runtimes;
  uint64_t pid;
} Own;

static const struct argp_option own_options[] = {
    {"runtime", OPTION_RUNTIME, "VERSION|DIR", 0,
     "A version, as 10 or 10.0.1, or a folder as DOTNET_ROOT names it; may be repeated. Default: "
     "all that are here, or else each version that was measured",
     0},
    {"pid", OPTION_PID, "PID", 0, "Say whether W^X is on in the process PID, which runs already",
     0},
    {0},
};

static error_t parse(int key, char *argument, struct argp_state *state) {
  Own *own = state->input;
  switch (key) {
  case OPTION_RUNTIME:
    return wx_names_add(state, &own->runtimes, argument);
  case OPTION_PID:
    return wx_options_count(state, argument, 1, MOST_PID, &own->pid);
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

static const WxOptionsSpec spec = {
    .summary =
        "Say whether .NET will start here, and whether W^X will be on: what the runtime needs "
        "is tried in child processes, under the limits and policies that this command runs "
        "under. Start it where the program will start: in its container, its service, its "
        "shell.",
    .example = "  wxbench probe\n"
               "  wxbench probe --runtime 8 --runtime 10 --json -\n"
               "  wxbench probe --pid 1234",
    .options = own_options,
    .parse = parse,
};

int wx_cli_probe(int argc, char **argv) {
  Own own = {0};
  WxOptions options;
  if (!wx_options_parse(&options, &spec, argc, argv, &own)) {
    wx_names_free(&own.runtimes);
    return options.status;
  }
  WxDocument document;
  wx_document_init(&document, "probe");
  WxProblem problem;
  WxProbeSession session = {.document = &document,
                            .table = own.pid ? wx_probe_observed_table() : wx_probe_table(),
                            .problem = &problem};
  int failed = 0;
  if (own.pid && own.runtimes.count)
    failed = wx_problem(&problem, -EINVAL, "--pid and --runtime exclude each other");
  else if (own.pid)
    failed = wx_probe_process(&session, (pid_t)own.pid);
  else
    failed = wx_probe_runtimes(&session, &own.runtimes);
  wx_names_free(&own.runtimes);
  wx_document_add_table(&document, session.table);
  if (!failed)
    return wx_cli_finish(&options, &document, WX_UNKNOWN, WX_EXIT_OK);
  const int status = wx_cli_problem(options.verb, failed, &problem);
  wx_document_free(&document);
  wx_options_free(&options);
  return status;
}
