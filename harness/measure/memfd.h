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

/// The name that the runtime gives it, and the link and the path in maps that follow from it.
#define WX_DOUBLEMAPPER_NAME "doublemapper"
#define WX_DOUBLEMAPPER      "/memfd:" WX_DOUBLEMAPPER_NAME " (deleted)"

/// Room for the link of any memfd: its name has 249 bytes at most.
enum { WX_MEMFD_LINK = 288 };

enum { WX_MEMFD_NAME_MAX = 249 };

/// Writes the link of a memfd called `name`, or of a deleted file where that is a path; NULL: as
/// the runtime calls its own.
void wx_memfd_link(char link[static WX_MEMFD_LINK], const char *name);

/// What stands before such a name where people read it: "memfd:", and nothing before a path.
const char *wx_memfd_kind(const char *name);

/// The name in such a link, NULL where it has characters other than letters, digits and `._+-`:
/// it comes from another process, and a person may paste it into a shell.
const char *wx_memfd_plain_name(const char *link, char name[static WX_MEMFD_LINK]);

/// A file as stat() and maps name it.
typedef struct {
  uint32_t major;
  uint32_t minor;
  uint64_t inode;
} WxFileId;

/// Why a file that is called like a memfd of the runtime is left alone. Up to WX_REFUSED_SEALS it
/// is not even opened to be read, or closed again at once; the others forbid to change it.
typedef enum {
  WX_REFUSED_NOT,
  WX_REFUSED_PLACE,   ///< It lies in a file system, not among the kernel's memory files.
  WX_REFUSED_KIND,    ///< It is no regular file.
  WX_REFUSED_LINKED,  ///< It has a name in a file system.
  WX_REFUSED_NAME,    ///< It is called otherwise.
  WX_REFUSED_SEALS,   ///< It cannot have seals.
  WX_REFUSED_SEALED,  ///< Against writing.
  WX_REFUSED_NARROW,  ///< The process runs a program of fewer bits than this one.
  WX_REFUSED_OWNER,   ///< Its owner is another user than the process.
  WX_REFUSED_RUNTIME, ///< The process runs no .NET runtime.
  WX_REFUSALS
} WxRefusal;

/// The rest of a sentence that begins with the file: "is sealed against writing".
const char *wx_refusal_text(WxRefusal refusal);

/// One such file of a process.
typedef struct {
  WxFileId id;
  int number;            ///< The process's descriptor of it; -1 where it is closed and only mapped.
  int kept;              ///< A descriptor of ours that leads there (snapshot.c); -1 for none.
  uint64_t mapped_start; ///< The first mapping of it; 0 and 0 where it is not mapped.
  uint64_t mapped_end;
  WxFigure allocated_bytes; ///< Memory and swap that it holds; unknown where it cannot be asked.
  WxFigure block_bytes;     ///< st_blksize: the unit of its pages, 2 MiB with huge pages.
  char link[WX_MEMFD_LINK];
  bool vouched;  ///< The user named it (--memfd): it may be changed without a runtime, too. Set by
                 ///< the caller.
  bool impostor; ///< It only has the name, and is not opened (WxMemfds.impostor).
} WxMemfd;

/// Files of a process. Start with {0}, end with wx_memfds_free().
typedef struct {
  WxMemfd *items;
  size_t count;
  size_t capacity;
  size_t impostors;  ///< Descriptors and mappings with that name that are no memfd, not opened.
  WxMemfd impostor;  ///< The first of them; its id only tells it from others,
  WxRefusal refusal; ///< and why it is none.
  size_t most; ///< Set by who looks at processes that it does not know: looks for no more than so
               ///< many. 0: for all.
} WxMemfds;

bool wx_file_id_equal(WxFileId a, WxFileId b);

/// Whether this mapping is one of the file `id`.
bool wx_mapping_is_of(const WxMapping *mapping, WxFileId id);

/// Finds the memory files of `pid` whose link is exactly `name`, each inode once, through its
/// descriptors and through `maps`, which the caller has read from it. Where `name` is NULL: every
/// memfd that the process maps executable, whatever its name, and every deleted file of a tmpfs and
/// other shared memory that it maps shared and executable. Anybody can give any file such a name
/// (a bind mount in a namespace of their own); what is none is counted in `found->impostors`, which
/// is left as it was where `name` is NULL.
/// Nothing is opened but with O_PATH, and no file system is asked: neither a FIFO nor a FUSE daemon
/// can hold the caller.
///
/// A file whose descriptor is closed is asked through /proc/PID/map_files, which needs
/// CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN; without, its figures are unknown (but see snapshot.c).
/// None at all is success with count 0. -ESRCH, or -EACCES where the caller could not trace the
/// process.
int wx_memfd_find(WxMemfds *found, pid_t pid, const WxMaps *maps, const char *name);

/// Finds the other memory files of `pid`, at most 256 among the first 1,024 descriptors of deleted
/// files: memfds, deleted files of a tmpfs and shared
/// memory without a name, executable or not, that it has open or maps and that are not in `known`;
/// the largest first. Otherwise as wx_memfd_find().
int wx_memfd_find_others(WxMemfds *others, pid_t pid, const WxMaps *maps, const WxMemfds *known);

/// The one that holds most, NULL where there is none: a process has one, but for strange programs.
const WxMemfd *wx_memfds_largest(const WxMemfds *memfds);

/// Asks again how much the file holds. -ESRCH where the process is gone, -ESTALE where the
/// descriptor or mapping it was found by leads to it no longer: find again.
int wx_memfd_stat(WxMemfd *memfd, pid_t pid);

/// Opens the file anew, with a position of its own, for reading (`flags` O_RDONLY) or to punch it
/// (O_RDWR): the one way in which files of other processes are opened. All that is checked is
/// checked on the very file that is opened, so that nothing can be exchanged in between:
///
/// - It is a regular file without a name, on the mount where the kernel makes memfds (as one of our
///   own shows), called `memfd->link`, and can have seals. (Where the link is no
///   memfd's: on a tmpfs among the process's own mounts.)
/// - To punch it: it is not sealed against writing; the process is one of the bits of this program;
///   the file belongs to one of its four user ids; and it runs a .NET runtime (runtime.h), unless
///   the file is vouched for. The process is the same one from the first look to the last.
///
/// A process that maps a copy of the runtime's library, or calls a thread as the runtime does,
/// cannot be told from one that runs it. It can then only have a memfd of its own punched.
///
/// The caller closes the descriptor. -ESRCH and -ESTALE as wx_memfd_stat(); -EPERM with `refusal`
/// (may be NULL) where it is refused, without where the kernel refuses. `pid` may be the number of
/// a thread.
int wx_memfd_open(const WxMemfd *memfd, pid_t pid, int flags, WxRefusal *refusal);

/// Whether wx_memfd_open(O_RDWR) would refuse the file, without opening it so. `maps` was read from
/// the process before. Returns 0 with `refusal`, or a negative errno as wx_memfd_open().
int wx_memfd_judge(const WxMemfd *memfd, pid_t pid, const WxMaps *maps, WxRefusal *refusal);

/// Whether the descriptor `number` of `pid` is this very file: 1 or 0, or a negative errno.
int wx_memfd_is_behind(const WxMemfd *memfd, pid_t pid, long number);

void wx_memfds_free(WxMemfds *memfds);

#endif
