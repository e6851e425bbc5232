/**
   @file memfd.h
   The files that a process holds executable memory in, seen from outside.

   .NET from version 7 on (6 on request) keeps every page of code in one file, a memfd whose
   descriptor reads `/memfd:doublemapper (deleted)`; the process maps parts of it twice, executable
   and writable. st_blocks of that file counts each page once, mapped or not (dotnet/runtime 89776).
   A second, small memfd, `/memfd:doublemapper-template (deleted)`, holds the templates of stubs in
   .NET 10 and is another matter.
*/
#ifndef WX_MEASURE_MEMFD_H
#define WX_MEASURE_MEMFD_H

#include "measure/maps.h"
#include "stats/figure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// The link and the path in maps of the runtime's double-mapped file.
#define WX_DOUBLEMAPPER "/memfd:doublemapper (deleted)"

/// A file as stat() and maps name it.
typedef struct {
  uint32_t major;
  uint32_t minor;
  uint64_t inode;
} WxFileId;

/// One such file of a process.
typedef struct {
  WxFileId id;
  int number;            ///< The process's descriptor of it; -1 where it is closed and only mapped.
  int kept;              ///< A descriptor of ours that leads there (kept.h); -1 for none.
  uint64_t mapped_start; ///< The first mapping of it; 0 and 0 where it is not mapped.
  uint64_t mapped_end;
  WxFigure allocated_bytes; ///< Memory and swap that it holds; unknown where it cannot be asked.
  WxFigure block_bytes;     ///< st_blksize: the unit of its pages, 2 MiB with huge pages.
} WxMemfd;

/// Files of a process. Start with {0}, end with wx_memfds_free().
typedef struct {
  WxMemfd *items;
  size_t count;
  size_t capacity;
  size_t most; ///< Set by who looks at processes that it does not know: looks for no more than so
               ///< many. 0: for all.
} WxMemfds;

bool wx_file_id_equal(WxFileId a, WxFileId b);

/// Whether this mapping is one of the file `id`.
bool wx_mapping_is_of(const WxMapping *mapping, WxFileId id);

/// Finds the files of `pid` whose link is exactly `name`, each inode once, through its descriptors
/// and through `maps`, which the caller has read from it. Where `name` is NULL: every memfd that
/// the process maps executable, whatever its name.
///
/// A file whose descriptor is closed is asked through /proc/PID/map_files, which needs
/// CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN; without, its figures are unknown (but see kept.h). None
/// at all is success with count 0. -ESRCH, or -EACCES where the caller could not trace the process.
int wx_memfd_find(WxMemfds *found, pid_t pid, const WxMaps *maps, const char *name);

/// Asks again how much the file holds. -ESRCH where the process is gone, -ESTALE where the
/// descriptor or mapping it was found by leads to it no longer: find again.
int wx_memfd_stat(WxMemfd *memfd, pid_t pid);

/// Opens the file anew, with a position of its own; `flags` is O_RDONLY, or O_RDWR to punch it. The
/// caller closes the descriptor. -ESRCH and -ESTALE as wx_memfd_stat().
int wx_memfd_open(const WxMemfd *memfd, pid_t pid, int flags);

void wx_memfds_free(WxMemfds *memfds);

#endif
