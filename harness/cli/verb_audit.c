// `wxbench audit`: whose memory is it?
#include "attribution/audit.h"
#include "attribution/explain.h"
#include "attribution/oom.h"
#include "cli/options.h"
#include "cli/say.h"
#include "cli/verb.h"
#include "measure/bounded.h"
#include "output/audit_document.h"
#include "output/oom_document.h"
#include "output/output_file.h"
#include "output/progress.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

// What was asked for on the command line.
typedef struct {
  WxSource source;
  const char *path; // Of a file.
  bool all;
  bool by_size;
  bool prom;
  const char *prom_path; // Where the metrics go; NULL is stdout.
  const char *bundle;    // Folder of --bundle.
  bool unredacted;
  const char *diff;      // First of the two that --diff compares.
  const char *oom;       // File of --oom; `-` is stdin.
  const char *extract;   // Folder of --extract.
  bool images;           // Search for PE images.
  uint64_t search_start; // Of --range; all memory where the end is 0.
  uint64_t search_end;
  uint64_t watch_ns; // 0 without --watch.
  uint64_t samples;  // How many; 0 until it ends.
  WxAuditOptions audit;
} Asked;

static const struct argp_option own_options[] = {
    {"all", OPTION_ALL, 0, 0, "Every process with an executable memfd, worst first", 0},
    {"maps", OPTION_MAPS, "FILE", 0, "A saved /proc/PID/maps (- is stdin)", 0},
    {"smaps", OPTION_SMAPS, "FILE", 0, "A saved /proc/PID/smaps (- is stdin)", 0},
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
  Asked *asked = state->input;
  WxRange range;
  if (!wx_explain_parse_range(text, &range))
    return wx_options_refuse(state, "'%s': expected START-END in hexadecimal", text);
  asked->search_start = range.start;
  asked->search_end = range.end;
  asked->images = true;
  return 0;
}

static error_t take_file(struct argp_state *state, WxSource source, const char *path) {
  Asked *asked = state->input;
  if (asked->path)
    return wx_options_refuse(state, "expected one of --maps, --smaps and --core, once");
  asked->source = source;
  asked->path = path;
  return 0;
}

static error_t take_rows(struct argp_state *state, const char *text) {
  Asked *asked = state->input;
  uint64_t rows = 0;
  const error_t failed = wx_options_count(state, text, 0, MOST_ROWS, &rows);
  asked->audit.rows = (size_t)rows;
  return failed;
}

static error_t take_sort(struct argp_state *state, const char *text) {
  Asked *asked = state->input;
  asked->by_size = !strcmp(text, "size");
  return asked->by_size || !strcmp(text, "kind")
             ? 0
             : wx_options_refuse(state, "'%s': expected kind or size", text);
}

static error_t take_watch(struct argp_state *state, const char *text) {
  Asked *asked = state->input;
  const error_t failed = wx_options_duration(state, text, SECOND_NS, &asked->watch_ns);
  return failed || asked->watch_ns
             ? failed
             : wx_options_refuse(state, "'%s': expected more than 0 seconds", text);
}

