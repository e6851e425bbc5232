/**
   @file text.h
   Whole small files (as those below /proc), the numeric entries of a directory (as /proc/PID/task),
   and text that is printed into memory.
*/
#ifndef WX_OS_TEXT_H
#define WX_OS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/// A NUL-terminated buffer that can be used again for the next file: start with {0}, end with
/// wx_text_free().
typedef struct {
  char *data;
  size_t length; ///< Bytes without the final NUL.
  size_t capacity;
} WxText;

/// Reads all of `path` in as few reads as its size allows. On failure `text` is empty, its buffer
/// kept.
int wx_text_read(WxText *text, const char *path);

/// As wx_text_read(), of a file that may be anything: -EFBIG where it has more than `most` bytes,
/// or no end.
int wx_text_read_most(WxText *text, const char *path, size_t most);

/// Writes all of `text` to the file at `path`, which is there, in one write, as the kernel's own
/// files want it.
int wx_text_write(const char *path, const char *text);

/// Whether `text` begins with `prefix`.
bool wx_text_starts_with(const char *text, const char *prefix);

/// Whether two texts are the same byte for byte; one without a buffer is empty.
bool wx_text_is_equal(const WxText *one, const WxText *other);

/// Frees the buffer. Allowed on {0} and twice.
void wx_text_free(WxText *text);

/// Calls `visit` for each entry of `path` whose name is a whole decimal number, in the directory's
/// order, until it returns non-zero. Returns that value, 0 at the end, or a negative errno.
int wx_directory_numbers(const char *path, int (*visit)(long number, void *context), void *context);

/// A stream that appends to `text`, which starts as {0}. NULL where memory ran out. It ends with
/// wx_text_stream_end(). (open_memstream() does not tell where it had no memory for a part.)
FILE *wx_text_stream(WxText *text);

/// Ends it. Returns 0, or -ENOMEM with the text freed where a part of it was lost.
int wx_text_stream_end(FILE *stream, WxText *text);

#endif
