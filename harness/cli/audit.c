// `wxbench audit`: whose memory is it?
#include "attribution/audit.h"
#include "attribution/explain.h"
#include "cli/audit_run.h"
#include "cli/options.h"
#include "cli/say.h"
#include "cli/verb.h"
#include "measure/guard.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
  OPTION_MAPS = 256,
  OPTION_SMAPS,
  OPTION_CORE,
  OPTION_ALL,
  OPTION_FAST,
  OPTION_ROWS,
  OPTION_SORT,
  OPTION_PROM,
  OPTION_WATCH,
  OPTION_SAMPLES,
  OPTION_BUNDLE,
  OPTION_UNREDACTED,
  OPTION_IMAGES,
  OPTION_EXTRACT,
  OPTION_RANGE,
  OPTION_DIFF,
  OPTION_MEMFD,
  OPTION_OOM,
};
enum { DEFAULT_ROWS = 10, MOST_ROWS = 100000 };
#define SECOND_NS UINT64_C(1000000000)

static const struct argp_option own_options[] = {
    {"all", OPTION_ALL, 0, 0, "Every process with an executable memfd, worst first", 0},
    {"maps", OPTION_MAPS, "FILE", 0, "A saved /proc/PID/maps", 0},
    {"smaps", OPTION_SMAPS, "FILE", 0, "A saved /proc/PID/smaps", 0},
    {"core", OPTION_CORE, "FILE", 0, "A core of the kernel, gcore or createdump", 0},
    {"oom", OPTION_OOM, "FILE", 0,
     "What is left of a kill for want of memory (- is stdin): the kernel's log, kubectl describe, "
     "memory.stat, status",
     0},
    {"fast", OPTION_FAST, 0, 0, "Read maps once instead of smaps, ask no other process", 0},
    {"rows", OPTION_ROWS, "N", 0, "How many of a debugger's rows to show (10)", 0},
    {"sort", OPTION_SORT, "kind|size", 0, "Order of the summary by kind", 0},
    {"prom", OPTION_PROM, "FILE", OPTION_ARG_OPTIONAL,
     "Metrics for Prometheus instead of tables, on stdout or (--prom=FILE) into FILE", 0},
    {"watch", OPTION_WATCH, "SECONDS", 0, "Look again and again until the process ends", 0},
    {"samples", OPTION_SAMPLES, "N", 0, "With --watch: end after N samples", 0},
    {"bundle", OPTION_BUNDLE, "DIR", 0, "Write what to attach to an issue into the new folder DIR",
     0},
    {"unredacted", OPTION_UNREDACTED, 0, 0, "With --bundle: keep paths and environment values", 0},
    {"images", OPTION_IMAGES, 0, 0,
     "Search the memory for PE images, and say what every bare MZ is", 0},
    {"extract", OPTION_EXTRACT, "DIR", 0, "Write the images found into the folder DIR", 0},
    {"diff", OPTION_DIFF, "BEFORE", 0,
     "Show what grew since BEFORE, by owner, worst first: BEFORE and the argument are each a saved "
     "audit (JSON), maps, smaps, a core or a PID",
     0},
    {"memfd", OPTION_MEMFD, "NAME", 0,
     "Look at memfds of this name, or deleted files of a tmpfs of this path, of any program, "
     "instead of doublemapper",
     0},
    {"range", OPTION_RANGE, "START-END", 0, "Search only this range", 0},
    {0},
};

static error_t take_range(struct argp_state *state, const char *text) {
  WxAuditRequest *request = state->input;
  WxRange range;
  if (!wx_explain_parse_range(text, &range))
    return wx_options_refuse(state, "--range '%s': expected START-END in hexadecimal", text);
  request->search_start = range.start;
  request->search_end = range.end;
  request->images = true;
  return 0;
}

static error_t take_file(struct argp_state *state, WxSource source, const char *path) {
  WxAuditRequest *request = state->input;
  if (request->path)
    return wx_options_refuse(state, "expected one of --maps, --smaps and --core, once");
  request->source = source;
  request->path = path;
  return 0;
}

static error_t take_rows(struct argp_state *state, const char *text) {
  WxAuditRequest *request = state->input;
  uint64_t rows = 0;
  const error_t failed = wx_options_count(state, "--rows", text, 0, MOST_ROWS, &rows);
  request->audit.rows = (size_t)rows;
  return failed;
}

static error_t take_sort(struct argp_state *state, const char *text) {
  WxAuditRequest *request = state->input;
  request->by_size = !strcmp(text, "size");
  return request->by_size || !strcmp(text, "kind")
             ? 0
             : wx_options_refuse(state, "--sort '%s': expected kind or size", text);
}

static error_t take_watch(struct argp_state *state, const char *text) {
  WxAuditRequest *request = state->input;
  const error_t failed = wx_options_duration(state, "--watch", text, SECOND_NS, &request->watch_ns);
  return failed || request->watch_ns
             ? failed
             : wx_options_refuse(state, "--watch '%s': expected more than 0 seconds", text);
}

