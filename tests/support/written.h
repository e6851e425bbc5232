/**
   @file written.h
   Files that a test writes for itself.
*/
#ifndef TESTS_SUPPORT_WRITTEN_H
#define TESTS_SUPPORT_WRITTEN_H

#include <stddef.h>

enum { WRITTEN_PATH = 64 };

/// Writes `size` bytes into a new file of its own and its name into `path`. The test removes it.
void written_bytes(char path[WRITTEN_PATH], const char *bytes, size_t size);

/// The same for a text.
void written_text(char path[WRITTEN_PATH], const char *text);

#endif
