// `wxbench record`: what a .NET process asks of its executable memory goes into a trace.
#include "cli/options.h"
#include "cli/say.h"
#include "cli/verb.h"
#include "trace/reader.h"
#include "trace/recording.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

typedef struct {
  const char *output;
} Own;

static error_t parse(int key, char *value, struct argp_state *state) {
  Own *own = state->input;
  if (key != 'o')
    return ARGP_ERR_UNKNOWN;
  own->output = value;
  return 0;
}

static const struct argp_option own_options[] = {
    {"output", 'o', "FILE", 0,
     "Write the trace to FILE; further .NET processes that COMMAND "
     "starts, and forked ones, write FILE.PID",
     0},
    {0}};

static const WxOptionsSpec spec = {
    .arguments = "-- COMMAND...",
    .summary =
        "Run COMMAND and record what its .NET runtime (8 or later, unmodified) asks of its "
        "executable memory: sizes, times and threads, no content and no address. The exit "
        "status is COMMAND's, 128 + n where signal n ended it, 2 where it cannot be started.",
    .example = "  wxbench record -o app.wxt -- dotnet app.dll\n"
               "  wxbench replay app.wxt",
    .options = own_options,
    .parse = parse,
    .command = true,
};

/// Says what the trace holds, or what is wrong with it.
static void say_recorded(const char *path) {
  WxTraceReader *reader;
  WxTraceDamage damage;
  const int failed = wx_trace_open(path, &reader, &damage);
  if (failed == -ENOENT) {
    wx_cli_say("record", "no .NET runtime with W^X ran: nothing was recorded");
    return;
  }
  if (failed) {
    wx_cli_say("record", "nothing was recorded: '%s' %s", path,
               damage.reason ? damage.reason : strerror(-failed));
    return;
  }
  const WxTraceHeader *header = wx_trace_header(reader);
  char lost[128] = "";
  if (header->lost > 0)
    snprintf(lost, sizeof lost, ", %ju lost: %s", (uintmax_t)header->lost,
             strerror((int)header->lost_errno));
  wx_cli_say(
      "record", "%ju events in '%s'%s%s", (uintmax_t)header->events, path, lost,
      header->ended_by_exit ? "" : "; the program was ended: what was allocated then is not known");
  (void)wx_trace_close(reader);
}

static int fail(const WxOptions *options, int error) {
  if (error == -ELIBACC)
    return wx_cli_fail(
        options->verb,
        "libwxrecord.so, expected beside this program or in ../lib/wxbench, cannot be opened");
  return wx_cli_fail(options->verb, "cannot run '%s': %s", options->arguments[0], strerror(-error));
}

static int record(const WxOptions *options, const Own *own) {
  if (!own->output)
    return wx_cli_fail(options->verb, "expected -o FILE, where the trace goes");
  if (options->argument_count == 0)
    return wx_cli_fail(options->verb, "nothing to record; expected -- COMMAND");
  WxRecordingPlace place;
  int failed = wx_recording_prepare(own->output, &place);
  if (failed)
    return wx_cli_fail(options->verb, "cannot write '%s': %s", own->output, strerror(-failed));
  int status = 0;
  failed = wx_recording_run(options->arguments, place.path, &status);
  if (!failed && !options->quiet)
    say_recorded(place.path);
  const int unsettled = wx_recording_settle(&place);
  if (failed)
    return fail(options, failed);
  if (unsettled)
    return wx_cli_fail(options->verb, "what '%s' was before stays beside it: %s", own->output,
                       strerror(-unsettled));
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int wx_cli_record(int argc, char **argv) {
  Own own = {NULL};
  WxOptions options;
  if (!wx_options_parse(&options, &spec, argc, argv, &own))
    return options.status;
  const int status = record(&options, &own);
  wx_options_free(&options);
  return status;
}
