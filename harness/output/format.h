/**
   @file format.h
   The ways of writing a document. A new one is a file format_NAME.c and a row in format.c.
*/
#ifndef WX_OUTPUT_FORMAT_H
#define WX_OUTPUT_FORMAT_H

#include "output/document.h"

#include <stddef.h>
#include <stdio.h>

typedef struct {
  const char *name;
  const char *summary; ///< For `--help`.
  /// Writes the document to a stream. Returns 0 or a negative errno; stream errors may be left to
  /// the caller's ferror().
  int (*write)(const WxDocument *document, FILE *stream);
} WxFormat;

/// The `index`-th format, NULL at the end. The first one is the default.
const WxFormat *wx_format_at(size_t index);

/// The format of that name, NULL where there is none.
const WxFormat *wx_format_find(const char *name);

/// Writes the document into a new string, which the caller frees. -ENOMEM also where a part of the
/// document was lost, while it was built or now.
int wx_format_render(const WxFormat *format, const WxDocument *document, char **text,
                     size_t *length);

/// Writes the document to a descriptor piece by piece, as it comes. 0, or a negative errno after
/// which a part may have been written.
int wx_format_write(const WxFormat *format, const WxDocument *document, int fd);

int wx_format_table(const WxDocument *document, FILE *stream);
int wx_format_json(const WxDocument *document, FILE *stream);
int wx_format_csv(const WxDocument *document, FILE *stream);
int wx_format_markdown(const WxDocument *document, FILE *stream);
int wx_format_junit(const WxDocument *document, FILE *stream);
int wx_format_gab(const WxDocument *document, FILE *stream);

#endif
