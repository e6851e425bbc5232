#include "measure/orphans.h"

#include "os/grow.h"
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

enum { BLOCK = 512 };

static bool is_refusal(int error) {
  return error == -EACCES || error == -EPERM;
}

// Reads what an open file holds. It is steady where nothing came or went during the walk and all
// that is allocated was seen.
static int read_extents(WxOrphans *orphans, int fd) {
  struct stat before;
  struct stat after;
  int result = wx_os_fstat(fd, &before);
  if (!result)
    result = wx_extents_read(&orphans->allocated, fd);
  if (!result)
    result = wx_os_fstat(fd, &after);
  if (result)
    return result;
  orphans->allocated_bytes = (WxFigure)after.st_blocks * BLOCK;
  orphans->estimate = before.st_blocks != after.st_blocks ||
                      (uint64_t)orphans->allocated_bytes != wx_extents_bytes(&orphans->allocated);
  return 0;
}

// A file that may be looked at (stat) but not opened leaves its figures unknown.
static int read_file(WxOrphans *orphans, const WxMemfd *memfd, pid_t pid) {
  orphans->file = memfd->id;
  orphans->allocated_bytes = memfd->allocated_bytes;
  orphans->mapped_bytes = orphans->orphaned_bytes = WX_UNKNOWN;
  orphans->estimate = false;
  orphans->allocated.count = orphans->mapped.count = orphans->orphaned.count = 0;
  const int fd = wx_memfd_open(memfd, pid, O_RDONLY, NULL);
  if (is_refusal(fd))
    return 0;
  if (fd < 0)
    return fd;
  const int result = read_extents(orphans, fd);
  if (!result)
    orphans->orphaned_bytes = 0; // Known from here on; computed when the mappings are.
  wx_os_close_reader(fd);
  return result;
}

// Mapped is what the mappers map, and `own` where it is not among them.
static int compute(WxOrphans *orphans, const WxMappers *mappers, const WxMaps *own) {
  if (!wx_known(orphans->orphaned_bytes))
    return 0;
  int result = wx_mappers_ranges(mappers, orphans->file, &orphans->mapped);
  if (!result && own)
    result = wx_maps_add_ranges(own, orphans->file, &orphans->mapped);
  if (!result)
    result = wx_extents_subtract(&orphans->orphaned, &orphans->allocated, &orphans->mapped);
  if (result)
    return result;
  const WxFigure orphaned = (WxFigure)wx_extents_bytes(&orphans->orphaned);
  const WxFigure allocated = orphans->allocated_bytes; // Less than was seen, if much was punched.
  orphans->orphaned_bytes = orphaned < allocated ? orphaned : allocated;
  orphans->mapped_bytes = allocated - orphans->orphaned_bytes;
  return 0;
}

static int collect_ids(WxOrphanFinder *finder, const WxMemfds *memfds) {
  for (size_t i = 0; i < memfds->count; ++i) {
    WxFileId *ids = wx_grown(finder->ids, &finder->ids_capacity, i, sizeof *ids);
    if (!ids)
      return -ENOMEM;
    finder->ids = ids;
    ids[i] = memfds->items[i].id;
  }
  return 0;
}

static void exchange(WxMappers *a, WxMappers *b) {
  const WxMappers kept = *a;
  *a = *b;
  *b = kept;
}

// Reads what all files hold, and whether nothing came or went meanwhile.
static int read_files(WxOrphans *orphans, const WxMemfds *memfds, pid_t pid, bool *steady) {
  *steady = true;
  for (size_t i = 0; i < memfds->count; ++i) {
    const int result = read_file(&orphans[i], &memfds->items[i], pid);
    if (result)
      return result;
    *steady = *steady && !orphans[i].estimate;
  }
  return 0;
}

