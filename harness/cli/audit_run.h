/**
   @file audit_run.h
   The ways in which the verb audit runs, one a file: one target, all processes, a live view.
*/
#ifndef WX_CLI_AUDIT_RUN_H
#define WX_CLI_AUDIT_RUN_H

#include "attribution/audit.h"
#include "cli/options.h"

#include <stdbool.h>
#include <stdint.h>

/// What was asked for on the command line.
typedef struct {
  WxSource source;
  const char *path; ///< Of a file.
  bool all;
  bool by_size;
  bool prom;
  const char *prom_path; ///< Where the metrics go; NULL is stdout.
  const char *bundle;    ///< Folder of --bundle.
  bool unredacted;
  const char *diff;      ///< First of the two that --diff compares.
  const char *oom;       ///< File of --oom; `-` is stdin.
  const char *extract;   ///< Folder of --extract.
  bool images;           ///< Search for PE images.
  uint64_t search_start; ///< Of --range; all memory where the end is 0.
  uint64_t search_end;
  uint64_t watch_ns; ///< 0 without --watch.
  uint64_t samples;  ///< How many; 0 until it ends.
  WxAuditOptions audit;
} WxAuditRequest;

/// Each frees the options and returns the exit status.
int wx_audit_run_one(WxOptions *options, const WxAuditRequest *request, pid_t pid);
int wx_audit_run_all(WxOptions *options, const WxAuditRequest *request);
int wx_audit_run_diff(WxOptions *options, const WxAuditRequest *request);
int wx_audit_run_oom(WxOptions *options, const char *path);
int wx_audit_run_watch(WxOptions *options, const WxAuditRequest *request, pid_t pid);

/// Whether one of the two that --diff compares is a living process.
bool wx_audit_diff_is_live(const char *base, const char *now);

/// Writes what to attach to an issue into the folder request->bundle, just made: maps, smaps,
/// status, the group's files, extents, the environment and the document as JSON. Paths and values
/// of the environment are redacted unless request->unredacted. Returns 0 or the exit status.
int wx_audit_write_bundle(const WxOptions *options, const WxAuditRequest *request,
                          const WxAudit *audit, WxDocument *document);

/// Searches for PE images, adds them to the document and to its result, and writes them into
/// request->extract. Returns 0 or the exit status.
int wx_audit_add_images(const WxOptions *options, const WxAuditRequest *request,
                        const WxAudit *audit, WxDocument *document, json_t *result);

/// Reports why `what` could not be audited. Returns the exit status.
int wx_audit_explain_failure(const WxOptions *options, const char *what, const WxAudit *audit,
                             int error);

/// Ends a verb whose document is ready: metrics with --prom, else the document.
int wx_audit_finish_run(WxOptions *options, const WxAuditRequest *request, WxDocument *document,
                        int status);

#endif
