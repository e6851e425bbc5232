#include "measure/mappers.h"

#include "measure/process_status.h"
#include "os/large.h"
#include "os/text.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static int add(WxMappers *mappers, WxFileId file, WxExtent range, pid_t pid) {
  WxMapperRange *items =
      wx_large_grown(mappers->items, &mappers->capacity, mappers->count, sizeof *items);
  if (!items)
    return -ENOMEM;
  mappers->items = items;
  items[mappers->count++] = (WxMapperRange){file, range, pid};
  return 0;
}

static int add_matching(WxMappers *mappers, const WxMaps *maps, pid_t pid, const WxFileId *ids,
                        size_t count) {
  for (size_t i = 0; i < maps->count; ++i) {
    const WxMapping *mapping = &maps->items[i];
    if (!mapping->inode)
      continue;
    for (size_t j = 0; j < count; ++j) {
      if (!wx_mapping_is_of(mapping, ids[j]))
        continue;
      const WxExtent range = {mapping->offset, mapping->offset + (mapping->end - mapping->start)};
      if (add(mappers, ids[j], range, pid))
        return -ENOMEM;
      break;
    }
  }
  return 0;
}

static int look_at(WxMappers *mappers, pid_t pid, const WxFileId *ids, size_t count) {
  const int result = wx_process_error(wx_maps_read(&mappers->maps, pid));
  if (result)
    return result;
  mappers->checked += mappers->maps.count > 0; // A kernel thread has none.
  return add_matching(mappers, &mappers->maps, pid, ids, count);
}

static int look_at_others(WxMappers *mappers, pid_t pid, const WxFileId *ids, size_t count) {
  for (size_t i = 0; i < mappers->processes.count; ++i) {
    const pid_t other = mappers->processes.pids[i];
    const bool out = mappers->left_out && wx_processes_contain(mappers->left_out, other);
    const int result = other == pid ? 0 : out ? -EACCES : look_at(mappers, other, ids, count);
    if (result == -EACCES || result == -EPERM || result == -EBUSY)
      ++mappers->unreadable;
    else if (result && result != -ESRCH)
      return result;
  }
  return 0;
}

int wx_mappers_read(WxMappers *mappers, WxMapperScope scope, pid_t pid, const WxMaps *own,
                    const WxFileId *ids, size_t count) {
  mappers->count = mappers->checked = mappers->unreadable = 0;
  const pid_t number = pid ? pid : getpid();
  int result = scope == WX_MAPPERS_ALL
                   ? wx_process_all(&mappers->processes)
                   : wx_process_descendants(&mappers->processes, number, &mappers->text);
  if (!result && own) {
    ++mappers->checked;
    result = add_matching(mappers, own, number, ids, count);
  } else if (!result) {
    result = look_at(mappers, number, ids, count);
  }
  if (!result)
    result = look_at_others(mappers, number, ids, count);
  return result;
}

static bool same_range(const WxMapperRange *a, const WxMapperRange *b) {
  return a->range.start == b->range.start && a->range.end == b->range.end && a->pid == b->pid &&
         wx_file_id_equal(a->file, b->file);
}

bool wx_mappers_equal(const WxMappers *a, const WxMappers *b) {
  if (a->count != b->count)
    return false;
  for (size_t i = 0; i < a->count; ++i)
    if (!same_range(&a->items[i], &b->items[i]))
      return false;
  return true;
}

int wx_mappers_ranges(const WxMappers *mappers, WxFileId file, WxExtents *ranges) {
  ranges->count = 0;
  for (size_t i = 0; i < mappers->count; ++i) {
    const WxMapperRange *item = &mappers->items[i];
    if (wx_file_id_equal(item->file, file) &&
        wx_extents_add(ranges, item->range.start, item->range.end))
      return -ENOMEM;
  }
  wx_extents_normalize(ranges);
  return 0;
}

int wx_maps_add_ranges(const WxMaps *maps, WxFileId file, WxExtents *ranges) {
  for (size_t i = 0; i < maps->count; ++i) {
    const WxMapping *mapping = &maps->items[i];
    if (wx_mapping_is_of(mapping, file) &&
        wx_extents_add(ranges, mapping->offset, mapping->offset + (mapping->end - mapping->start)))
      return -ENOMEM;
  }
  wx_extents_normalize(ranges);
  return 0;
}

int wx_mappers_of(const WxMappers *mappers, WxFileId file, WxProcesses *found) {
  found->count = 0;
  for (size_t i = 0; i < mappers->count; ++i) {
    const WxMapperRange *item = &mappers->items[i];
    if (!wx_file_id_equal(item->file, file) || wx_processes_contain(found, item->pid))
      continue;
    const int result = wx_processes_add(found, item->pid);
    if (result)
      return result;
  }
  return 0;
}

void wx_mappers_free(WxMappers *mappers) {
  free(mappers->items);
  wx_processes_free(&mappers->processes);
  wx_maps_free(&mappers->maps);
  wx_text_free(&mappers->text);
  *mappers = (WxMappers){0};
}