static int compute_all(const WxOrphanFinder *finder, WxOrphans *orphans, size_t count,
                       const WxMaps *own, bool steady) {
  int result = 0;
  for (size_t i = 0; !result && i < count; ++i) {
    orphans[i].estimate = !steady;
    result = compute(&orphans[i], &finder->after, own);
  }
  return result;
}

// Extents between two readings of the mappings, of which the first is there already.
static int attempt(WxOrphanFinder *finder, WxOrphans *orphans, const WxMemfds *memfds, pid_t pid,
                   WxMapperScope scope, bool *steady) {
  int result = read_files(orphans, memfds, pid, steady);
  if (!result)
    result = wx_mappers_read(&finder->after, scope, pid, NULL, finder->ids, memfds->count);
  *steady = *steady && !result && wx_mappers_equal(&finder->before, &finder->after);
  return result;
}

int wx_orphans_read(WxOrphanFinder *finder, WxOrphans *orphans, const WxMemfds *memfds, pid_t pid,
                    WxMapperScope scope, const WxMaps *own) {
  bool steady = false;
  int result = collect_ids(finder, memfds);
  if (!result)
    result = wx_mappers_read(&finder->before, scope, pid, own, finder->ids, memfds->count);
  for (int i = 0; !result && !steady && i < WX_ORPHANS_TRIES; ++i) {
    if (i > 0)
      exchange(&finder->before, &finder->after);
    result = attempt(finder, orphans, memfds, pid, scope, &steady);
  }
  return result ? result : compute_all(finder, orphans, memfds->count, NULL, steady);
}

// Who but the process itself maps the files.
static int read_others(WxMappers *mappers, WxMapperScope scope, pid_t pid, const WxFileId *ids,
                       size_t count) {
  const WxMaps none = {0};
  return wx_mappers_read(mappers, scope, pid, &none, ids, count);
}

int wx_orphans_begin(WxOrphanFinder *finder, WxOrphans *orphans, const WxMemfds *memfds, pid_t pid,
                     WxMapperScope scope) {
  int result = collect_ids(finder, memfds);
  if (!result)
    result = read_others(&finder->before, scope, pid, finder->ids, memfds->count);
  return result ? result : read_files(orphans, memfds, pid, &finder->steady);
}

static bool is_as_marked(pid_t pid, const WxProcessMark *mark, WxText *text) {
  WxProcessMark now;
  return !wx_process_mark(&now, pid, text) && wx_process_mark_equal(&now, mark);
}

// Whether nothing changed since the caller took the mark. The process is asked first, and again
// last.
static int check_steady(WxOrphanFinder *finder, size_t count, pid_t pid, WxMapperScope scope,
                        const WxProcessMark *mark, bool *steady) {
  *steady = finder->steady && is_as_marked(pid, mark, &finder->after.text);
  if (!*steady)
    return 0;
  const int result = read_others(&finder->after, scope, pid, finder->ids, count);
  *steady = !result && wx_mappers_equal(&finder->before, &finder->after) &&
            is_as_marked(pid, mark, &finder->after.text);
  return result;
}

int wx_orphans_end(WxOrphanFinder *finder, WxOrphans *orphans, const WxMemfds *memfds, pid_t pid,
                   WxMapperScope scope, const WxMaps *own, const WxProcessMark *mark) {
  bool steady;
  const int result = check_steady(finder, memfds->count, pid, scope, mark, &steady);
  if (result)
    return result;
  return steady ? compute_all(finder, orphans, memfds->count, own, true)
                : wx_orphans_read(finder, orphans, memfds, pid, scope, own);
}

void wx_orphans_free(WxOrphans *orphans) {
  wx_extents_free(&orphans->allocated);
  wx_extents_free(&orphans->mapped);
  wx_extents_free(&orphans->orphaned);
}

void wx_orphan_finder_free(WxOrphanFinder *finder) {
  wx_mappers_free(&finder->before);
  wx_mappers_free(&finder->after);
  free(finder->ids);
  *finder = (WxOrphanFinder){0};
}
