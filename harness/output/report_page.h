/**
   @file report_page.h
   What `wxbench report` reads, and leaves in a folder; and the text of an issue.
*/
#ifndef WX_OUTPUT_REPORT_PAGE_H
#define WX_OUTPUT_REPORT_PAGE_H

#include "os/text.h"
#include "output/document.h"
#include "stats/problem.h"

#include <jansson.h>

/// Starts a document with what one file says: it keeps its kind and its context, or is a table of
/// hyperfine's. It borrows of `root`, which the caller releases after it. Returns 0, or a negative
/// errno with a problem and neither.
int wx_report_file(const char *path, WxDocument *document, json_t **root, WxProblem *problem);

/// Adds what all result files of a folder say, each with a line in `method`. Returns 0, or a
/// negative errno with a problem.
int wx_report_folder(const char *folder, WxDocument *document, WxText *method, WxProblem *problem);

/// Adds a line to `method`, in which a file and the machine that it comes from are named.
int wx_report_method(WxText *method, const char *name, const json_t *root);

/// Writes `folder`/report.html and report.md. Returns 0, or a negative errno with a
/// problem.
int wx_report_pages(const char *folder, const WxDocument *document, const WxText *method,
                    WxProblem *problem);

/// Puts the text of an issue into `issue`, made from the real runs in `document` alone. Returns 0,
/// or a negative errno with a problem where there is none.
int wx_report_issue(const char *folder, const WxDocument *document, const WxText *method,
                    WxDocument *issue, WxProblem *problem);

#endif
