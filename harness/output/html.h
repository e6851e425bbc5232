/**
   @file html.h
   A report as one HTML page that needs nothing else: no script, no network, plots as inline SVG,
   light and dark by what the reader has set, for paper too, and for who does not see it.
*/
#ifndef WX_OUTPUT_HTML_H
#define WX_OUTPUT_HTML_H

#include "output/document.h"

#include <stdio.h>

/// What a report answers.
#define WX_HTML_QUESTION "What does .NET's W^X double mapping cost here, and what would cost less?"

/// What a page is made from.
typedef struct {
  const char *method;  ///< Lines about each file and its machine.
  const json_t *files; ///< In the order of the results: `name` of a file, `results`, how many it
                       ///< has. NULL where all are of one.
} WxHtmlOrigin;

/// Writes the page: the question, `answer` in a sentence, the plots, the tables, the sentences,
/// the method and the raw results. Returns 0 or -ENOMEM; stream errors are left to the caller's
/// ferror().
int wx_html_write(const WxDocument *document, const char *answer, const WxHtmlOrigin *origin,
                  FILE *stream);

/// The answer, from the results of real runs in `results`, of at most `size` bytes.
void wx_html_answer(const json_t *results, char *answer, size_t size);

/// Writes the plots of `results`: the memfd over time, one for each file, workload and runtime, a
/// line a mode; a mode that is there again begins another. Without memory there are none, and false
/// is returned.
bool wx_html_plots(const json_t *results, const json_t *files, FILE *stream);

#endif