static error_t parse(int key, char *argument, struct argp_state *state) {
  WxAuditRequest *request = state->input;
  switch (key) {
  case OPTION_ALL:
    request->all = true;
    return 0;
  case OPTION_MAPS:
    return take_file(state, WX_SOURCE_MAPS, argument);
  case OPTION_SMAPS:
    return take_file(state, WX_SOURCE_SMAPS, argument);
  case OPTION_CORE:
    return take_file(state, WX_SOURCE_CORE, argument);
  case OPTION_OOM:
    request->oom = argument;
    return 0;
  case OPTION_FAST:
    request->audit.fast = true;
    return 0;
  case OPTION_ROWS:
    return take_rows(state, argument);
  case OPTION_SORT:
    return take_sort(state, argument);
  case OPTION_PROM:
    request->prom = true;
    request->prom_path = argument;
    return 0;
  case OPTION_WATCH:
    return take_watch(state, argument);
  case OPTION_SAMPLES:
    return wx_options_count(state, "--samples", argument, 1, UINT32_MAX, &request->samples);
  case OPTION_BUNDLE:
    request->bundle = argument;
    return 0;
  case OPTION_UNREDACTED:
    request->unredacted = true;
    return 0;
  case OPTION_IMAGES:
    request->images = true;
    return 0;
  case OPTION_EXTRACT:
    request->images = true;
    request->extract = argument;
    return 0;
  case OPTION_DIFF:
    request->diff = argument;
    return 0;
  case OPTION_MEMFD:
    return wx_options_memfd(state, argument, &request->audit.memfd);
  case OPTION_RANGE:
    return take_range(state, argument);
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

static const WxOptionsSpec spec = {
    .arguments = "[PID]",
    .summary = "Say whose memory it is: what the double mapper of a process really holds, what a "
               "debugger shows under its name and what that is, and a verdict. Nothing is stopped "
               "or changed. Exit status 2 also where a file is damaged; what could be read of it "
               "is reported.",
    .example = "  wxbench audit 4711\n"
               "  wxbench audit --all\n"
               "  wxbench audit --core core.4711 --json audit.json",
    .options = own_options,
    .parse = parse,
};

static int take_pid(const WxOptions *options, pid_t *pid) {
  char *end;
  errno = 0;
  const long number = strtol(options->arguments[0], &end, 10);
  if (errno || *end || end == options->arguments[0] || number < 1 || number > INT32_MAX)
    return wx_cli_fail(options->verb, "'%s': expected a process number", options->arguments[0]);
  *pid = (pid_t)number;
  return 0;
}

// What cannot go together. Returns 0 or the exit status.
static int check(const WxOptions *options, const WxAuditRequest *request, pid_t *pid) {
  if (request->diff)
    return options->argument_count == 1 && !request->path && !request->all && !request->oom
               ? 0
               : wx_cli_fail(options->verb,
                             "--diff BEFORE expects one other: JSON, maps, smaps, a core or a PID");
  const size_t sources =
      options->argument_count + (request->path != NULL) + request->all + (request->oom != NULL);
  if (sources != 1)
    return wx_cli_fail(options->verb,
                       "expected one of PID, --all, --maps FILE, --smaps FILE, --core FILE and "
                       "--oom FILE");
  if ((request->watch_ns || request->bundle) && !options->argument_count)
    return wx_cli_fail(options->verb, "%s needs a PID", request->bundle ? "--bundle" : "--watch");
  if (request->watch_ns && (request->prom || options->json || request->bundle))
    return wx_cli_fail(options->verb, "--watch goes with neither --json, --prom nor --bundle");
  if (request->images && !options->argument_count && request->source != WX_SOURCE_CORE)
    return wx_cli_fail(options->verb, "--images, --extract and --range need a PID or --core FILE");
  if (request->oom && request->prom)
    return wx_cli_fail(options->verb, "--oom has no metrics: it goes without --prom");
  if (options->json && !strcmp(options->json, "-") && request->prom && !request->prom_path)
    return wx_cli_fail(options->verb, "--json - and --prom cannot both have stdout");
  return options->argument_count ? take_pid(options, pid) : 0;
}

/// What is run in a child, since a process may hold whoever reads of it.
typedef struct {
  WxOptions *options;
  WxAuditRequest *request;
  pid_t pid;
} Live;

static int run_live(const WxProcesses *left_out, void *context) {
  const Live *live = context;
  live->request->audit.left_out = left_out;
  if (live->request->diff)
    return wx_audit_run_diff(live->options, live->request);
  if (live->request->all)
    return wx_audit_run_all(live->options, live->request);
  return live->request->watch_ns ? wx_audit_run_watch(live->options, live->request, live->pid)
                                 : wx_audit_run_one(live->options, live->request, live->pid);
}

static int guard_live(WxOptions *options, WxAuditRequest *request, pid_t pid) {
  Live live = {options, request, pid};
  pid_t culprit;
  int status = wx_guard_run(run_live, &live, pid, &culprit);
  if (status == -ETIMEDOUT)
    status = wx_cli_impossible(options->verb,
                               "process %d does not answer: a read of its mappings or its memory "
                               "waits since %d s, for a file system of its own perhaps",
                               (int)culprit, WX_GUARD_SECONDS);
  else if (status < 0)
    status = wx_cli_fail(options->verb, "%s", strerror(-status));
  wx_options_free(options);
  return status;
}

int wx_cli_audit(int argc, char **argv) {
  WxAuditRequest request = {.audit = {.rows = DEFAULT_ROWS}};
  WxOptions options;
  if (!wx_options_parse(&options, &spec, argc, argv, &request))
    return options.status;
  pid_t pid = 0;
  const int failed = check(&options, &request, &pid);
  if (failed) {
    wx_options_free(&options);
    return failed;
  }
  request.audit.extents = request.images || request.bundle;
  if (request.diff)
    return wx_audit_diff_is_live(request.diff, options.arguments[0])
               ? guard_live(&options, &request, 0)
               : wx_audit_run_diff(&options, &request);
  if (request.oom)
    return wx_audit_run_oom(&options, request.oom);
  if (request.path)
    return wx_audit_run_one(&options, &request, pid);
  return guard_live(&options, &request, pid);
}
