/**
   @file kept.h
   Descriptors of a process's files, kept from the moment when the process itself had one.

   A process may close a file and go on mapping it. Then only /proc/PID/map_files leads there, which
   an ordinary user may not follow; a descriptor of our own does. While it is kept the file's memory
   is kept too, even if the process gives it up: so this is for programs that are known to close
   their files, and ends with each sample for those that are gone.
*/
#ifndef WX_MEASURE_KEPT_H
#define WX_MEASURE_KEPT_H

#include "measure/memfd.h"

#include <stddef.h>
#include <sys/types.h>

typedef struct {
  WxFileId id;
  int fd;
} WxKeptFile;

/// Start with {0}, end with wx_kept_free().
typedef struct {
  WxKeptFile *items;
  size_t count;
  size_t capacity;
} WxKept;

/// Follows what `memfds` says of the files of `pid`: those that are gone are let go, those that
/// have a descriptor are kept, and those that have none any more get their figures from the one
/// kept, also in wx_memfd_stat() and wx_memfd_open() until the next call. At most half of the
/// descriptors that this process may have are kept; a file beyond them, or one that cannot be
/// opened, is as without this. -ENOMEM.
int wx_kept_update(WxKept *kept, WxMemfds *memfds, pid_t pid);

void wx_kept_free(WxKept *kept);

#endif
