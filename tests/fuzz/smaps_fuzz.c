// smaps: any text gives whole entries in order, and damage with a line.
#include "measure/smaps.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static void require(int holds) {
  if (!holds)
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static int fd = -1;
  if (fd < 0)
    fd = memfd_create("smaps", 0);
  if (ftruncate(fd, 0) || pwrite(fd, data, size, 0) != (ssize_t)size || lseek(fd, 0, SEEK_SET))
    return 0;
  WxSmaps smaps = {0};
  WxDamage damage;
  const int result = wx_smaps_parse(&smaps, fd, &damage);
  require((result != 0) == (damage.reason != NULL));
  for (size_t i = 0; i < smaps.count; ++i) {
    require(smaps.items[i].start < smaps.items[i].end);
    require(i == 0 || smaps.items[i].start >= smaps.items[i - 1].end);
  }
  wx_smaps_free(&smaps);
  return 0;
}
