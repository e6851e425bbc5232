/**
   @file capture.h
   The last part of what a program prints into a pipe. Private to observe.c.
*/
#ifndef WX_MEASURE_CAPTURE_H
#define WX_MEASURE_CAPTURE_H

#include "os/text.h"

#include <stddef.h>

/// Reads once from `*fd` and appends to `text`, which holds at least the last `limit` bytes. At the
/// end of the file closes it and makes it -1.
int wx_capture_read(WxText *text, int *fd, size_t limit);

/// Reads what a program that has ended had printed before, without waiting: a process that it left
/// behind may hold the pipe open, and may write to it without end. Cuts `text` to its last `limit`
/// bytes.
int wx_capture_finish(WxText *text, int *fd, size_t limit);

#endif
