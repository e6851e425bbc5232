/**
   @file mapped_file.h
   Files that another process maps: its program, its libraries.

   Their names and what stands behind them are the other process's choice. A name may lead to a
   FIFO, a device, or a file of a FUSE daemon that never answers, by the time it is used.
*/
#ifndef WX_MEASURE_MAPPED_FILE_H
#define WX_MEASURE_MAPPED_FILE_H

#include "measure/maps.h"

#include <sys/types.h>

/// Opens for reading what `mapping` of `pid` maps, where that is a regular file on a file system
/// that is mounted in this process's own mount namespace and lies on this machine: nothing else is
/// opened. Through /proc/PID/map_files, or where that is not permitted by its path, as far as the
/// kernel knows the path without asking. Checked is the file that is opened.
///
/// The caller closes the descriptor. -EPERM: another kind of file, or another file system. Another
/// negative errno: it cannot be had.
int wx_mapped_file_open(pid_t pid, const WxMapping *mapping);

#endif
