/**
   @file process_status.h
   What /proc says about one process besides its mappings.

   In all of measure/, a pid of 0 is the calling process, and -ESRCH says that the process is not
   there (any more): ended, a zombie, or its number used by another one.
*/
#ifndef WX_MEASURE_PROCESS_STATUS_H
#define WX_MEASURE_PROCESS_STATUS_H

#include "measure/maps.h"
#include "os/text.h"
#include "stats/figure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// Room for the path of a file below /proc/PID.
enum { WX_PROCESS_PATH_SIZE = 96 };

/// From /proc/PID/status. What a kernel or a process (a kernel thread) does not say is unknown.
/// RSS counts a page once for each view of it, so a doubly mapped page counts twice, and a page
/// that nobody maps not at all.
typedef struct {
  WxFigure rss_bytes;
  WxFigure rss_peak_bytes;
  WxFigure rss_anon_bytes;
  WxFigure rss_file_bytes;
  WxFigure rss_shmem_bytes;
  WxFigure swap_bytes;
  WxFigure page_tables_bytes;
  WxFigure threads;
  WxFigure parent;
  WxFigure user; ///< The real user id.
} WxProcessStatus;

/// Who a process runs as: its real, effective, saved and file-system user.
enum { WX_PROCESS_USERS = 4 };
typedef struct {
  pid_t process; ///< Its number; another than was asked for where that is one of its threads.
  uint32_t ids[WX_PROCESS_USERS];
} WxProcessUsers;

/// From /proc/PID/smaps_rollup (Linux 4.14; the parts 5.9). A page mapped n times counts 1/n in
/// each view, so a doubly mapped page of one process counts once.
typedef struct {
  WxFigure pss_bytes;
  WxFigure pss_anon_bytes;
  WxFigure pss_file_bytes;
  WxFigure pss_shmem_bytes;
} WxProcessPss;

/// Mappings by what may be done with them, and their bytes of address space.
typedef struct {
  size_t count; ///< All of them, without [vsyscall], which max_map_count does not count either.
  size_t executable; ///< Executable, not writable.
  size_t writable;   ///< Writable, not executable.
  size_t both;       ///< Writable and executable at the same time.
  size_t read_only;
  size_t none; ///< Address space that is only reserved.
  uint64_t bytes;
} WxMappingCounts;

/// What tells that a process mapped or unmapped memory, without a list of its mappings: whoever
/// maps more or less has another size, and whoever maps as much as it unmapped faults when it first
/// uses the new part. Between two equal marks it may still have changed protections, moved mappings
/// (mremap), or unmapped and mapped the same number of bytes without using a page of them yet.
typedef struct {
  uint64_t vm_bytes; ///< Size of its address space.
  uint64_t faults;   ///< Page faults since it started, of all its threads.
} WxProcessMark;

/// Whether a process still is what it was: the same process, with the address space it had. One
/// that is being killed loses its mappings first and its descriptors later; between the two all
/// that a file holds looks as if nobody mapped it. One that runs another program (exec) has another
/// address space under the same number.
typedef struct {
  uint64_t started;  ///< Clock ticks after boot.
  uint64_t vm_bytes; ///< Size of its address space.
  uint64_t code;     ///< Where its program's code begins, and its stack: other ones after an exec.
  uint64_t stack;
} WxProcessLife;

/// Processes. Start with {0}, end with wx_processes_free().
typedef struct {
  pid_t *pids;
  size_t count;
  size_t capacity;
} WxProcesses;

/// Writes the path of `file` below /proc/PID into `path`.
void wx_process_path(char path[static WX_PROCESS_PATH_SIZE], pid_t pid, const char *file);

/// `error` as the functions of this folder return it: -ENOENT, which /proc says of a process that
/// has gone, becomes -ESRCH; all others stay.
int wx_process_error(int error);

/// Reads /proc/PID/status; all unknown where it fails. `text` is a buffer for use again. Anybody
/// may read it.
int wx_process_status(WxProcessStatus *status, pid_t pid, WxText *text);

/// Reads who a process runs as, as this process's user namespace shows it. `pid` may be the number
/// of a thread.
int wx_process_users(WxProcessUsers *users, pid_t pid, WxText *text);

/// Reads /proc/PID/smaps_rollup; all unknown where the kernel has none. -EACCES where the caller
/// could not trace the process.
int wx_process_pss(WxProcessPss *pss, pid_t pid, WxText *text);

/// Counts the mappings whose path is exactly `path` (NULL: all mappings).
WxMappingCounts wx_process_count_mappings(const WxMaps *maps, const char *path);

/// The time at which the process started, in clock ticks after boot: with its pid it names one
/// process. -ESRCH also for a zombie.
int wx_process_start_time(pid_t pid, uint64_t *ticks, WxText *text);

/// Reads the mark of a process. -ESRCH also for a zombie.
int wx_process_mark(WxProcessMark *mark, pid_t pid, WxText *text);

bool wx_process_mark_equal(const WxProcessMark *a, const WxProcessMark *b);

/// Reads the life of a process. -ESRCH where the process is not there, is a zombie or has no
/// address space: one that is ending, or a kernel thread.
int wx_process_life(WxProcessLife *life, pid_t pid, WxText *text);

/// Whether it is the same program of the same process; its size may be another.
bool wx_process_life_equal(const WxProcessLife *a, const WxProcessLife *b);

/// The whole number that a small file holds, behind the first `key` in it ("": at its start).
/// Unknown where there is none, or the file cannot be read.
WxFigure wx_process_number(const char *path, const char *key, WxText *text);

/// The parent of a process, which may be a zombie; 0 where it has none here.
int wx_process_parent(pid_t pid, pid_t *parent, WxText *text);

/// Puts every process into `found`.
int wx_process_all(WxProcesses *found);

/// Appends a process. -ENOMEM with the list as it was.
int wx_processes_add(WxProcesses *processes, pid_t pid);

/// Whether `pid` is in the list.
bool wx_processes_contain(const WxProcesses *processes, pid_t pid);

void wx_processes_free(WxProcesses *processes);

/* A process and its descendants
 * -------------------------------------------------------------------------------------------------
 */

/// Puts `root` and its descendants into `found`, ancestors first. A process whose parent has ended
/// descends from whoever adopted it, so it may have left the family. While others come and go the
/// list may lack one: who must know reads it twice. -ESRCH where `root` is gone.
int wx_process_descendants(WxProcesses *found, pid_t root, WxText *text);

/// The same from the parents of all processes, for kernels that do not list children
/// (CONFIG_PROC_CHILDREN); wx_process_descendants() turns to it by itself.
int wx_process_descendants_by_parents(WxProcesses *found, pid_t root, WxText *text);

#endif
