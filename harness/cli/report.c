// wxbench report: what a folder of result files says, as one text.
#include "cli/options.h"
#include "cli/say.h"
#include "cli/verb.h"
#include "output/documents.h"
#include "output/group_table.h"
#include "output/hyperfine.h"
#include "output/json.h"
#include "output/load.h"
#include "output/paired_table.h"
#include "output/report_page.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
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

// A file of hyperfine is a table. Its runs came one after the other.
static void add_hyperfine(WxDocument *document, const char *name, const json_t *root) {
  wx_document_add_table(document, wx_hyperfine_table(name, root));
  wx_document_note(document,
                   "%s: measured by hyperfine, one command after the other. Which is faster is for "
                   "runs in turns to say (wxbench validate --repeat).",
                   name);
}

// Reads JSON of another program, NULL where it is none.
static json_t *load_foreign(const char *path) {
  json_t *root = json_load_file(path, 0, NULL);
  if (root && !json_object_get(root, "schema"))
    return root;
  json_decref(root);
  return NULL;
}

static int report_hyperfine(WxOptions *options, const char *path, const json_t *root) {
  WxDocument document;
  wx_document_init(&document, "report");
  add_hyperfine(&document, path, root);
  return wx_cli_finish(options, &document, WX_UNKNOWN, WX_EXIT_OK);
}

static int report_foreign(WxOptions *options, const char *path, const char *problem) {
  json_t *root = load_foreign(path);
  const int status = root && wx_is_hyperfine(root) ? report_hyperfine(options, path, root)
                                                   : wx_cli_fail("report", "%s", problem);
  json_decref(root);
  wx_options_free(options);
  return status;
}

// One file keeps its kind and its context: it is the same document, written differently.
static int report_file(WxOptions *options, const char *path) {
  char problem[WX_PROBLEM];
  json_t *root;
  if (wx_document_load(path, &root, problem) < 0)
    return report_foreign(options, path, problem);
  WxDocument document;
  wx_document_init(&document, wx_json_get_text(root, "kind"));
  if (json_object_update(document.context, json_object_get(root, "context")) != 0)
    document.lost = true;
  wx_report_document_add(&document, path, root);
  wx_paired_add_tables(&document);
  wx_group_add_tables(&document);
  const int status = wx_cli_finish(options, &document, WX_UNKNOWN, WX_EXIT_OK);
  json_decref(root);
  return status;
}

static int is_json(const struct dirent *entry) {
  const char *dot = strrchr(entry->d_name, '.');
  return dot && entry->d_name[0] != '.' && strcmp(dot, ".json") == 0;
}

// Adds `folder`/`name`. Returns 0, or the exit status after the fault was reported.
static int add_entry(WxDocument *document, WxText *method, const char *folder, const char *name) {
  char path[4096], problem[WX_PROBLEM];
  json_t *root;
  snprintf(path, sizeof path, "%s/%s", folder, name);
  if (wx_document_load(path, &root, problem) == 0) {
    wx_report_document_add(document, name, root);
    document->lost |= wx_report_method(method, name, root) != 0;
    json_decref(root);
    return 0;
  }
  root = load_foreign(path);
  if (!root)
    return wx_cli_fail("report", "%s", problem);
  if (wx_is_hyperfine(root))
    add_hyperfine(document, name, root);
  else
    wx_document_note(document, "%s: left out, not a result of wxbench.", name);
  json_decref(root);
  return 0;
}

// Ends with the text of an issue in place of the document.
static int finish_issue(WxOptions *options, const char *folder, WxDocument *document,
                        WxText *method) {
  WxDocument issue;
  wx_document_init(&issue, "report");
  WxProblem problem;
  const int failed = wx_report_issue(folder, document, method, &issue, &problem);
  wx_document_free(document);
  wx_text_free(method);
  if (!failed)
    return wx_cli_finish(options, &issue, WX_UNKNOWN, WX_EXIT_OK);
  wx_document_free(&issue);
  wx_options_free(options);
  return wx_cli_problem("report", failed, &problem);
}

static int report_folder(WxOptions *options, const char *folder, bool issue) {
  struct dirent **entries;
  const int count = scandir(folder, &entries, is_json, alphasort);
  WxDocument document;
  wx_document_init(&document, "report");
  WxText method = {0};
  int status = 0;
  if (count < 0)
    status = wx_cli_fail("report", "%s: %s", folder, strerror(errno));
  else if (count == 0)
    status = wx_cli_fail("report", "%s: expected .json files, but there is none", folder);
  for (int i = 0; i < count; ++i) {
    if (!status)
      status = add_entry(&document, &method, folder, entries[i]->d_name);
    free(entries[i]);
  }
  if (count >= 0)
    free(entries);
  if (!status && issue)
    return finish_issue(options, folder, &document, &method);
  if (!status) {
    wx_paired_add_tables(&document);
    wx_group_add_tables(&document);
    WxProblem problem;
    const int failed = wx_report_pages(folder, &document, &method, &problem);
    status = failed ? wx_cli_problem("report", failed, &problem) : 0;
  }
  wx_text_free(&method);
  if (!status)
    return wx_cli_finish(options, &document, WX_UNKNOWN, WX_EXIT_OK);
  wx_document_free(&document);
  wx_options_free(options);
  return status;
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
