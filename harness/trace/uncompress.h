/**
   @file uncompress.h
   A compressed trace as a stream of bytes, by the program `zstd`.
*/
#ifndef WX_TRACE_UNCOMPRESS_H
#define WX_TRACE_UNCOMPRESS_H

#include <sys/types.h>

/// Starts `zstd -dc` on the file `fd`, which stays the caller's. Returns a descriptor to read from,
/// which the caller closes before it calls wx_trace_uncompress_end().
int wx_trace_uncompress(int fd, pid_t *uncompressor);

/// Waits for it. -ENOENT where the program `zstd` is not installed, -EBADMSG where it could not
/// make sense of the file; 0 also where it ended because nobody read on.
int wx_trace_uncompress_end(pid_t uncompressor);

#endif
