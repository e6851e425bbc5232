#include "attribution/core_space.h"

#include "measure/runtime.h"
#include "os/large.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 4096, FIRST_SILENT = 9 };

static bool is_deleted(const char *path) {
  return strstr(path, " (deleted)") != NULL;
}

static int compare_addresses(const void *left, const void *right) {
  const uint64_t *a = left, *b = right;
  return *a < *b ? -1 : *a > *b;
}

// A stack ends with the page of its thread's control block; createdump joins what lies above it.
static uint64_t *find_stack_ends(const WxCore *core, size_t *count) {
  uint64_t *ends = malloc((core->thread_count + 1) * sizeof *ends);
  *count = 0;
  for (size_t i = 0; ends && i < core->thread_count; ++i) {
    const WxCoreThread *thread = &core->threads[i];
    if (thread->thread_pointer > thread->stack_pointer)
      ends[(*count)++] = (thread->thread_pointer | (PAGE - 1)) + 1;
  }
  if (ends)
    qsort(ends, *count, sizeof *ends, compare_addresses);
  return ends;
}

// Walks segments, files and stack ends side by side.
typedef struct {
  const WxCore *core;
  const uint64_t *cuts;
  size_t cut_count;
  size_t segment, file, cut;
} Sweep;

static uint64_t nearest(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

// Takes the next part that has one segment, or none, and one file, or none. Returns whether there
// was one.
static bool take_part(Sweep *sweep, uint64_t *at, WxMapping *part) {
  const WxCore *core = sweep->core;
  while (sweep->segment < core->segment_count && core->segments[sweep->segment].end <= *at)
    ++sweep->segment;
  while (sweep->file < core->file_count && core->files[sweep->file].end <= *at)
    ++sweep->file;
  const WxCoreSegment *segment =
      sweep->segment < core->segment_count ? &core->segments[sweep->segment] : NULL;
  const WxCoreFile *file = sweep->file < core->file_count ? &core->files[sweep->file] : NULL;
  if (!segment && !file)
    return false;
  const uint64_t next =
      nearest(segment ? segment->start : UINT64_MAX, file ? file->start : UINT64_MAX);
  if (*at < next)
    *at = next;
  while (sweep->cut < sweep->cut_count && sweep->cuts[sweep->cut] <= *at)
    ++sweep->cut;
  const bool in_segment = segment && segment->start <= *at, in_file = file && file->start <= *at;
  uint64_t edge = sweep->cut < sweep->cut_count ? sweep->cuts[sweep->cut] : UINT64_MAX;
  if (segment)
    edge = nearest(edge, in_segment ? segment->end : segment->start);
  if (file)
    edge = nearest(edge, in_file ? file->end : file->start);
  *part = (WxMapping){
      .start = *at,
      .end = edge,
      .offset = in_file ? file->offset + (*at - file->start) : 0,
      .protection = in_segment ? segment->protection : 0,
      .shared = in_file && !strncmp(file->path, "/memfd:", 7),
      .path = in_file ? file->path : "",
  };
  // gcore states reserved memory as readable.
  if (core->writer == WX_WRITER_GCORE && part->protection == WX_READ && (!in_file || part->shared))
    part->protection = 0;
  *at = edge;
  return true;
}

static int make_mappings(WxCoreSpace *result, const WxCore *core) {
  Sweep sweep = {.core = core};
  uint64_t *cuts = find_stack_ends(core, &sweep.cut_count);
  // Each part ends where a segment, a file or a stack begins or ends.
  const size_t most = 2 * (core->segment_count + core->file_count) + sweep.cut_count + 1;
  result->mappings = wx_large_alloc(most * sizeof *result->mappings);
  sweep.cuts = cuts;
  const bool ready = cuts && result->mappings;
  for (uint64_t at = 0; ready && take_part(&sweep, &at, &result->mappings[result->space.count]);)
    ++result->space.count;
  free(cuts);
  return ready ? 0 : -ENOMEM;
}

// The kernel's own pages are named in maps; in a core only the vdso's address is said.
static void name_vdso(WxCoreSpace *result, const WxCore *core) {
  const size_t at = core->vdso ? wx_space_find(&result->space, core->vdso) : result->space.count;
  if (at < result->space.count && result->mappings[at].start == core->vdso)
    result->mappings[at].path = "[vdso]";
}

// A full dump has what the files had mapped, but for reserved parts. Deleted files are left out of
// the comparison: of them most may be reserved.
static bool is_partial(const WxCore *core) {
  uint64_t named = 0, there = 0;
  size_t segment = 0;
  for (size_t i = 0; i < core->file_count; ++i) {
    const WxCoreFile *file = &core->files[i];
    if (is_deleted(file->path))
      continue;
    named += file->end - file->start;
    while (segment < core->segment_count && core->segments[segment].end <= file->start)
      ++segment;
    for (size_t k = segment; k < core->segment_count && core->segments[k].start < file->end; ++k) {
      const WxCoreSegment *one = &core->segments[k];
      const uint64_t start = one->start > file->start ? one->start : file->start;
      there += nearest(one->end, file->end) - start;
    }
  }
  return core->writer == WX_WRITER_CREATEDUMP && there < named / 2;
}

// A createdump comes with a runtime; from that of .NET 9 on it names no deleted file. One that does
// may have had none to name.
static bool leaves_deleted_out(const WxCoreSpace *result, const WxCore *core) {
  if (core->writer != WX_WRITER_CREATEDUMP)
    return false;
  for (size_t i = 0; i < core->file_count; ++i)
    if (is_deleted(core->files[i].path))
      return false;
  const WxMaps maps = {.items = result->mappings, .count = result->space.count};
  const long major = strtol(wx_runtime_find(&maps).version, NULL, 10);
  return major < 1 || major >= FIRST_SILENT;
}

int wx_core_space_make(WxCoreSpace *result, WxCore *core, const WxHeapRules *rules) {
  *result = (WxCoreSpace){.memory = wx_core_memory(core)};
  int failed = make_mappings(result, core);
  if (failed) {
    wx_core_space_free(result);
    return failed;
  }
  WxSpace *space = &result->space;
  space->mappings = result->mappings;
  space->memory = &result->memory;
  space->threads = core->threads;
  space->thread_count = core->thread_count;
  space->is_core = true;
  space->reserved_left_out = core->writer == WX_WRITER_CREATEDUMP;
  space->as_mapped = core->writer == WX_WRITER_KERNEL && core->has_file_note;
  space->files_unknown = !core->has_file_note;
  space->deleted_left_out = leaves_deleted_out(result, core);
  space->heap_rules = *rules;
  result->partial = is_partial(core);
  name_vdso(result, core);
  failed = wx_space_attribute(space);
  if (failed)
    wx_core_space_free(result);
  return failed;
}

void wx_core_space_free(WxCoreSpace *result) {
  wx_space_free(&result->space);
  free(result->mappings);
  *result = (WxCoreSpace){0};
}
