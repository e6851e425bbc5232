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

/// What a report is made from: lines that name each file and the machine that it comes from; and
/// as html.h has it.
typedef struct {
  WxText method;
  json_t *files;
} WxReportOrigin;

/// Adds what all result files of a folder say, and to `origin`, all zero at first, where it is
/// from. Returns 0, or a negative errno with a problem.
int wx_report_folder(const char *folder, WxDocument *document, WxReportOrigin *origin,
                     WxProblem *problem);

/// Adds a file to `origin`.
int wx_report_origin_add(WxReportOrigin *origin, const char *name, const json_t *root);

void wx_report_origin_free(WxReportOrigin *origin);

/// Writes `folder`/report.html and report.md. Returns 0, or a negative errno with a
/// problem.
int wx_report_pages(const char *folder, const WxDocument *document, const WxReportOrigin *origin,
                    WxProblem *problem);

/// Puts the text of an issue into `issue`, made from the real runs in `document` alone. Returns 0,
/// or a negative errno with a problem where there is none.
int wx_report_issue(const char *folder, const WxDocument *document, const WxReportOrigin *origin,
                    WxDocument *issue, WxProblem *problem);

#endif
