// wxbench report: what a folder of result files says, as one text.
#include "cli/options.h"
#include "cli/say.h"
#include "cli/verb.h"
#include "output/group_table.h"
#include "output/paired_table.h"
#include "output/report_page.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum { KEY_ISSUE = 256 };

static const struct argp_option own_options[] = {
    {"issue", KEY_ISSUE, NULL, 0,
     "Print the text of an issue for the runtime's maintainers instead, with what was measured in "
     "the real runs of the folder and nothing else",
     0},
    {0},
};

static error_t parse(int key, char *argument, struct argp_state *state) {
  (void)argument;
  if (key != KEY_ISSUE)
    return ARGP_ERR_UNKNOWN;
  *(bool *)state->input = true;
  return 0;
}

static const WxOptionsSpec spec = {
    .options = own_options,
    .parse = parse,
    .arguments = "DIR|FILE.json",
    .summary =
        "Summarise the result files of a folder, or rewrite one result file in another "
        "format. hyperfine's are shown too; files of other programs are named and left out. Of a "
        "folder it also writes DIR/report.html, one page that needs nothing else, and "
        "DIR/report.md.",
    .example = "  wxbench report results/2026-11-29-reference > summary.md\n"
               "  wxbench report validate.json --format csv > samples.csv",
    .format = "markdown",
};

static void add_tables(WxDocument *document) {
  wx_paired_add_tables(document);
  wx_group_add_tables(document);
}

static int report_file(WxOptions *options, const char *path) {
  WxDocument document;
  WxProblem problem;
  json_t *root;
  const int failed = wx_report_file(path, &document, &root, &problem);
  if (failed) {
    wx_options_free(options);
    return wx_cli_problem("report", failed, &problem);
  }
  add_tables(&document);
  const int status = wx_cli_finish(options, &document, WX_UNKNOWN, WX_EXIT_OK);
  json_decref(root);
  return status;
}

static int report_folder(WxOptions *options, const char *folder, bool issue) {
  WxDocument documents[2]; // What the folder says; and an issue.
  WxReportOrigin origin = {0};
  WxProblem problem;
  wx_document_init(&documents[0], "report");
  wx_document_init(&documents[1], "report");
  int failed = wx_report_folder(folder, &documents[0], &origin, &problem);
  if (!failed && issue) {
    failed = wx_report_issue(folder, &documents[0], &origin, &documents[1], &problem);
  } else if (!failed) {
    add_tables(&documents[0]);
    failed = wx_report_pages(folder, &documents[0], &origin, &problem);
  }
  wx_report_origin_free(&origin);
  wx_document_free(&documents[!issue]);
  if (!failed)
    return wx_cli_finish(options, &documents[issue], WX_UNKNOWN, WX_EXIT_OK);
  wx_document_free(&documents[issue]);
  wx_options_free(options);
  return wx_cli_problem("report", failed, &problem);
}

int wx_cli_report(int argc, char **argv) {
  WxOptions options;
  bool issue = false;
  if (!wx_options_parse(&options, &spec, argc, argv, &issue))
    return options.status;
  struct stat status = {0};
  int fault = 0;
  const char *path = options.argument_count == 1 ? options.arguments[0] : NULL;
  if (!path)
    fault =
        wx_cli_fail("report", "expected one folder or file, but got %zu", options.argument_count);
  else if (stat(path, &status) != 0)
    fault = wx_cli_fail("report", "%s: %s", path, strerror(errno));
  if (!fault && issue && !S_ISDIR(status.st_mode))
    fault = wx_cli_fail("report", "%s: expected a folder with --issue", path);
  if (!fault)
    return S_ISDIR(status.st_mode) ? report_folder(&options, path, issue)
                                   : report_file(&options, path);
  wx_options_free(&options);
  return fault;
}
