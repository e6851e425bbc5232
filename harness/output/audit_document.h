/**
   @file audit_document.h
   An audit as JSON, as tables and as metrics, and the other documents of whose memory it is.
*/
#ifndef WX_OUTPUT_AUDIT_DOCUMENT_H
#define WX_OUTPUT_AUDIT_DOCUMENT_H

#include "attribution/audit.h"
#include "attribution/explain.h"
#include "attribution/redact.h"
#include "attribution/survey.h"
#include "output/document.h"
#include "output/progress.h"
#include "stats/problem.h"

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

/// One audit as the contract's result. NULL where memory ran out.
json_t *wx_audit_json(const WxAudit *audit);

/// What an owner is called in JSON.
const char *wx_audit_owner_key(WxOwner owner);

/// Adds the tables and sentences for people; `by_size` sorts the summary by kind.
void wx_audit_tables(WxDocument *document, const WxAudit *audit, bool by_size);

/// Results (of wx_audit_json()) as metrics in Prometheus's text format, in a new string that the
/// caller frees. NULL where memory ran out.
char *wx_audit_metrics(const json_t *results);

/// One process in a list of all.
typedef struct {
  json_t *json; ///< Its whole result.
  int rank;     ///< How bad it is; lower is worse.
  WxFigure orphaned;
  pid_t pid;
  char command[WX_COMMAND_TEXT];
  char runtime[64];
  WxFigure allocated, mapped, rss, mappings;
  const char *verdict;
} WxAuditRow;

/// Bytes of all files, each once. `seen` has room for `capacity` files.
typedef struct {
  WxFileId *seen;
  size_t count;
  size_t capacity;
  WxFigure allocated, orphaned;
  size_t unknown; ///< Files that could not be opened.
} WxAuditTotal;

void wx_audit_make_row(WxAuditRow *row, const WxAudit *audit);
void wx_audit_add_to_total(WxAuditTotal *total, const WxTruth *truth);

/// Sorts the rows, worst first, and adds them to the document, which takes ownership of their
/// results. `left_out` (may be NULL): processes that did not answer.
void wx_audit_all_document(WxDocument *document, WxAuditRow *rows, size_t count,
                           const WxAuditTotal *total, const WxSurvey *survey,
                           const WxProcesses *left_out);

/// Audits every process that has an executable memfd, and adds them all. Returns 0 or a negative
/// errno.
int wx_audit_all(WxDocument *document, const WxAuditOptions *options, WxProgress *progress);

/// Adds what changed between two results of audits.
void wx_audit_diff_add(WxDocument *document, const json_t *base, const json_t *now);

/// The same of two documents, process by process; a single one matches any single one. Returns how
/// many processes they have in common.
size_t wx_audit_diff_document(WxDocument *document, const json_t *base, const json_t *now);

/// The process that `what` names, 0 where it names a file.
pid_t wx_audit_diff_process(const char *what);

/// Loads one side of a comparison: a saved audit, maps, smaps, a core or a process. Returns 0 with
/// a document, the caller's, or a negative errno with a problem.
int wx_audit_diff_load(const char *what, const WxAuditOptions *options, json_t **root,
                       WxProblem *problem);

/// What is searched for PE images, and where they go.
typedef struct {
  uint64_t start, end; ///< Only this range; all memory where the end is 0.
  const char *folder;  ///< Made where it is not there; NULL: they are not written.
} WxImageSearch;

/// Searches for PE images, and adds them to the document and to its result. Returns 0, or a
/// negative errno with a problem.
int wx_audit_add_images(WxDocument *document, json_t *result, const WxAudit *audit,
                        const WxImageSearch *wanted, WxProblem *problem);

/// What to attach to an issue, and where it goes.
typedef struct {
  const char *folder;  ///< Just made.
  bool unredacted;     ///< Paths and values of the environment are kept.
  const char *command; ///< As in the document's context,
  time_t started;      ///< as well.
} WxBundleOrder;

/// Writes maps, smaps, status, the group's files, extents, the environment and the document as JSON
/// into the folder, and notes that. Returns 0, or a negative errno with a problem.
int wx_audit_write_bundle(const WxBundleOrder *order, const WxAudit *audit, WxDocument *document,
                          WxProblem *problem);

/// What a line of an audit needs beside it.
typedef struct {
  const char *clock; ///< As `12:34:56`.
  double seconds;    ///< Since the first sample,
  WxFigure mappings; ///< which had so many.
} WxAuditMoment;

/// Writes one sample as a line.
void wx_audit_watch_line(FILE *stream, const WxAuditMoment *moment, const WxAudit *audit);

/// A process that is looked at again and again.
typedef struct {
  const char *what; ///< As it was asked for.
  pid_t pid;
  const WxAuditOptions *how;
  uint64_t every_ns;
  uint64_t samples; ///< 0: until the process ends.
  FILE *stream;     ///< A terminal where `redrawn`.
  const char *name; ///< Of the stream.
  bool redrawn;     ///< Tables in place of those before; else a line a sample.
  bool by_size;     ///< As in wx_audit_tables().
} WxAuditWatch;

/// Writes the samples. Returns 0 after the last one; or a negative errno with a problem, also where
/// the process has ended, since whoever waits for a value gets none.
int wx_audit_watch(const WxAuditWatch *watch, WxProblem *problem);

/// Takes the user's own paths out of a whole document that is to be published. -ENOMEM, and then it
/// must not be.
int wx_audit_redact_document(WxRedactor *redactor, json_t *root);

/// Explains all ranges, with heaps of `slot` bytes. Each is looked at when its row is written:
/// `ranges` outlives the document.
void wx_explain_document(WxDocument *document, const WxRange ranges[], size_t count, uint64_t slot);

#endif
