/**
   @file memfd_proof.h
   What a file called like a memfd really is. Private to memfd*.c; everybody else finds and opens by
   memfd.h.
*/
#ifndef WX_MEASURE_MEMFD_PROOF_H
#define WX_MEASURE_MEMFD_PROOF_H

#include "measure/memfd.h"
#include "os/text.h"

#include <sys/stat.h>
#include <sys/types.h>

/// 0 is a mount as any other.
#define WX_MOUNT_UNKNOWN UINT64_MAX

/// Where the kernel makes files of a kind: its own mount, or any tmpfs of the process.
typedef struct {
  uint32_t major;
  uint32_t minor;
  uint64_t mount; ///< WX_MOUNT_UNKNOWN where the kernel does not tell.
  WxText mounts;  ///< Of the process, where a tmpfs of its is wanted; else empty.
} WxMemfdPlace;

/// Whether a file called `link` lies where memfds do: a memfd, or shared memory without a name. Any
/// other is one of a tmpfs.
bool wx_memfd_is_kernels(const char *link);

/// Whether the pages of a file called `path` are shared memory, as far as its name tells: it lies
/// where memfds do, or under /dev/shm.
bool wx_memfd_is_shared_memory(const char *path);

/// Finds the place of files of `pid` called `link`: by making one, or by the process's mounts. End
/// with wx_memfd_place_free().
int wx_memfd_place(WxMemfdPlace *place, pid_t pid, const char *link);
void wx_memfd_place_free(WxMemfdPlace *place);

/// Whether files of that device lie there.
bool wx_memfd_place_has(const WxMemfdPlace *place, uint32_t major, uint32_t minor);

/// Gets hold of the file that the descriptor `number` of `pid`, or with -1 its mapping
/// `start`-`end`, leads to: a descriptor of O_PATH, which the caller closes, and its `status`.
/// -EPERM with `refusal` where it is not what `link` says; then the inode in `status` tells it from
/// others, 0 where it is not known. -ESRCH and -ESTALE as wx_memfd_stat().
int wx_memfd_reach(const WxMemfd *memfd, pid_t pid, const WxMemfdPlace *place, struct statx *status,
                   WxRefusal *refusal);

/// The id of a file.
WxFileId wx_memfd_id(const struct statx *status);

#endif
