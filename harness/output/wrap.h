/**
   @file wrap.h
   Where a text is broken so that it fits a column or a terminal.
*/
#ifndef WX_OUTPUT_WRAP_H
#define WX_OUTPUT_WRAP_H

#include <stddef.h>

/// Bytes of the first line of `text` (shown.h) in `width` columns, at least 1: all of it where it
/// fits, else up to a space, if possible one outside of `quoted commands`, which are to be copied
/// whole. Only a word that is itself wider is broken: after one of `/,=:._-`, else where the line
/// ends.
size_t wx_wrap(const char *text, size_t width);

/// What is left of `text` behind its first `length` bytes, without the spaces at the break.
const char *wx_wrap_rest(const char *text, size_t length);

/// Columns of the widest word of `text`.
size_t wx_wrap_word(const char *text);

#endif
