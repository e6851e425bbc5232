// `wxbench audit` of one process or one file, and how every audit ends.
#include "cli/audit_document.h"
#include "cli/audit_run.h"
#include "cli/say.h"
#include "cli/verb.h"
#include "output/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int wx_audit_explain_failure(const WxOptions *options, const char *what, const WxAudit *audit,
                             int error) {
  if (*audit->damage)
    return wx_cli_fail(options->verb, "%s: %s", what, audit->damage);
  if (error == -ESRCH || error == -ESTALE)
    return wx_cli_fail(options->verb, "%s: no such process", what);
  if ((error == -EACCES || error == -EPERM) && audit->source == WX_SOURCE_LIVE)
    return wx_cli_impossible(options->verb,
                             "not permitted to look at process %s: run as its user, or as root, or "
                             "with CAP_SYS_PTRACE",
                             what);
  return wx_cli_fail(options->verb, "%s: %s", what, strerror(-error));
}

static int write_metrics(const WxOptions *options, const WxAuditRequest *request,
                         const WxDocument *document) {
  char *text = document->lost ? NULL : wx_audit_metrics(document->results);
  if (!text)
    return wx_cli_fail(options->verb, "%s", strerror(ENOMEM));
  const char *path = request->prom_path;
  const int error = path ? wx_file_write(path, text, strlen(text))
                         : wx_file_write_all(STDOUT_FILENO, text, strlen(text));
  free(text);
  return error ? wx_cli_fail(options->verb, "cannot write '%s': %s", path ? path : "stdout",
                             strerror(-error))
               : 0;
}

int wx_audit_finish_run(WxOptions *options, const WxAuditRequest *request, WxDocument *document,
                        int status) {
  if (request->prom) {
    options->format = NULL;
    const int failed = write_metrics(options, request, document);
    status = failed ? failed : status;
  }
  return wx_cli_finish(options, document, WX_UNKNOWN, status);
}

int wx_audit_run_one(WxOptions *options, const WxAuditRequest *request, pid_t pid) {
  // Before anything is looked at, so that nothing is printed where it cannot be made.
  const bool again = request->audit.left_out && request->audit.left_out->count;
  if (request->bundle && mkdir(request->bundle, 0700) && !(again && errno == EEXIST)) {
    const int status = wx_cli_fail(options->verb, "cannot make the folder '%s': %s",
                                   request->bundle, strerror(errno));
    wx_options_free(options);
    return status;
  }
  WxAudit audit;
  const char *what = request->path ? request->path : options->arguments[0];
  const int error = request->path
                        ? wx_audit_file(&audit, request->source, request->path, &request->audit)
                        : wx_audit_live(&audit, pid, &request->audit);
  if (error) {
    const int status = wx_audit_explain_failure(options, what, &audit, error);
    if (request->bundle)
      (void)rmdir(request->bundle);
    wx_audit_free(&audit);
    wx_options_free(options);
    return status;
  }
  WxDocument document;
  wx_document_init(&document, "audit");
  json_t *result = wx_audit_json(&audit);
  wx_document_add_result(&document, result);
  int status = WX_EXIT_OK;
  if (request->images && result)
    status = wx_audit_add_images(options, request, &audit, &document, result);
  else
    wx_audit_tables(&document, &audit, request->by_size);
  if (*audit.damage)
    status = wx_cli_fail(options->verb, "%s: %s; %s was read", what, audit.damage,
                         audit.read_on ? "what else it has" : "what stands before it");
  if (request->bundle && !status)
    status = wx_audit_write_bundle(options, request, &audit, &document);
  wx_audit_free(&audit);
  return wx_audit_finish_run(options, request, &document, status);
}
