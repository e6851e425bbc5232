/**
   @file example.h
   A small document of every kind of figure, and what it looks like in a format.
*/
#ifndef TESTS_SUPPORT_EXAMPLE_H
#define TESTS_SUPPORT_EXAMPLE_H

#include "output/document.h"

/// A result with one known figure of each kind; everything else is unknown. The caller's.
json_t *wx_example_result(void);

/// That result, a skipped one, their table and a note. Ends with wx_document_free().
WxDocument wx_example_document(void);

/// The document in a format; the caller frees it.
char *wx_example_render(const WxDocument *document, const char *format);

/// Fails with the whole text where `part` is not in it.
void wx_assert_contains(const char *text, const char *part);

#endif
