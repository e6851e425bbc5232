#include "measure/memfd.h"

#include "measure/memfd_proof.h"
#include "measure/process_status.h"
#include "os/grow.h"
#include "os/os.h"
#include "os/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  CLOSED = -1,
  BLOCK = 512,
  FULL = 1,
  ASKED_FOR_EACH = 64,
  MOST_OTHERS = 256,
  OTHERS_ASKED_FOR_EACH = 4
};

static const char memfd_prefix[] = "/memfd:";
static const char memfd_suffix[] = " (deleted)";

static bool is_memfd(const char *link) {
  return strncmp(link, memfd_prefix, sizeof memfd_prefix - 1) == 0;
}

// A file without a name any more, which may be one of a tmpfs.
static bool is_deleted(const char *link) {
  const size_t length = strlen(link), ending = sizeof memfd_suffix - 1;
  return *link == '/' && length > ending && !strcmp(link + length - ending, memfd_suffix);
}

const char *wx_memfd_kind(const char *name) {
  return *name == '/' ? "" : memfd_prefix + 1;
}

void wx_memfd_link(char link[static WX_MEMFD_LINK], const char *name) {
  const bool path = name && *name == '/';
  snprintf(link, WX_MEMFD_LINK, "%s%.*s%s", path ? "" : memfd_prefix, WX_MEMFD_NAME_MAX,
           name ? name : WX_DOUBLEMAPPER_NAME, memfd_suffix);
}

const char *wx_memfd_plain_name(const char *link, char name[static WX_MEMFD_LINK]) {
  static const char plain[] = "/ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+-";
  const bool memfd = is_memfd(link);
  const size_t prefix = memfd ? sizeof memfd_prefix - 1 : 0;
  const size_t around = prefix + sizeof memfd_suffix - 1, length = strlen(link);
  if (length <= around || length >= WX_MEMFD_LINK || !is_deleted(link))
    return NULL;
  memcpy(name, link + prefix, length - around);
  name[length - around] = '\0';
  return *name != '-' && strspn(name, plain + memfd) == length - around ? name : NULL;
}

bool wx_file_id_equal(WxFileId a, WxFileId b) {
  return a.inode == b.inode && a.major == b.major && a.minor == b.minor;
}

bool wx_mapping_is_of(const WxMapping *mapping, WxFileId id) {
  return mapping->inode == id.inode && mapping->major == id.major && mapping->minor == id.minor;
}

const WxMemfd *wx_memfds_largest(const WxMemfds *memfds) {
  const WxMemfd *best = memfds->count ? memfds->items : NULL;
  for (size_t i = 1; i < memfds->count; ++i)
    if (wx_figure_max(best->allocated_bytes, memfds->items[i].allocated_bytes) !=
        best->allocated_bytes)
      best = &memfds->items[i];
  return best;
}

static void take_status(WxMemfd *memfd, const struct statx *status) {
  memfd->id = wx_memfd_id(status);
  memfd->allocated_bytes = (WxFigure)status->stx_blocks * BLOCK;
  memfd->block_bytes = status->stx_blksize;
}

static int stat_file(const WxMemfd *memfd, pid_t pid, const WxMemfdPlace *place,
                     struct statx *status, WxRefusal *refusal) {
  const int handle = wx_memfd_reach(memfd, pid, place, status, refusal);
  if (handle < 0)
    return handle;
  wx_os_close_reader(handle);
  return 0;
}

int wx_memfd_stat(WxMemfd *memfd, pid_t pid) {
  WxMemfdPlace place;
  struct statx status;
  WxRefusal refusal = WX_REFUSED_NOT;
  int result = wx_memfd_place(&place, pid, memfd->link);
  if (!result)
    result = stat_file(memfd, pid, &place, &status, &refusal);
  wx_memfd_place_free(&place);
  if (result)
    return result == -EPERM && refusal ? -ESTALE : result;
  if (!wx_file_id_equal(memfd->id, wx_memfd_id(&status)))
    return -ESTALE;
  take_status(memfd, &status);
  return 0;
}

static WxMemfd *with_id(const WxMemfds *memfds, WxFileId id) {
  for (size_t i = 0; i < memfds->count; ++i)
    if (wx_file_id_equal(memfds->items[i].id, id))
      return &memfds->items[i];
  return NULL;
}

