/**
   @file format.h
   The ways of writing a document. A new one is a file format_NAME.c that defines wx_format_NAME(),
   and a row here.
*/
#ifndef WX_OUTPUT_FORMAT_H
#define WX_OUTPUT_FORMAT_H

#include "output/document.h"

#include <stddef.h>
#include <stdio.h>

/// Name, and what it is. The first one is the default.
#define WX_FORMATS(ROW)                                                                            \
  ROW(table, "aligned columns for people")                                                         \
  ROW(json, "the whole document, as --json -")                                                     \
  ROW(csv, "one row per sample or per result, digits only")                                        \
  ROW(markdown, "tables for a README or a CI summary")                                             \
  ROW(junit, "expectations as JUnit test cases")                                                   \
  ROW(gab, "github-action-benchmark, customSmallerIsBetter")                                       \
  ROW(bencher, "Bencher Metric Format")                                                            \
  ROW(tap, "Test Anything Protocol, a test for each expectation or comparison")

typedef struct {
  const char *name;
  const char *summary; ///< For `--help`.
  /// Writes the document to a stream. Returns 0 or a negative errno; stream errors may be left to
  /// the caller's ferror().
  int (*write)(const WxDocument *document, FILE *stream);
} WxFormat;

/// The `index`-th format and its name, NULL at the end.
const WxFormat *wx_format_at(size_t index);
const char *wx_format_name(size_t index);

/// The format of that name, NULL where there is none.
const WxFormat *wx_format_find(const char *name);

/// Writes the document into a new string, which the caller frees. -ENOMEM also where a part of the
/// document was lost, while it was built or now.
int wx_format_render(const WxFormat *format, const WxDocument *document, char **text,
                     size_t *length);

/// Writes the document to the file `path`, whole or not at all; where `path` is NULL to the
/// descriptor, rendered completely before the first byte is written. Only results that are made as
/// they are written, and are too many for that, go there piece by piece. 0 or a negative errno.
int wx_format_write(const WxFormat *format, const WxDocument *document, const char *path, int fd);

#define WX_FORMAT_WRITER(NAME, SUMMARY)                                                            \
  int wx_format_##NAME(const WxDocument *document, FILE *stream);
WX_FORMATS(WX_FORMAT_WRITER)
#undef WX_FORMAT_WRITER

#endif
