/**
   @file load.h
   Reading a document back from a file.
*/
#ifndef WX_OUTPUT_LOAD_H
#define WX_OUTPUT_LOAD_H

#include <jansson.h>
#include <stddef.h>

/// Room for the sentence that says what is wrong with a file.
enum { WX_PROBLEM = 512 };

/// Reads the document in `path`: valid JSON of this schema, with a kind, a context and results that
/// are objects. On success the caller owns `*root`. Returns -EINVAL where the content is wrong and
/// another negative errno where the file cannot be read; then `problem` is a line that begins with
/// the path, and with line and column where the JSON itself is damaged.
int wx_document_load(const char *path, json_t **root, char problem[WX_PROBLEM]);

/// The same for text in memory, called `name` in problems.
int wx_document_parse(const char *name, const char *text, size_t length, json_t **root,
                      char problem[WX_PROBLEM]);

#endif
