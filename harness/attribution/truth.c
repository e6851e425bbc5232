#include "attribution/truth.h"

#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

enum { BLOCK = 512 };
// Below that a process has hardly any code, and being fully allocated says nothing.
#define DUMPED_MIN ((WxFigure)1 << 20)

WxTruth wx_truth_unknown(void) {
  return (WxTruth){
      .inodes = WX_UNKNOWN,
      .allocated_bytes = WX_UNKNOWN,
      .mapped_bytes = WX_UNKNOWN,
      .orphaned_bytes = WX_UNKNOWN,
      .mapped_file_bytes = WX_UNKNOWN,
      .mappers_checked = WX_UNKNOWN,
      .mappers_unreadable = WX_UNKNOWN,
  };
}

// What the open file holds, given what is mapped of it.
static int read_held(WxOrphans *file, int fd, bool extents) {
  struct stat status;
  int result = extents ? wx_extents_read(&file->allocated, fd)
                       : wx_extents_read_outside(&file->orphaned, fd, &file->mapped);
  if (!result && extents)
    result = wx_extents_subtract(&file->orphaned, &file->allocated, &file->mapped);
  if (!result)
    result = wx_os_fstat(fd, &status);
  if (result)
    return result;
  const WxFigure orphaned = (WxFigure)wx_extents_bytes(&file->orphaned);
  file->allocated_bytes = (WxFigure)status.st_blocks * BLOCK;
  file->orphaned_bytes = orphaned < file->allocated_bytes ? orphaned : file->allocated_bytes;
  file->mapped_bytes = file->allocated_bytes - file->orphaned_bytes;
  return 0;
}

// One that may not be opened leaves its figures unknown.
static int weigh(WxOrphans *file, const WxMemfd *memfd, pid_t pid, bool extents) {
  file->allocated_bytes = memfd->allocated_bytes;
  file->mapped_bytes = file->orphaned_bytes = WX_UNKNOWN;
  const int fd = wx_memfd_open(memfd, pid, O_RDONLY, NULL);
  if (fd == -EACCES || fd == -EPERM)
    return 0;
  if (fd < 0)
    return fd;
  const int result = read_held(file, fd, extents);
  wx_os_close_reader(fd);
  return result;
}

// One look, at the one process or with what is known of all.
static int read_once(WxTruth *truth, pid_t pid, const WxMaps *maps, const WxTruthOptions *options) {
  const WxMappers *known = options->known;
  for (size_t i = 0; i < truth->memfds.count; ++i) {
    WxOrphans *file = &truth->files[i];
    file->file = truth->memfds.items[i].id;
    int result = known ? wx_mappers_ranges(known, file->file, &file->mapped)
                       : wx_maps_add_ranges(maps, file->file, &file->mapped);
    if (!result)
      result = weigh(file, &truth->memfds.items[i], pid, truth->extents_known);
    if (result)
      return result;
  }
  truth->mappers_checked = known ? (WxFigure)known->checked : 1;
  truth->mappers_unreadable = known ? (WxFigure)known->unreadable : WX_UNKNOWN;
  truth->estimate = true;
  return 0;
}

static int read_steady(WxTruth *truth, pid_t pid, const WxMaps *maps, const WxProcessMark *mark) {
  WxOrphanFinder *finder = &truth->finder;
  const WxMemfds *memfds = &truth->memfds;
  const int result =
      truth->begun ? wx_orphans_end(finder, truth->files, memfds, pid, WX_MAPPERS_ALL, maps, mark)
                   : wx_orphans_read(finder, truth->files, memfds, pid, WX_MAPPERS_ALL, maps);
  truth->mappers_checked = (WxFigure)finder->after.checked;
  truth->mappers_unreadable = (WxFigure)finder->after.unreadable;
  wx_orphan_finder_free(finder);
  return result;
}

static void add_histogram(WxHistogram *sum, const WxHistogram *part) {
  for (size_t i = 0; i < WX_SIZE_CLASSES; ++i) {
    sum->count[i] += part->count[i];
    sum->bytes[i] += part->bytes[i];
  }
}

