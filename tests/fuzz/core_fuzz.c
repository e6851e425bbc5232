// Cores: any file gives segments, files and parts in order and inside each other, or is refused
// with what was expected.
#include "attribution/core_space.h"
#include "attribution/rows.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static void require(int holds) {
  if (!holds)
    abort();
}

static void check_headers(const WxCore *core) {
  for (size_t i = 0; i < core->segment_count; ++i) {
    const WxCoreSegment *segment = &core->segments[i];
    require(segment->start < segment->end);
    require(i == 0 || segment->start >= core->segments[i - 1].end);
    require(segment->present <= segment->end - segment->start);
    require(!segment->present || segment->data + segment->present <= core->size);
  }
  for (size_t i = 0; i < core->file_count; ++i) {
    require(core->files[i].start < core->files[i].end && core->files[i].path);
    require(i == 0 || core->files[i].start >= core->files[i - 1].end);
  }
}

static void check_space(WxCore *core) {
  const WxHeapRules rules = {0};
  WxCoreSpace result;
  WxModules modules = {0};
  WxRows rows = {0};
  require(!wx_core_space_make(&result, core, &rules));
  const WxSpace *space = &result.space;
  for (size_t i = 0; i < space->count; ++i) {
    require(space->mappings[i].start < space->mappings[i].end);
    require(i == 0 || space->mappings[i].start >= space->mappings[i - 1].end);
  }
  require(!wx_modules_find(&modules, space->mappings, space->count));
  for (size_t i = 0; i < modules.count; ++i)
    require(!wx_rows_find(&rows, space, &modules, &modules.items[i], 3));
  wx_rows_free(&rows);
  wx_modules_free(&modules);
  wx_core_space_free(&result);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static int fd = -1;
  if (fd < 0)
    fd = memfd_create("core", 0);
  if (ftruncate(fd, 0) || pwrite(fd, data, size, 0) != (ssize_t)size)
    return 0;
  WxCore core;
  const int result = wx_core_read_headers(&core, dup(fd));
  if (result) {
    require(core.damage.reason != NULL);
    return 0;
  }
  check_headers(&core);
  check_space(&core);
  wx_core_close(&core);
  return 0;
}
