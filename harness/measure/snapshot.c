#include "measure/snapshot.h"

#include "measure/cgroup.h"
#include "measure/maps.h"
#include "measure/memfd.h"
#include "measure/orphans.h"
#include "measure/process_status.h"
#include "os/grow.h"
#include "os/os.h"
#include "os/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

typedef struct {
  WxFileId id;
  int fd;
} KeptFile;
/// Start with {0}, end with free_kept().
typedef struct {
  KeptFile *items;
  size_t count;
  size_t capacity;
} Kept;

/* Files that the process closed and still maps
 * -------------------------------------------------------------------------------------------------
 * A process may close a file and go on mapping it. Then only /proc/PID/map_files leads there, which
 * an ordinary user may not follow; a descriptor of our own does, taken when the process itself had
 * one. While it is kept the file's memory is kept too, even if the process gives it up: so this is
 * for programs that are known to close their files, and ends with each sample for those that are
 * gone.
 */

static WxMemfd *find_file(const WxMemfds *memfds, WxFileId id) {
  for (size_t i = 0; i < memfds->count; ++i)
    if (wx_file_id_equal(memfds->items[i].id, id))
      return &memfds->items[i];
  return NULL;
}

static bool is_kept(const Kept *kept, WxFileId id) {
  for (size_t i = 0; i < kept->count; ++i)
    if (wx_file_id_equal(kept->items[i].id, id))
      return true;
  return false;
}

// Lets go of what the process does not hold any more, and lends the rest.
static void lend(Kept *kept, const WxMemfds *memfds, pid_t pid) {
  size_t left = 0;
  for (size_t i = 0; i < kept->count; ++i) {
    const KeptFile file = kept->items[i];
    WxMemfd *memfd = find_file(memfds, file.id);
    if (!memfd) {
      wx_os_close_reader(file.fd);
      continue;
    }
    kept->items[left++] = file;
    if (memfd->number < 0) {
      memfd->kept = file.fd;
      (void)wx_memfd_stat(memfd, pid); // Where it fails, the figure is unknown.
    }
  }
  kept->count = left;
}

static int keep(Kept *kept, const WxMemfd *memfd, pid_t pid) {
  KeptFile *items = wx_grown(kept->items, &kept->capacity, kept->count, sizeof *items);
  if (!items)
    return -ENOMEM;
  kept->items = items;
  const int fd = wx_memfd_open(memfd, pid, O_RDONLY, NULL);
  if (fd >= 0)
    items[kept->count++] = (KeptFile){memfd->id, fd};
  return 0;
}

// Follows what `memfds` says of the files of `pid`: those that are gone are let go, those that
// have a descriptor are kept, and those that have none any more get their figures from the one
// kept, also in wx_memfd_stat() and wx_memfd_open() until the next call. At most half of the
// descriptors that this process may have are kept; a file beyond them, or one that cannot be
// opened, is as without this. -ENOMEM.
static int update_kept(Kept *kept, WxMemfds *memfds, pid_t pid) {
  lend(kept, memfds, pid);
  const long most = sysconf(_SC_OPEN_MAX) / 2;
  int result = 0;
  for (size_t i = 0; i < memfds->count && result == 0; ++i) {
    const WxMemfd *memfd = &memfds->items[i];
    if (memfd->number >= 0 && !is_kept(kept, memfd->id) && (long)kept->count < most)
      result = keep(kept, memfd, pid);
  }
  return result;
}

static void free_kept(Kept *kept) {
  for (size_t i = 0; i < kept->count; ++i)
    wx_os_close_reader(kept->items[i].fd);
  free(kept->items);
  *kept = (Kept){0};
}

/// How often a process that closes a file, or changes its mappings, just then is looked at again.
enum { TRIES = 3 };

struct WxObserver {
  WxObserverOptions options;
  char *name;
  pid_t pid;
  int pidfd;        ///< Says exactly whether the process has ended; -1 before Linux 5.3.
  uint64_t started; ///< Its start time, which tells it from a later one of that pid.
  WxMaps maps;
  WxMemfds memfds;
  Kept kept;
  WxOrphans *orphans;
  size_t orphans_capacity;
  WxOrphanFinder finder;
  WxText text;
  WxCgroup group;
};

