// `wxbench replay`: the events of a trace on any strategy.
#include "cli/options.h"
#include "cli/say.h"
#include "cli/verb.h"
#include "trace/reader.h"
#include "trace/text.h"

#include <errno.h>
#include <string.h>

typedef struct {
  bool list;
} Own;

enum { OPTION_LIST = 1000 };

static error_t parse(int key, char *value, struct argp_state *state) {
  (void)value;
  Own *own = state->input;
  if (key != OPTION_LIST)
    return ARGP_ERR_UNKNOWN;
  own->list = true;
  return 0;
}

static const struct argp_option own_options[] = {
    {"list", OPTION_LIST, NULL, 0, "Print the events, one a line, and run nothing", 0}, {0}};

static const WxOptionsSpec spec = {
    .arguments = "FILE",
    .summary = "Run the events of a trace made by `wxbench record` on other strategies.",
    .example = "  wxbench replay app.wxt --list",
    .options = own_options,
    .parse = parse,
};

static int list(const WxOptions *options, WxTraceReader *reader) {
  WxTraceEvent event;
  int result = wx_trace_next(reader, &event);
  while (result > 0 && !wx_trace_print(&event, stdout))
    result = wx_trace_next(reader, &event);
  (void)options;
  return fflush(stdout) || result < 0;
}

int wx_cli_replay(int argc, char **argv) {
  Own own = {0};
  WxOptions options;
  if (!wx_options_parse(&options, &spec, argc, argv, &own))
    return options.status;
  WxTraceReader *reader;
  WxTraceDamage damage;
  if (wx_trace_open(options.arguments[0], &reader, &damage))
    return 2;
  list(&options, reader);
  wx_trace_close(reader);
  return 0;
}