// Returns FULL where there were enough already.
static int add(WxMemfds *memfds, const WxMemfd *memfd) {
  if (memfds->most && memfds->count == memfds->most)
    return FULL;
  WxMemfd *items = wx_grown(memfds->items, &memfds->capacity, memfds->count, sizeof *items);
  if (!items)
    return -ENOMEM;
  memfds->items = items;
  items[memfds->count++] = *memfd;
  return 0;
}

/// A look at one process.
typedef struct {
  WxMemfds *found;
  pid_t pid;
  const char *name;      ///< NULL: any.
  const WxMemfds *known; ///< Others than these, executable or not; or NULL.
  size_t asked;          ///< Descriptors of that name.
  struct {
    bool known;
    WxMemfdPlace place;
  } places[2]; ///< Where such files lie: memfds, and those of a tmpfs.
} Search;

// Asked for the first time when there is a candidate.
static int find_place(Search *search, const char *link, const WxMemfdPlace **place) {
  const size_t which = !wx_memfd_is_kernels(link);
  *place = &search->places[which].place;
  if (search->places[which].known)
    return 0;
  const int failed = wx_memfd_place(&search->places[which].place, search->pid, link);
  search->places[which].known = !failed;
  return failed;
}

// A library that was replaced is deleted and executable, too, but mapped privately.
static bool is_wanted_mapping(const Search *search, const WxMapping *mapping) {
  if (search->name)
    return !strcmp(mapping->path, search->name);
  return (search->known || mapping->protection & WX_EXECUTE) &&
         (is_memfd(mapping->path) || (mapping->shared && is_deleted(mapping->path)));
}

// Where any is wanted only one that is mapped executable is.
static bool is_wanted_link(const Search *search, const char *link) {
  if (search->name)
    return !strcmp(link, search->name);
  if (is_memfd(link) || (search->known && is_deleted(link)))
    return true;
  for (size_t i = 0; i < search->found->count; ++i)
    if (!strcmp(link, search->found->items[i].link))
      return true;
  return false;
}

static void set_link(WxMemfd *memfd, const char *link) {
  snprintf(memfd->link, sizeof memfd->link, "%s", link);
}

static void add_impostor(const Search *search, const WxMemfd *memfd, WxRefusal refusal) {
  WxMemfds *found = search->found;
  if (!search->name || found->impostors++)
    return;
  found->impostor = *memfd;
  found->impostor.impostor = true;
  found->refusal = refusal;
}

static int add_mapped(Search *search, const WxMapping *mapping) {
  WxMemfd memfd = {
      .id = {mapping->major, mapping->minor, mapping->inode},
      .number = CLOSED,
      .kept = CLOSED,
      .mapped_start = mapping->start,
      .mapped_end = mapping->end,
      .allocated_bytes = WX_UNKNOWN,
      .block_bytes = WX_UNKNOWN,
  };
  set_link(&memfd, mapping->path);
  if (with_id(search->found, memfd.id) || (search->known && with_id(search->known, memfd.id)))
    return 0;
  const WxMemfdPlace *place;
  const int failed = find_place(search, mapping->path, &place);
  if (failed)
    return failed;
  if (wx_memfd_place_has(place, mapping->major, mapping->minor))
    return add(search->found, &memfd);
  if (!search->found->impostors) // It has many mappings, perhaps.
    add_impostor(search, &memfd, WX_REFUSED_PLACE);
  return 0;
}

static int find_mapped(Search *search, const WxMaps *maps) {
  int result = 0;
  for (size_t i = 0; !result && i < maps->count; ++i) {
    const WxMapping *mapping = &maps->items[i];
    if (mapping->inode && is_wanted_mapping(search, mapping))
      result = add_mapped(search, mapping);
  }
  return result == FULL ? 0 : result;
}

static int look_at_candidate(Search *search, WxMemfd *memfd) {
  struct statx status;
  WxRefusal refusal = WX_REFUSED_NOT;
  const WxMemfdPlace *place;
  int result = find_place(search, memfd->link, &place);
  if (!result)
    result = stat_file(memfd, search->pid, place, &status, &refusal);
  if (result == -EPERM && refusal) {
    memfd->id = (WxFileId){UINT32_MAX, (uint32_t)status.stx_mnt_id, status.stx_ino};
    if (refusal != WX_REFUSED_NAME) // Else another file by now.
      add_impostor(search, memfd, refusal);
    return 0;
  }
  if (result)
    return result == -ESTALE ? 0 : result;
  take_status(memfd, &status);
  WxMemfd *known = with_id(search->found, memfd->id);
  if (search->known && with_id(search->known, memfd->id))
    return 0;
  if (!known) {
    result = search->name || search->known ? add(search->found, memfd) : 0;
    return result == FULL ? 0 : result; // One of those that were mapped may come.
  }
  if (known->number == CLOSED) {
    known->number = memfd->number;
    take_status(known, &status);
  }
  return 0;
}