static void sum_up(WxTruth *truth) {
  truth->allocated_bytes = truth->mapped_bytes = truth->orphaned_bytes = 0;
  truth->mapped_file_bytes = 0;
  for (size_t i = 0; i < truth->memfds.count; ++i) {
    const WxOrphans *file = &truth->files[i];
    truth->allocated_bytes = wx_figure_plus(truth->allocated_bytes, file->allocated_bytes);
    truth->mapped_bytes = wx_figure_plus(truth->mapped_bytes, file->mapped_bytes);
    truth->orphaned_bytes = wx_figure_plus(truth->orphaned_bytes, file->orphaned_bytes);
    const WxFigure inside = (WxFigure)wx_extents_bytes(&file->mapped);
    truth->mapped_file_bytes = wx_known(file->orphaned_bytes)
                                   ? wx_figure_plus(truth->mapped_file_bytes, inside)
                                   : WX_UNKNOWN;
    truth->estimate |= file->estimate;
    const WxHistogram allocated = wx_extents_histogram(&file->allocated);
    const WxHistogram orphaned = wx_extents_histogram(&file->orphaned);
    add_histogram(&truth->allocated, &allocated);
    add_histogram(&truth->orphaned, &orphaned);
  }
}

static void free_files(WxTruth *truth) {
  for (size_t i = 0; truth->files && i < truth->memfds.count; ++i)
    wx_orphans_free(&truth->files[i]);
  free(truth->files);
  truth->files = NULL;
}

static int make_files(WxTruth *truth) {
  truth->files = calloc(truth->memfds.count + 1, sizeof *truth->files);
  return truth->files ? 0 : -ENOMEM;
}

static void leave_out(WxTruth *truth, const WxProcesses *left_out) {
  truth->finder.before.left_out = truth->finder.after.left_out = left_out;
}

void wx_truth_begin(WxTruth *truth, pid_t pid, const char *link, const WxProcesses *left_out) {
  const WxMaps none = {0};
  WxMemfds *memfds = &truth->memfds;
  leave_out(truth, left_out);
  truth->begun = !wx_memfd_find(memfds, pid, &none, link) && memfds->count && !make_files(truth) &&
                 !wx_orphans_begin(&truth->finder, truth->files, memfds, pid, WX_MAPPERS_ALL);
}

static bool same_files(const WxMemfds *a, const WxMemfds *b) {
  bool same = a->count == b->count;
  for (size_t i = 0; same && i < a->count; ++i)
    same = wx_file_id_equal(a->items[i].id, b->items[i].id);
  return same;
}

// Finds the files by mappings too. Where there are others than before, nothing was begun.
static int find_files(WxTruth *truth, pid_t pid, const WxMaps *maps,
                      const WxTruthOptions *options) {
  WxMemfds found = {0};
  int result = wx_memfd_find(&found, pid, maps, options->link);
  truth->double_mapper = found.count > 0;
  if (!result && !found.count && options->any_memfd)
    result = wx_memfd_find(&found, pid, maps, NULL);
  truth->begun = truth->begun && same_files(&truth->memfds, &found);
  if (!truth->begun)
    free_files(truth);
  wx_memfds_free(&truth->memfds);
  truth->memfds = found;
  return result || truth->begun ? result : make_files(truth);
}

int wx_truth_read(WxTruth *truth, pid_t pid, const WxMaps *maps, const WxProcessMark *mark,
                  const WxTruthOptions *options) {
  leave_out(truth, options->left_out);
  int result = find_files(truth, pid, maps, options);
  if (result)
    return result;
  truth->inodes = (WxFigure)truth->memfds.count;
  truth->extents_known =
      !options->fast || options->extents || options->known || !truth->memfds.count;
  if (truth->memfds.count)
    result = options->fast || options->known ? read_once(truth, pid, maps, options)
                                             : read_steady(truth, pid, maps, mark);
  if (!result)
    sum_up(truth);
  return result;
}

bool wx_truth_looks_dumped(const WxTruth *truth) {
  return wx_known(truth->mapped_file_bytes) && truth->mapped_file_bytes >= DUMPED_MIN &&
         truth->mapped_bytes == truth->mapped_file_bytes;
}

void wx_truth_free(WxTruth *truth) {
  free_files(truth);
  wx_memfds_free(&truth->memfds);
  wx_orphan_finder_free(&truth->finder);
  *truth = wx_truth_unknown();
}