WxSnapshot wx_snapshot_unknown(void) {
  return (WxSnapshot){
      .allocated_bytes = WX_UNKNOWN,
      .mapped_bytes = WX_UNKNOWN,
      .orphaned_bytes = WX_UNKNOWN,
      .rss_bytes = WX_UNKNOWN,
      .rss_anon_bytes = WX_UNKNOWN,
      .rss_shmem_bytes = WX_UNKNOWN,
      .pss_bytes = WX_UNKNOWN,
      .pss_shmem_bytes = WX_UNKNOWN,
      .cgroup_shmem_bytes = WX_UNKNOWN,
      .cgroup_file_mapped_bytes = WX_UNKNOWN,
      .cgroup_usage_bytes = WX_UNKNOWN,
      .threads = WX_UNKNOWN,
      .mappings = WX_UNKNOWN,
      .doublemapper_mappings = WX_UNKNOWN,
      .inodes = WX_UNKNOWN,
      .mappers_checked = WX_UNKNOWN,
      .mappers_unreadable = WX_UNKNOWN,
  };
}

static int open_pidfd(WxObserver *observer) {
  const int fd = wx_os_pidfd_open(observer->pid);
  if (fd < 0)
    return fd == -ENOSYS ? 0 : fd;
  observer->pidfd = fd;
  return 0;
}

int wx_observer_open(WxObserver **opened, const WxObserverOptions *options) {
  WxObserver *observer = calloc(1, sizeof *observer);
  if (!observer)
    return -ENOMEM;
  observer->options = *options;
  observer->pid = options->pid ? options->pid : getpid();
  observer->pidfd = -1;
  int result = 0;
  if (options->name && !(observer->name = strdup(options->name)))
    result = -ENOMEM;
  if (!result)
    result = open_pidfd(observer);
  if (!result)
    result = wx_process_start_time(observer->pid, &observer->started, &observer->text);
  if (!result)
    result = wx_cgroup_find(&observer->group, observer->pid, "", &observer->text);
  if (result)
    wx_observer_close(observer);
  else
    *opened = observer;
  return result;
}

static int make_room(WxObserver *observer) {
  const size_t old = observer->orphans_capacity;
  while (observer->orphans_capacity < observer->memfds.count) {
    WxOrphans *orphans = wx_grown(observer->orphans, &observer->orphans_capacity,
                                  observer->orphans_capacity, sizeof *orphans);
    if (!orphans)
      return -ENOMEM;
    observer->orphans = orphans;
  }
  for (size_t i = old; i < observer->orphans_capacity; ++i)
    observer->orphans[i] = (WxOrphans){0};
  return 0;
}

// `sum` += `part`; unknown once a part is.
static void add(WxFigure *sum, WxFigure part) {
  *sum = wx_known(*sum) && wx_known(part) ? *sum + part : WX_UNKNOWN;
}

static bool is_of_any(const WxMapping *mapping, const WxMemfds *memfds) {
  for (size_t i = 0; mapping->inode && i < memfds->count; ++i)
    if (wx_mapping_is_of(mapping, memfds->items[i].id))
      return true;
  return false;
}

static void take_mappings(const WxObserver *observer, WxSnapshot *snapshot) {
  snapshot->mappings = (WxFigure)wx_process_count_mappings(&observer->maps, NULL).count;
  snapshot->doublemapper_mappings = 0;
  for (size_t i = 0; i < observer->maps.count; ++i)
    snapshot->doublemapper_mappings += is_of_any(&observer->maps.items[i], &observer->memfds);
  snapshot->inodes = (WxFigure)observer->memfds.count;
}

// Why the figures of a file are unknown; NULL where they are known.
static const char *why_unknown(const WxMemfd *memfd, const WxOrphans *orphans) {
  if (wx_known(orphans->allocated_bytes) && wx_known(orphans->orphaned_bytes))
    return NULL;
  return memfd->number < 0 ? "the process has closed the file and only maps it; to look at it "
                             "takes CAP_CHECKPOINT_RESTORE"
                           : "the file may not be opened";
}

