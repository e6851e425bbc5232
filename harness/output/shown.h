/**
   @file shown.h
   Text of others as it may be shown: names of processes and files, and what stands in a file, can
   hold anything that a terminal obeys.

   What is no plain character is written out: control characters of ASCII as `\n`, `\t`, `\r` or
   `\033`, bytes that are no UTF-8 as `\377`, other characters without a shape of their own (the
   controls above U+0080, what changes the direction of text or cannot be seen) as `\u202e`. Plain
   text stays as it is, the backslash included, so that what was shown once is not changed by being
   shown again.

   Nothing else in the program decides what is harmless; tests/plain/shown_test.sh looks for text
   that went past.
*/
#ifndef WX_OUTPUT_SHOWN_H
#define WX_OUTPUT_SHOWN_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/// Room for any character that is shown, with its NUL.
enum { WX_SHOWN = 12 };

/// How many of the `length` bytes (at least 1) at `text` make its first character, 0 where they do
/// not begin with one of UTF-8. `code` is its number.
size_t wx_utf8_decode(const char *text, size_t length, uint32_t *code);

/// Puts the first character of the `length` bytes (at least 1) at `text` into `shown` as it is
/// shown. Returns how many bytes it was made of.
size_t wx_shown_next(const char *text, size_t length, char shown[static WX_SHOWN]);

/// A copy that is shown, on one line; the caller frees it. NULL where memory ran out.
char *wx_shown(const char *text);

/// Writes the `length` bytes at `text` as they are shown.
void wx_shown_put(FILE *stream, const char *text, size_t length);

/// Writes a JSON text that is well formed. Its strings keep their meaning: what is not to be shown
/// becomes an escape of JSON. White space between values stays.
void wx_shown_put_json(FILE *stream, const char *json, size_t length);

#endif
