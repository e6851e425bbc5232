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

/// Writes the page: the question, `answer` in a sentence, a plot for each workload and runtime
/// whose samples are there, the tables, the sentences, `method` (a line for each file that it was
/// made from) and the raw results. Returns 0 or -ENOMEM; stream errors are left to the caller's
/// ferror().
int wx_html_write(const WxDocument *document, const char *answer, const char *method, FILE *stream);

/// The answer, from the results of real runs in `results`, of at most `size` bytes.
void wx_html_answer(const json_t *results, char *answer, size_t size);

/// Writes the plots of `results`: the memfd over time, a line a mode.
void wx_html_plots(const json_t *results, FILE *stream);

#endif
