#include "attribution/core_space.h"

#include "os/large.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_deleted(const char *path) {
  return strstr(path, " (deleted)") != NULL;
}

// Appends one mapping for each part of the segment that has one file, or none.
static void add_segment(WxCoreSpace *result, const WxCore *core, const WxCoreSegment *segment,
                        size_t *file) {
  for (uint64_t at = segment->start; at < segment->end;) {
    while (*file < core->file_count && core->files[*file].end <= at)
      ++*file;
    const WxCoreFile *next = *file < core->file_count ? &core->files[*file] : NULL;
    const bool inside = next && next->start <= at;
    uint64_t edge = !next ? segment->end : inside ? next->end : next->start;
    if (edge > segment->end)
      edge = segment->end;
    result->mappings[result->space.count++] = (WxMapping){
        .start = at,
        .end = edge,
        .offset = inside ? next->offset + (at - next->start) : 0,
        .protection = segment->protection,
        .shared = inside && !strncmp(next->path, "/memfd:", 7),
        .path = inside ? next->path : "",
    };
    at = edge;
  }
}

// The kernel's own pages are named in maps; in a core only the vdso's address is said.
static void name_vdso(WxCoreSpace *result, const WxCore *core) {
  const size_t at = core->vdso ? wx_space_find(&result->space, core->vdso) : result->space.count;
  if (at < result->space.count && result->mappings[at].start == core->vdso)
    result->mappings[at].path = "[vdso]";
}

int wx_core_space_make(WxCoreSpace *result, WxCore *core, const WxHeapRules *rules) {
  *result = (WxCoreSpace){.memory = wx_core_memory(core)};
  // Each file cuts at most two more pieces off a segment.
  const size_t most = core->segment_count + 2 * core->file_count + 1;
  result->mappings = wx_large_grow(NULL, 0, most * sizeof *result->mappings);
  if (!result->mappings)
    return -ENOMEM;
  size_t file = 0;
  for (size_t i = 0; i < core->segment_count; ++i)
    add_segment(result, core, &core->segments[i], &file);
  bool deleted = false;
  for (size_t i = 0; i < core->file_count && !deleted; ++i)
    deleted = is_deleted(core->files[i].path);
  WxSpace *space = &result->space;
  space->mappings = result->mappings;
  space->memory = &result->memory;
  space->stack_pointers = core->stack_pointers;
  space->thread_count = core->thread_count;
  space->is_core = true;
  space->reserved_left_out = core->writer == WX_WRITER_CREATEDUMP;
  space->reserved_readable = core->writer == WX_WRITER_GCORE;
  space->files_unknown = !core->has_file_note;
  space->deleted_left_out = core->writer == WX_WRITER_CREATEDUMP && !deleted;
  space->heap_rules = *rules;
  name_vdso(result, core);
  const int failed = wx_space_attribute(space);
  if (failed)
    wx_core_space_free(result);
  return failed;
}

void wx_core_space_free(WxCoreSpace *result) {
  wx_space_free(&result->space);
  free(result->mappings);
  *result = (WxCoreSpace){0};
}
