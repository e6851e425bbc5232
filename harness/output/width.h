/**
   @file width.h
   How many columns of a terminal a text takes.

   Not by wcwidth(), which knows only what the locale knows: a program that is linked statically
   and runs where no locale is installed prints the same tables as any other.
*/
#ifndef WX_OUTPUT_WIDTH_H
#define WX_OUTPUT_WIDTH_H

#include <stddef.h>

/// Columns that the first `length` bytes of `text` take, which is shown (shown.h): UTF-8 without
/// control characters. Combining characters take none, those of East Asia and emoji two.
size_t wx_width(const char *text, size_t length);

#endif
