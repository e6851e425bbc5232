// wxbench demo: runs the smallest reproductions and explains what they show, to someone who sees it
// for the first time.
#include "cli/options.h"
#include "cli/say.h"
#include "cli/verb.h"
#include "measure/observe.h"
#include "os/interrupt.h"
#include "output/documents.h"
#include "output/progress.h"
#include "scenario/scenario.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

static const WxOptionsSpec spec = {
    .summary =
        "Run the smallest reproductions, repro.c (libc only) and leak.cs (the real runtime), "
        "and explain what they show. Takes about a minute; leak.cs needs a .NET SDK.",
    .example = "  wxbench demo",
    .endings = "Exit status: 0 what could be run here shows it, 1 it does not, 77 nothing of it is "
               "possible here.",
};

static const uint64_t limit_ns = UINT64_C(180) * 1000 * 1000 * 1000;

typedef struct {
  const char *name;
  const char *about;
} Reproduction;

static const Reproduction reproductions[] = {
    {"repro.c", "the release of a block, imitated with libc alone, in three ways"},
    {"leak.cs", "1,000 collectible assemblies made, called and let go on the real runtime"},
};

enum { REPRODUCTIONS = sizeof reproductions / sizeof *reproductions };

static int not_started(const WxOptions *options, const char *script, int failed) {
  char cure[WX_SCENARIO_CURE];
  wx_scenario_cure(cure);
  return wx_cli_fail(options->verb, "cannot start '%s': %s; %s", script, strerror(-failed), cure);
}

static int run_one(const WxOptions *options, WxDocument *document, WxTable *table,
                   WxEndings *endings, const Reproduction *reproduction) {
  char script[PATH_MAX], name[16];
  wx_scenario_directory("scripts/repro/run", script, sizeof script);
  snprintf(name, sizeof name, "%s", reproduction->name);
  char *argv[] = {script, name, NULL};
  const WxObserveOptions order = {.argv = argv,
                                  .output = WX_STREAM_CAPTURE,
                                  .errors = WX_STREAM_CAPTURE,
                                  .time_limit_ns = limit_ns};
  WxObserved observed = {0};
  const int failed = wx_observe(&order, &observed);
  if (!failed && !wx_os_interrupted())
    wx_demo_document_add(document, table, endings, reproduction->name, &observed);
  wx_observed_free(&observed);
  return failed ? not_started(options, script, failed) : 0;
}

int wx_cli_demo(int argc, char **argv) {
  WxOptions options;
  if (!wx_options_parse(&options, &spec, argc, argv, NULL))
    return options.status;
  WxDocument document;
  wx_document_init(&document, "demo");
  WxProgress progress = wx_progress_begin(options.quiet);
  WxEndings endings = {0};
  WxTable *table = wx_demo_table();
  wx_demo_document_begin(&document);
  (void)wx_os_interrupt_begin();
  int status = 0;
  for (size_t i = 0; i < REPRODUCTIONS && status == 0; ++i) {
    wx_progress_show(&progress, "%s: %s", reproductions[i].name, reproductions[i].about);
    status = run_one(&options, &document, table, &endings, &reproductions[i]);
  }
  wx_progress_end(&progress);
  wx_document_add_table(&document, table);
  wx_demo_document_end(&document);
  if (status == 0)
    status = wx_cli_ended(options.verb, &endings);
  if (wx_cli_is_written(status))
    return wx_cli_finish(&options, &document, WX_UNKNOWN, status);
  wx_document_free(&document);
  wx_options_free(&options);
  return status;
}
