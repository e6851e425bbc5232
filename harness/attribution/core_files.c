#include "attribution/core_reader.h"
#include "os/large.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
  FILES_MAX = 1 << 19,
  PATH_BYTES_MAX = 4096,
  ENTRY = 24, // start, end, offset.
  HEAD = 16,  // count, page size.
};
// All different paths together: far above what a process has.
#define PATHS_BYTES_MAX (UINT64_C(32) << 20)

typedef struct {
  uint64_t offset; // Of the descriptor,
  uint64_t size;
  uint64_t count;
  uint64_t page_size;
} Table;

static int compare_files(const void *left, const void *right) {
  const WxCoreFile *a = left, *b = right;
  return a->start < b->start ? -1 : a->start > b->start;
}

static bool read_entries(WxCore *core, WxCoreReader *reader, const Table *table) {
  for (uint64_t i = 0; i < table->count; ++i) {
    const uint64_t at = table->offset + HEAD + i * ENTRY;
    uint64_t entry[3];
    const void *bytes = wx_core_reader_at(reader, at, sizeof entry);
    if (!bytes)
      return false;
    memcpy(entry, bytes, sizeof entry);
    WxCoreFile *file = &core->files[i];
    *file = (WxCoreFile){entry[0], entry[1], 0, ""};
    if (__builtin_mul_overflow(entry[2], table->page_size, &file->offset))
      wx_core_damaged(core, at, "expected a file offset below 2^64");
  }
  return true;
}

// The path at `*at`, which is then moved behind it. -EINVAL where it does not end in time, -ENOMEM.
static int read_path(WxCore *core, WxCoreReader *reader, uint64_t *at, uint64_t end,
                     const char **path) {
  const uint64_t left = end - *at;
  const size_t size = left < PATH_BYTES_MAX ? (size_t)left : PATH_BYTES_MAX;
  // A first guess, so that the window need not be filled again for each path near its end.
  const size_t guess = size < 64 ? size : 64;
  const char *text = wx_core_reader_at(reader, *at, guess);
  const char *nul = text ? memchr(text, '\0', guess) : NULL;
  if (!nul) {
    text = wx_core_reader_at(reader, *at, size);
    nul = text ? memchr(text, '\0', size) : NULL;
  }
  if (!nul)
    return -EINVAL;
  const size_t length = (size_t)(nul - text);
  *at += length + 1;
  *path = wx_name_pool_find(&core->names, text, length);
  return *path ? 0 : -ENOMEM;
}

static int read_paths(WxCore *core, WxCoreReader *reader, const Table *table) {
  uint64_t at = table->offset + HEAD + table->count * ENTRY;
  const uint64_t end = table->offset + table->size;
  for (uint64_t i = 0; i < table->count; ++i) {
    const uint64_t from = at;
    const int failed = core->names.bytes < PATHS_BYTES_MAX
                           ? read_path(core, reader, &at, end, &core->files[i].path)
                           : -EINVAL;
    if (failed == -ENOMEM)
      return failed;
    if (failed) {
      wx_core_damaged(core, from, "expected a path that ends in the note NT_FILE");
      return 0;
    }
  }
  return 0;
}

// Drops entries that are none, and what lies over the entry before.
static void put_in_order(WxCore *core, uint64_t at) {
  bool sorted = true;
  for (size_t i = 1; i < core->file_count; ++i)
    sorted &= core->files[i - 1].start <= core->files[i].start;
  if (!sorted)
    qsort(core->files, core->file_count, sizeof *core->files, compare_files);
  size_t kept = 0;
  for (size_t i = 0; i < core->file_count; ++i) {
    WxCoreFile file = core->files[i];
    const uint64_t covered = kept ? core->files[kept - 1].end : 0;
    if (file.start < covered && file.end > covered) {
      wx_core_damaged(core, at, "expected entries of NT_FILE that do not overlap");
      file.offset += covered - file.start;
      file.start = covered;
    }
    if (file.start < covered || file.end <= file.start) {
      wx_core_damaged(core, at, "expected an entry of NT_FILE that is a range of its own");
      continue;
    }
    core->files[kept++] = file;
  }
  core->file_count = kept;
}

int wx_core_read_files(WxCore *core, WxCoreReader *reader, uint64_t offset, uint64_t size) {
  Table table = {.offset = offset, .size = size};
  uint64_t head[2] = {0, 0};
  const void *bytes = size >= HEAD ? wx_core_reader_at(reader, offset, sizeof head) : NULL;
  if (bytes)
    memcpy(head, bytes, sizeof head);
  table.count = head[0];
  table.page_size = head[1];
  if (!bytes || table.count > (size - HEAD) / ENTRY || table.count > FILES_MAX) {
    wx_core_damaged(core, offset, "expected a note NT_FILE with as many entries as it says");
    return 0;
  }
  core->files = wx_large_alloc((size_t)(table.count + 1) * sizeof *core->files);
  if (!core->files)
    return -ENOMEM;
  if (!read_entries(core, reader, &table)) {
    wx_core_damaged(core, offset, "this note NT_FILE cannot be read");
    return 0;
  }
  core->file_count = (size_t)table.count;
  if (read_paths(core, reader, &table))
    return -ENOMEM;
  put_in_order(core, offset);
  if (table.page_size == 1 && core->writer != WX_WRITER_CREATEDUMP)
    core->writer = WX_WRITER_GCORE;
  return 0;
}