static error_t parse(int key, char *argument, struct argp_state *state) {
  Asked *asked = state->input;
  switch (key) {
  case OPTION_ALL:
    asked->all = true;
    return 0;
  case OPTION_MAPS:
    return take_file(state, WX_SOURCE_MAPS, argument);
  case OPTION_SMAPS:
    return take_file(state, WX_SOURCE_SMAPS, argument);
  case OPTION_CORE:
    return take_file(state, WX_SOURCE_CORE, argument);
  case OPTION_OOM:
    asked->oom = argument;
    return 0;
  case OPTION_FAST:
    asked->audit.fast = true;
    return 0;
  case OPTION_ROWS:
    return take_rows(state, argument);
  case OPTION_SORT:
    return take_sort(state, argument);
  case OPTION_PROM:
    asked->prom = true;
    asked->prom_path = argument;
    return 0;
  case OPTION_WATCH:
    return take_watch(state, argument);
  case OPTION_SAMPLES:
    return wx_options_count(state, argument, 1, UINT32_MAX, &asked->samples);
  case OPTION_BUNDLE:
    asked->bundle = argument;
    return 0;
  case OPTION_UNREDACTED:
    asked->unredacted = true;
    return 0;
  case OPTION_IMAGES:
    asked->images = true;
    return 0;
  case OPTION_EXTRACT:
    asked->images = true;
    asked->extract = argument;
    return 0;
  case OPTION_DIFF:
    asked->diff = argument;
    return 0;
  case OPTION_MEMFD:
    return wx_options_memfd(state, argument, &asked->audit.memfd);
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
static int check(const WxOptions *options, const Asked *asked, pid_t *pid) {
  if (asked->diff)
    return options->argument_count == 1 && !asked->path && !asked->all && !asked->oom
               ? 0
               : wx_cli_fail(options->verb,
                             "--diff BEFORE expects one other: JSON, maps, smaps, a core or a PID");
  const size_t sources =
      options->argument_count + (asked->path != NULL) + asked->all + (asked->oom != NULL);
  if (sources != 1)
    return wx_cli_fail(options->verb,
                       "expected one of PID, --all, --maps FILE, --smaps FILE, --core FILE and "
                       "--oom FILE");
  if ((asked->watch_ns || asked->bundle) && !options->argument_count)
    return wx_cli_fail(options->verb, "%s needs a PID", asked->bundle ? "--bundle" : "--watch");
  if (asked->watch_ns && (asked->prom || options->json || asked->bundle))
    return wx_cli_fail(options->verb, "--watch goes with neither --json, --prom nor --bundle");
  if (asked->images && !options->argument_count && asked->source != WX_SOURCE_CORE)
    return wx_cli_fail(options->verb, "--images, --extract and --range need a PID or --core FILE");
  if (asked->oom && asked->prom)
    return wx_cli_fail(options->verb, "--oom has no metrics: it goes without --prom");
  if (options->json && !strcmp(options->json, "-") && asked->prom && !asked->prom_path)
    return wx_cli_fail(options->verb, "--json - and --prom cannot both have stdout");
  return options->argument_count ? take_pid(options, pid) : 0;
}

/* One process or one file, and how every audit ends
 * -------------------------------------------------------------------------------------------------
 */

static int cannot_audit(const WxOptions *options, const char *what, const WxAudit *audit,
                        int error) {
  WxProblem problem;
  return wx_cli_problem(options->verb, wx_audit_problem(what, audit, error, &problem), &problem);
}

static int write_metrics(const WxOptions *options, const Asked *asked, const WxDocument *document) {
  char *text = document->lost ? NULL : wx_audit_metrics(document->results);
  if (!text)
    return wx_cli_fail(options->verb, "%s", strerror(ENOMEM));
  const char *path = asked->prom_path;
  const int error = path ? wx_file_write(path, text, strlen(text))
                         : wx_file_write_all(STDOUT_FILENO, text, strlen(text));
  free(text);
  return error ? wx_cli_fail(options->verb, "cannot write '%s': %s", path ? path : "stdout",
                             strerror(-error))
               : 0;
}

static int finish(WxOptions *options, const Asked *asked, WxDocument *document, int status) {
  if (asked->prom) {
    options->format = NULL;
    const int failed = write_metrics(options, asked, document);
    status = failed ? failed : status;
  }
  return wx_cli_finish(options, document, WX_UNKNOWN, status);
}

static int add_images(const WxOptions *options, const Asked *asked, const WxAudit *audit,
                      WxDocument *document, json_t *result) {
  const WxImageSearch wanted = {asked->search_start, asked->search_end, asked->extract};
  WxProblem problem;
  const int failed = wx_audit_add_images(document, result, audit, &wanted, &problem);
  return failed ? wx_cli_problem(options->verb, failed, &problem) : 0;
}

static int write_bundle(const WxOptions *options, const Asked *asked, const WxAudit *audit,
                        WxDocument *document) {
  const WxBundleOrder order = {asked->bundle, asked->unredacted, options->command,
                               options->started};
  WxProblem problem;
  const int failed = wx_audit_write_bundle(&order, audit, document, &problem);
  return failed ? wx_cli_problem(options->verb, failed, &problem) : 0;
}

static int audit_one(WxOptions *options, const Asked *asked, pid_t pid) {
  // Before anything is looked at, so that nothing is printed where it cannot be made.
  const bool again = asked->audit.left_out && asked->audit.left_out->count;
  if (asked->bundle && mkdir(asked->bundle, 0700) && !(again && errno == EEXIST)) {
    const int status = wx_cli_fail(options->verb, "cannot make the folder '%s': %s", asked->bundle,
                                   strerror(errno));
    wx_options_free(options);
    return status;
  }
  WxAudit audit;
  const char *what = asked->path ? asked->path : options->arguments[0];
  const int error = asked->path ? wx_audit_file(&audit, asked->source, asked->path, &asked->audit)
                                : wx_audit_live(&audit, pid, &asked->audit);
  if (error) {
    const int status = cannot_audit(options, what, &audit, error);
    if (asked->bundle)
      (void)rmdir(asked->bundle);
    wx_audit_free(&audit);
    wx_options_free(options);
    return status;
  }
  WxDocument document;
  wx_document_init(&document, "audit");
  json_t *result = wx_audit_json(&audit);
  wx_document_add_result(&document, result);
  int status = WX_EXIT_OK;
  if (asked->images && result)
    status = add_images(options, asked, &audit, &document, result);
  else
    wx_audit_tables(&document, &audit, asked->by_size);
  if (*audit.damage)
    status = wx_cli_fail(options->verb, "%s: %s; %s was read", what, audit.damage,
                         audit.read_on ? "what else it has" : "what stands before it");
  if (asked->bundle && !status)
    status = write_bundle(options, asked, &audit, &document);
  wx_audit_free(&audit);
  return finish(options, asked, &document, status);
}

/* Every process with an executable memfd
 * -------------------------------------------------------------------------------------------------
 */

static int audit_all(WxOptions *options, const Asked *asked) {
  WxDocument document;
  WxProgress progress = wx_progress_begin(options->quiet);
  wx_document_init(&document, "audit");
  const int failed = wx_audit_all(&document, &asked->audit, &progress);
  wx_progress_end(&progress);
  if (!failed)
    return finish(options, asked, &document, WX_EXIT_OK);
  wx_document_free(&document);
  const int status = wx_cli_fail(options->verb, "%s", strerror(-failed));
  wx_options_free(options);
  return status;
}

/* What grew
 * -------------------------------------------------------------------------------------------------
 */

static int audit_diff(WxOptions *options, const Asked *asked) {
  const char *paths[2] = {asked->diff, options->arguments[0]};
  json_t *sides[2] = {NULL, NULL};
  WxProblem problem;
  int failed = 0;
  for (size_t i = 0; i < 2 && !failed; ++i)
    failed = wx_audit_diff_load(paths[i], &asked->audit, &sides[i], &problem);
  WxDocument document;
  wx_document_init(&document, "audit");
  if (!failed && !wx_audit_diff_document(&document, sides[0], sides[1]))
    failed =
        wx_problem(&problem, -EINVAL, "%s and %s have no process in common", paths[0], paths[1]);
  json_decref(sides[0]);
  json_decref(sides[1]);
  if (!failed)
    return wx_cli_finish(options, &document, WX_UNKNOWN, WX_EXIT_OK);
  const int status = wx_cli_problem(options->verb, failed, &problem);
  wx_document_free(&document);
  wx_options_free(options);
  return status;
}

/* A kill
 * -------------------------------------------------------------------------------------------------
 */

static int audit_oom(WxOptions *options, const char *path) {
  WxOom oom = {0};
  const int error = wx_oom_load(&oom, path);
  if (error) {
    WxProblem problem;
    const int status =
        wx_cli_problem(options->verb, wx_oom_problem(path, error, &problem), &problem);
    wx_oom_free(&oom);
    wx_options_free(options);
    return status;
  }
  WxDocument document;
  wx_document_init(&document, "audit");
  wx_oom_document_add(&document, oom.items, oom.count);
  wx_oom_free(&oom);
  return wx_cli_finish(options, &document, WX_UNKNOWN, WX_EXIT_OK);
}

/* Again and again
 * -------------------------------------------------------------------------------------------------
 */

static int audit_watch(WxOptions *options, const Asked *asked, pid_t pid) {
  const WxAuditWatch watch = {.what = options->arguments[0],
                              .pid = pid,
                              .how = &asked->audit,
                              .every_ns = asked->watch_ns,
                              .samples = asked->samples,
                              .stream = stdout,
                              .name = "stdout",
                              .redrawn = isatty(STDOUT_FILENO),
                              .by_size = asked->by_size};
  WxProblem problem;
  const int failed = wx_audit_watch(&watch, &problem);
  const int status = failed ? wx_cli_problem(options->verb, failed, &problem) : WX_EXIT_OK;
  wx_options_free(options);
  return status;
}

/* Which of them
 * -------------------------------------------------------------------------------------------------
 */

/// What is run in a child, since a process may hold whoever reads of it.
typedef struct {
  WxOptions *options;
  Asked *asked;
  pid_t pid;
} Live;

static int run_live(const WxProcesses *left_out, void *context) {
  const Live *live = context;
  live->asked->audit.left_out = left_out;
  if (live->asked->diff)
    return audit_diff(live->options, live->asked);
  if (live->asked->all)
    return audit_all(live->options, live->asked);
  return live->asked->watch_ns ? audit_watch(live->options, live->asked, live->pid)
                               : audit_one(live->options, live->asked, live->pid);
}

static int guard_live(WxOptions *options, Asked *asked, pid_t pid) {
  Live live = {options, asked, pid};
  pid_t culprit;
  int status = wx_bounded_run(run_live, &live, pid, &culprit);
  if (status == -ETIMEDOUT)
    status = wx_cli_impossible(options->verb,
                               "process %d does not answer: a read of its mappings or its memory "
                               "waits since %d s, for a file system of its own perhaps",
                               (int)culprit, WX_BOUNDED_SECONDS);
  else if (status < 0)
    status = wx_cli_fail(options->verb, "%s", strerror(-status));
  wx_options_free(options);
  return status;
}

int wx_cli_audit(int argc, char **argv) {
  Asked asked = {.audit = {.rows = DEFAULT_ROWS}};
  WxOptions options;
  if (!wx_options_parse(&options, &spec, argc, argv, &asked))
    return options.status;
  pid_t pid = 0;
  const int failed = check(&options, &asked, &pid);
  if (failed) {
    wx_options_free(&options);
    return failed;
  }
  asked.audit.extents = asked.images || asked.bundle;
  if (asked.diff)
    return wx_audit_diff_process(asked.diff) || wx_audit_diff_process(options.arguments[0])
               ? guard_live(&options, &asked, 0)
               : audit_diff(&options, &asked);
  if (asked.oom)
    return audit_oom(&options, asked.oom);
  if (asked.path)
    return audit_one(&options, &asked, pid);
  return guard_live(&options, &asked, pid);
}
