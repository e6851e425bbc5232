// `wxbench reclaim`: orphaned pages of .NET processes go back to the kernel.
#include "cli/options.h"
#include "cli/say.h"
#include "cli/verb.h"
#include "reclaim/command.h"

static const WxOptionsSpec spec = {
    .arguments = "-- COMMAND...",
    .summary = "Run COMMAND with libwxreclaim.so: whatever executable memory its .NET runtime "
               "releases goes back to the kernel at once, with W^X on. The exit status is "
               "COMMAND's, 2 where it cannot be started. WXRECLAIM=stats in the environment says "
               "at the end what was done.",
    .example = "  wxbench reclaim -- dotnet app.dll",
    .command = true,
};

static int run_command(WxOptions *options) {
  WxReason reason = {""};
  wx_reclaim_command(options->arguments, &reason);
  return wx_cli_fail(options->verb, "%s", reason.text);
}

int wx_cli_reclaim(int argc, char **argv) {
  WxOptions options;
  if (!wx_options_parse(&options, &spec, argc, argv, NULL))
    return options.status;
  const int status = options.argument_count > 0
                         ? run_command(&options)
                         : wx_cli_fail(options.verb, "nothing to do; expected -- COMMAND");
  wx_options_free(&options);
  return status;
}
