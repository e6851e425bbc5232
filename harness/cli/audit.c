// `wxbench audit`: whose memory is it?
#include "attribution/audit.h"
#include "cli/audit_document.h"
#include "cli/options.h"
#include "cli/say.h"
#include "cli/verb.h"
#include "output/json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  OPTION_MAPS = 256,
  OPTION_SMAPS,
  OPTION_CORE,
  OPTION_ALL,
  OPTION_FAST,
  OPTION_ROWS,
  OPTION_SORT
};
enum { DEFAULT_ROWS = 10, MOST_ROWS = 100000 };

typedef struct {
  WxSource source;
  const char *path; ///< Of a file.
  bool all;
  bool by_size;
  WxAuditOptions audit;
} Own;

static const struct argp_option own_options[] = {
    {"all", OPTION_ALL, 0, 0, "Every process with an executable memfd, worst first", 0},
    {"maps", OPTION_MAPS, "FILE", 0, "A saved /proc/PID/maps", 0},
    {"smaps", OPTION_SMAPS, "FILE", 0, "A saved /proc/PID/smaps", 0},
    {"core", OPTION_CORE, "FILE", 0, "A core of the kernel, gcore or createdump", 0},
    {"fast", OPTION_FAST, 0, 0, "Read maps once instead of smaps, ask no other process", 0},
    {"rows", OPTION_ROWS, "N", 0, "How many of a debugger's rows to show (10)", 0},
    {"sort", OPTION_SORT, "kind|size", 0, "Order of the summary by kind", 0},
    {0},
};

static error_t take_file(struct argp_state *state, WxSource source, const char *path) {
  Own *own = state->input;
  if (own->path)
    return wx_options_refuse(state, "expected one of --maps, --smaps and --core, once");
  own->source = source;
  own->path = path;
  return 0;
}

static error_t parse(int key, char *argument, struct argp_state *state) {
  Own *own = state->input;
  uint64_t rows;
  error_t failed;
  switch (key) {
  case OPTION_ALL:
    own->all = true;
    return 0;
  case OPTION_MAPS:
    return take_file(state, WX_SOURCE_MAPS, argument);
  case OPTION_SMAPS:
    return take_file(state, WX_SOURCE_SMAPS, argument);
  case OPTION_CORE:
    return take_file(state, WX_SOURCE_CORE, argument);
  case OPTION_FAST:
    own->audit.fast = true;
    return 0;
  case OPTION_ROWS:
    failed = wx_options_count(state, "--rows", argument, 0, MOST_ROWS, &rows);
    own->audit.rows = failed ? 0 : (size_t)rows;
    return failed;
  case OPTION_SORT:
    own->by_size = !strcmp(argument, "size");
    return own->by_size || !strcmp(argument, "kind")
               ? 0
               : wx_options_refuse(state, "--sort '%s': expected kind or size", argument);
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
               "  wxbench audit --core core.4711 --json audit.json",
    .options = own_options,
    .parse = parse,
};

static int explain_failure(const WxOptions *options, const char *what, const WxAudit *audit,
                           int error) {
  if (*audit->damage)
    return wx_cli_fail(options->verb, "%s: %s", what, audit->damage);
  if (error == -ESRCH || error == -ESTALE)
    return wx_cli_fail(options->verb, "%s: no such process", what);
  if (error == -EACCES || error == -EPERM)
    return wx_cli_fail(options->verb,
                       "%s: not allowed; run as the same user or root (CAP_SYS_PTRACE)", what);
  return wx_cli_fail(options->verb, "%s: %s", what, strerror(-error));
}

static int audit_one(WxOptions *options, const Own *own, pid_t pid) {
  WxAudit audit;
  const char *what = own->path ? own->path : options->arguments[0];
  const int error = own->path ? wx_audit_file(&audit, own->source, own->path, &own->audit)
                              : wx_audit_live(&audit, pid, &own->audit);
  if (error) {
    const int status = explain_failure(options, what, &audit, error);
    wx_audit_free(&audit);
    wx_options_free(options);
    return status;
  }
  WxDocument document;
  wx_document_init(&document, "audit");
  wx_document_add_result(&document, wx_audit_json(&audit));
  wx_audit_tables(&document, &audit, own->by_size);
  int status = WX_EXIT_OK;
  if (*audit.damage)
    status =
        wx_cli_fail(options->verb, "%s: %s; what stands before it was read", what, audit.damage);
  wx_audit_free(&audit);
  return wx_cli_finish(options, &document, WX_UNKNOWN, status);
}

static int take_pid(const WxOptions *options, pid_t *pid) {
  char *end;
  errno = 0;
  const long number = strtol(options->arguments[0], &end, 10);
  if (errno || *end || end == options->arguments[0] || number < 1 || number > INT32_MAX)
    return wx_cli_fail(options->verb, "'%s': expected a process number", options->arguments[0]);
  *pid = (pid_t)number;
  return 0;
}

int wx_cli_audit(int argc, char **argv) {
  Own own = {.audit = {.rows = DEFAULT_ROWS}};
  WxOptions options;
  if (!wx_options_parse(&options, &spec, argc, argv, &own))
    return options.status;
  const size_t sources = options.argument_count + (own.path != NULL) + own.all;
  pid_t pid = 0;
  int failed = 0;
  if (sources != 1)
    failed = wx_cli_fail(options.verb,
                         "expected one of PID, --all, --maps FILE, --smaps FILE and --core FILE");
  else if (options.argument_count)
    failed = take_pid(&options, &pid);
  if (!failed)
    return audit_one(&options, &own, pid);
  wx_options_free(&options);
  return failed;
}
