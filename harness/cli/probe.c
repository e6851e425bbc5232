// `wxbench probe`: will .NET start here, and will W^X be on.
#include "cli/options.h"
#include "cli/say.h"
#include "cli/verb.h"
#include "output/documents.h"
#include "scenario/runtimes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

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

typedef struct {
  WxDocument *document;
  WxTable *table;
  WxTries tries;
} Probing;

static void probe(Probing *probing, const char *version) {
  for (int on = 1; on >= 0; --on) {
    WxPrediction prediction;
    wx_predict(&probing->tries, wx_probe_major(version), on, &prediction);
    wx_probe_document_add(probing->document, probing->table, version, on, &prediction,
                          &probing->tries);
  }
}

static void probe_each(Probing *probing, const WxRuntimes *runtimes) {
  for (size_t i = 0; i < runtimes->count; ++i)
    probe(probing, runtimes->items[i].version);
}

// Those that are here; else, what was measured.
static int probe_all(Probing *probing, const WxRuntimes *here) {
  char version[16];
  probe_each(probing, here);
  for (size_t i = 0; here->count == 0 && wx_probe_major_at(i); ++i) {
    (void)snprintf(version, sizeof version, "%u", wx_probe_major_at(i));
    probe(probing, version);
  }
  return WX_EXIT_OK;
}

static int probe_folder(Probing *probing, const char *verb, const char *folder) {
  WxRuntimes found = {0};
  const int failed = wx_runtimes_in(folder, &found);
  if (failed)
    return wx_cli_fail(verb, "--runtime %s: %s; expected a folder as DOTNET_ROOT names it", folder,
                       failed == -ENOENT ? "there is no runtime" : strerror(-failed));
  probe_each(probing, &found);
  wx_runtimes_free(&found);
  return WX_EXIT_OK;
}

static int probe_named(Probing *probing, const char *verb, const WxRuntimes *here,
                       const char *name) {
  if (strchr(name, '/'))
    return probe_folder(probing, verb, name);
  if (!wx_probe_major(name))
    return wx_cli_fail(verb, "--runtime '%s' is no version, as 10 or 10.0.1, and no folder", name);
  const WxInstalledRuntime *runtime = wx_runtimes_pick(here, name);
  probe(probing, runtime ? runtime->version : name);
  return WX_EXIT_OK;
}

static int probe_here(Probing *probing, const char *verb, const WxNames *names) {
  WxRuntimes here;
  const int failed = wx_runtimes_find(&here);
  if (failed)
    return wx_cli_fail(verb, "cannot look for runtimes: %s", strerror(-failed));
  wx_tries_run(&probing->tries);
  int status = names->count ? WX_EXIT_OK : probe_all(probing, &here);
  for (size_t i = 0; i < names->count && status == WX_EXIT_OK; ++i)
    status = probe_named(probing, verb, &here, names->items[i]);
  wx_runtimes_free(&here);
  wx_probe_document_end(probing->document, &probing->tries);
  return status;
}

static const char *problem_of(int error) {
  switch (error) {
  case -ENOENT:
    return "it runs no .NET runtime";
  case -ESRCH:
    return "there is no such process";
  case -EACCES:
  case -EPERM:
    return "it may not be read: run as its user, or as root, or with CAP_SYS_PTRACE";
  default:
    return strerror(-error);
  }
}

static int probe_process(Probing *probing, const char *verb, pid_t pid) {
  WxObservedStart observed;
  const int failed = wx_observe_start(pid, &observed);
  if (failed)
    return wx_cli_fail(verb, "process %d: %s", (int)pid, problem_of(failed));
  wx_probe_observed_add(probing->document, probing->table, pid, &observed);
  return WX_EXIT_OK;
}

int wx_cli_probe(int argc, char **argv) {
  Own own = {0};
  WxOptions options;
  if (!wx_options_parse(&options, &spec, argc, argv, &own)) {
    wx_names_free(&own.runtimes);
    return options.status;
  }
  WxDocument document;
  wx_document_init(&document, "probe");
  Probing probing = {.document = &document,
                     .table = own.pid ? wx_probe_observed_table() : wx_probe_table()};
  int status = WX_EXIT_OK;
  if (own.pid && own.runtimes.count)
    status = wx_cli_fail(options.verb, "--pid and --runtime exclude each other");
  else if (own.pid)
    status = probe_process(&probing, options.verb, (pid_t)own.pid);
  else
    status = probe_here(&probing, options.verb, &own.runtimes);
  wx_names_free(&own.runtimes);
  wx_document_add_table(&document, probing.table);
  if (status == WX_EXIT_OK)
    return wx_cli_finish(&options, &document, WX_UNKNOWN, status);
  wx_document_free(&document);
  wx_options_free(&options);
  return status;
}
