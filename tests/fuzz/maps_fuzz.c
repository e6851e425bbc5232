// maps: any text gives mappings in order and damage with a line, and every byte of their interval
// has one owner.
#include "attribution/rows.h"
#include "attribution/space.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static void require(int holds) {
  if (!holds)
    abort();
}

static void check_order(const WxMaps *maps) {
  for (size_t i = 0; i < maps->count; ++i) {
    require(maps->items[i].start < maps->items[i].end);
    require(i == 0 || maps->items[i].start >= maps->items[i - 1].end);
    require(maps->items[i].protection <= 7 && maps->items[i].path != NULL);
  }
}

static void check_owners(const WxMaps *maps) {
  WxSpace space = {.mappings = maps->items, .count = maps->count};
  WxModules modules = {0};
  WxRows rows = {0};
  require(!wx_space_attribute(&space) && !wx_modules_find(&modules, maps->items, maps->count));
  for (size_t i = 0; i < modules.count; ++i) {
    const WxModule *module = &modules.items[i];
    const WxOwnership sum = wx_space_sum(&space, module->start, module->end);
    uint64_t bytes = 0;
    for (size_t owner = 0; owner < WX_OWNERS; ++owner)
      bytes += sum.bytes[owner];
    require(bytes == module->end - module->start);
    require(!wx_rows_find(&rows, &space, &modules, module, 3));
    // A row may reach past the interval that its start lies in.
    require(rows.count <= rows.seen && rows.count <= 3);
    char name[16];
    wx_module_name(module->path, name, sizeof name);
  }
  wx_rows_free(&rows);
  wx_modules_free(&modules);
  wx_space_free(&space);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  WxMaps maps = {0};
  WxDamage damage;
  static int fd = -1;
  if (fd < 0)
    fd = memfd_create("maps", 0);
  if (ftruncate(fd, 0) || pwrite(fd, data, size, 0) != (ssize_t)size || lseek(fd, 0, SEEK_SET))
    return 0;
  const int result = wx_maps_parse(&maps, fd, &damage);
  require((result != 0) == (damage.reason != NULL));
  require(!damage.reason || damage.line == maps.count + 1);
  check_order(&maps);
  check_owners(&maps);
  wx_maps_free(&maps);
  return 0;
}