static int visit_descriptor(long number, void *context) {
  Search *search = context;
  char path[WX_PROCESS_PATH_SIZE], link[32], target[WX_MEMFD_LINK];
  snprintf(link, sizeof link, "fd/%ld", number);
  wx_process_path(path, search->pid, link);
  const int failed = wx_os_readlink(path, target, sizeof target);
  if (failed == -ENOENT || failed == -ENAMETOOLONG) // Closed meanwhile, or not one of ours.
    return 0;
  if (failed || !is_wanted_link(search, target))
    return failed;
  const size_t each = search->known ? OTHERS_ASKED_FOR_EACH : ASKED_FOR_EACH;
  if (search->found->most && search->asked++ == each * search->found->most)
    return FULL;
  WxMemfd memfd = {.number = (int)number, .kept = CLOSED};
  set_link(&memfd, target);
  return look_at_candidate(search, &memfd);
}

// What no descriptor leads to is asked through its mapping, where that is permitted.
static int stat_closed(WxMemfds *found, pid_t pid) {
  for (size_t i = 0; i < found->count; ++i) {
    if (found->items[i].number != CLOSED)
      continue;
    const int result = wx_memfd_stat(&found->items[i], pid);
    if (result && result != -EACCES && result != -EPERM && result != -ESTALE)
      return result;
  }
  return 0;
}

static int find_all(Search *search, const WxMaps *maps) {
  int result = find_mapped(search, maps);
  if (result)
    return result;
  char path[WX_PROCESS_PATH_SIZE];
  wx_process_path(path, search->pid, "fd");
  result = wx_process_error(wx_directory_numbers(path, visit_descriptor, search));
  return result && result != FULL ? result : stat_closed(search->found, search->pid);
}

static int search_all(Search *search, const WxMaps *maps) {
  search->found->count = 0;
  const int result = find_all(search, maps);
  for (size_t i = 0; i < sizeof search->places / sizeof *search->places; ++i)
    wx_memfd_place_free(&search->places[i].place);
  return result;
}

int wx_memfd_find(WxMemfds *found, pid_t pid, const WxMaps *maps, const char *name) {
  if (name)
    found->impostors = 0;
  return search_all(&(Search){.found = found, .pid = pid, .name = name}, maps);
}

static int compare_sizes(const void *a, const void *b) {
  const WxMemfd *one = a, *other = b;
  return (other->allocated_bytes > one->allocated_bytes) -
         (other->allocated_bytes < one->allocated_bytes);
}

int wx_memfd_find_others(WxMemfds *others, pid_t pid, const WxMaps *maps, const WxMemfds *known) {
  others->most = MOST_OTHERS;
  const int result = search_all(&(Search){.found = others, .pid = pid, .known = known}, maps);
  if (!result && others->count)
    qsort(others->items, others->count, sizeof *others->items, compare_sizes);
  return result;
}

int wx_memfd_is_behind(const WxMemfd *memfd, pid_t pid, long number) {
  char path[WX_PROCESS_PATH_SIZE], link[32], target[WX_MEMFD_LINK];
  snprintf(link, sizeof link, "fd/%ld", number);
  wx_process_path(path, pid, link);
  int result = wx_os_readlink(path, target, sizeof target);
  if (result)
    return result == -ENOENT || result == -ENAMETOOLONG ? 0 : result;
  if (strcmp(target, memfd->link) != 0)
    return 0;
  WxMemfd other = {.number = (int)number, .kept = CLOSED, .id = memfd->id};
  set_link(&other, memfd->link);
  result = wx_memfd_stat(&other, pid);
  return result == -ESTALE ? 0 : result ? result : 1;
}

void wx_memfds_free(WxMemfds *memfds) {
  free(memfds->items);
  *memfds = (WxMemfds){0};
}