static int take_orphans(WxObserver *observer, WxSnapshot *snapshot) {
  snapshot->allocated_bytes = snapshot->mapped_bytes = snapshot->orphaned_bytes = 0;
  snapshot->mappers_checked = 1;
  snapshot->mappers_unreadable = 0;
  snapshot->estimate = false;
  snapshot->unknown = NULL;
  if (!observer->memfds.count)
    return 0;
  int result = make_room(observer);
  if (!result)
    result = wx_orphans_read(&observer->finder, observer->orphans, &observer->memfds, observer->pid,
                             observer->options.scope, &observer->maps);
  for (size_t i = 0; !result && i < observer->memfds.count; ++i) {
    add(&snapshot->allocated_bytes, observer->orphans[i].allocated_bytes);
    add(&snapshot->mapped_bytes, observer->orphans[i].mapped_bytes);
    add(&snapshot->orphaned_bytes, observer->orphans[i].orphaned_bytes);
    snapshot->estimate |= observer->orphans[i].estimate;
    if (!snapshot->unknown)
      snapshot->unknown = why_unknown(&observer->memfds.items[i], &observer->orphans[i]);
  }
  snapshot->mappers_checked = (WxFigure)observer->finder.after.checked;
  snapshot->mappers_unreadable = (WxFigure)observer->finder.after.unreadable;
  return result;
}

static int take_files(WxObserver *observer, WxSnapshot *snapshot) {
  int result = -ESTALE;
  for (int i = 0; i < TRIES && (result == -ESTALE || result == -EBUSY); ++i) {
    result = wx_process_error(wx_maps_read(&observer->maps, observer->pid));
    if (!result)
      result = wx_memfd_find(&observer->memfds, observer->pid, &observer->maps, observer->name);
    if (!result && observer->options.keeps)
      result = update_kept(&observer->kept, &observer->memfds, observer->pid);
    if (!result)
      take_mappings(observer, snapshot);
    if (!result)
      result = take_orphans(observer, snapshot);
  }
  return result;
}

static int take_process(WxObserver *observer, WxSnapshot *snapshot) {
  WxProcessStatus status;
  int result = wx_process_status(&status, observer->pid, &observer->text);
  if (result)
    return result;
  snapshot->rss_bytes = status.rss_bytes;
  snapshot->rss_anon_bytes = status.rss_anon_bytes;
  snapshot->rss_shmem_bytes = status.rss_shmem_bytes;
  snapshot->threads = status.threads;
  if (observer->options.fast)
    return 0;
  WxProcessPss pss;
  result = wx_process_pss(&pss, observer->pid, &observer->text);
  snapshot->pss_bytes = pss.pss_bytes;
  snapshot->pss_shmem_bytes = pss.pss_shmem_bytes;
  return result;
}

static int take_group(WxObserver *observer, WxSnapshot *snapshot) {
  WxCgroupFigures figures;
  const int result = wx_cgroup_read(&figures, &observer->group, &observer->text);
  snapshot->cgroup_shmem_bytes = figures.shmem_bytes;
  snapshot->cgroup_file_mapped_bytes = figures.file_mapped_bytes;
  snapshot->cgroup_usage_bytes = figures.usage_bytes;
  return result;
}

// Whether all that was read belongs to the process that was meant: a pid cannot name another one
// before its process has ended and was reaped.
static int check_identity(WxObserver *observer) {
  struct pollfd entry = {.fd = observer->pidfd, .events = POLLIN};
  const int ended = observer->pidfd < 0 ? 0 : wx_os_poll(&entry, 1, 0);
  if (ended)
    return ended < 0 ? ended : -ESRCH;
  uint64_t started;
  const int result = wx_process_start_time(observer->pid, &started, &observer->text);
  if (result)
    return result;
  return started == observer->started ? 0 : -ESRCH;
}

int wx_observer_take(WxObserver *observer, WxSnapshot *snapshot) {
  *snapshot = wx_snapshot_unknown();
  const uint64_t begun = wx_os_now_ns();
  int result = take_files(observer, snapshot);
  if (!result)
    result = take_process(observer, snapshot);
  if (!result)
    result = take_group(observer, snapshot);
  if (!result || result == -EACCES) { // A process that ends is refused before it is gone.
    const int identity = check_identity(observer);
    result = identity ? identity : result;
  }
  if (result)
    *snapshot = wx_snapshot_unknown();
  snapshot->t_ns = begun;
  return result;
}

void wx_observer_close(WxObserver *observer) {
  if (!observer)
    return;
  for (size_t i = 0; i < observer->orphans_capacity; ++i)
    wx_orphans_free(&observer->orphans[i]);
  free(observer->orphans);
  wx_orphan_finder_free(&observer->finder);
  wx_memfds_free(&observer->memfds);
  free_kept(&observer->kept);
  wx_maps_free(&observer->maps);
  wx_text_free(&observer->text);
  free(observer->name);
  if (observer->pidfd >= 0)
    wx_os_close_reader(observer->pidfd);
  free(observer);
}
