/**
   @file output_file.h
   Writing a whole file, or nothing.
*/
#ifndef WX_OUTPUT_OUTPUT_FILE_H
#define WX_OUTPUT_OUTPUT_FILE_H

#include "stats/problem.h"

#include <stddef.h>

/// Replaces the content of `path`: written under a temporary name in the same folder, brought to
/// the disk and renamed, so that a reader sees the old or the new file and never a part. A symbolic
/// link is followed, an existing file keeps its permissions. What is no regular file (a pipe, a
/// terminal, /dev/full) is written in place. Returns 0 or a negative errno; then the old file
/// stands as it was and the temporary one is gone. What killed runs left there disturbs nobody.
int wx_file_write(const char *path, const void *data, size_t size);

/// As wx_file_write(), of `folder`/`name`; `problem` says which of them cannot be written.
int wx_file_write_in(const char *folder, const char *name, const void *data, size_t size,
                     WxProblem *problem);

/// Says that `folder`/`name` cannot be written. Returns -EINVAL.
int wx_file_problem(const char *folder, const char *name, int error, WxProblem *problem);

/// As wx_file_write(), of what `put` writes to the descriptor that it is given, maybe more than
/// once. A negative errno of `put` is returned, and the old file stands.
int wx_file_write_by(const char *path, int (*put)(int fd, void *context), void *context);

/// Whether wx_file_write() can be expected to work, found out without writing: 0 or a negative
/// errno. For a check before long work.
int wx_file_check(const char *path);

/// Writes all of `data` to a descriptor, retrying short and interrupted writes. A full disk, also
/// one found only now, is a negative errno.
int wx_file_write_all(int fd, const void *data, size_t size);

#endif
