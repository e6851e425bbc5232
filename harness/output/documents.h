/**
   @file documents.h
   The reporters of small documents: what is put into each, from figures that are the caller's, so
   that a test can write every document from figures that it knows (tests/support/specimen.h). A
   reporter is a file NAME_document.c and knows no verb; those of more than a few functions have a
   header of their own.
*/
#ifndef WX_OUTPUT_DOCUMENTS_H
#define WX_OUTPUT_DOCUMENTS_H

#include "measure/observe.h"
#include "output/comparison.h"
#include "output/document.h"
#include "probe/observe_start.h"
#include "probe/predict.h"
#include "stats/endings.h"
#include "stats/problem.h"
#include "stats/result.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* list
 * -------------------------------------------------------------------------------------------------
 */

/// An empty table for one kind of thing.
WxTable *wx_list_table(const char *title);

/// Adds one thing to the table and to the document; `about` may be NULL.
void wx_list_add(WxDocument *document, WxTable *table, const char *kind, const char *name,
                 const char *about);

/// Lists the scenarios, or workloads, of a folder with what each shows. Returns 0, or a negative
/// errno with a problem.
int wx_list_files(WxDocument *document, const char *folder, const char *title, const char *kind,
                  WxProblem *problem);

/// Lists the actions of scenarios with their fields, and the keys of scenario files by their path.
void wx_list_actions(WxDocument *document);
void wx_list_keys(WxDocument *document);

/* run
 * -------------------------------------------------------------------------------------------------
 */

/// Adds a judged result of `run`; `ran` is the strategy that it fell back to, or its own.
void wx_run_document_add(WxDocument *document, const WxResult *result, const char *ran);

/* probe
 * -------------------------------------------------------------------------------------------------
 */

/// An empty table of predictions.
WxTable *wx_probe_table(void);

/// Adds what is predicted of one runtime in one mode, W^X set on or off, by what was tried.
void wx_probe_document_add(WxDocument *document, WxTable *table, const char *runtime, bool on,
                           const WxPrediction *prediction, const WxTries *tries);

/// Notes what concerns no prediction.
void wx_probe_document_end(WxDocument *document, const WxTries *tries);

/// An empty table of what was observed, and one process of it.
WxTable *wx_probe_observed_table(void);
void wx_probe_observed_add(WxDocument *document, WxTable *table, pid_t pid,
                           const WxObservedStart *observed);

/* demo
 * -------------------------------------------------------------------------------------------------
 */

/// An empty table of sizes before and after a release.
WxTable *wx_demo_table(void);

/// Says what is about to be seen, and what to do about it.
void wx_demo_document_begin(WxDocument *document);
void wx_demo_document_end(WxDocument *document);

/// Adds what a reproduction printed, which is cut up, and how it ended.
void wx_demo_document_add(WxDocument *document, WxTable *table, WxEndings *endings,
                          const char *reproduction, WxObserved *observed);

/* compare and report
 * -------------------------------------------------------------------------------------------------
 */

/// Adds the rows of a comparison; `gated` says whether times gate.
void wx_comparison_document(WxDocument *document, WxComparison *comparison, bool gated);

/// Compares two documents, read from files of these names. 0, or a negative errno with `problem`
/// set; `*worse` says how much got worse.
int wx_compare_document(WxDocument *document, json_t *const documents[2],
                        const char *const names[2], WxRatios ratios, size_t *worse, char *problem);

/// Adds the content of one file to a report.
void wx_report_document_add(WxDocument *document, const char *name, const json_t *root);

/// Whether a JSON document is one of `hyperfine --export-json`, and such a file's content.
bool wx_is_hyperfine(const json_t *root);
void wx_hyperfine_document_add(WxDocument *document, const char *name, const json_t *root);

#endif
