#include "strategy/give_back.h"

#include "os/os.h"

#include <string.h>
#include <sys/mman.h>

int wx_give_back_by_zeroing(WxDoubleMapping *self, WxBlock *block) {
  void *base = (void *)wx_block_base(block);
  const int result = wx_os_mmap(base, block->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
                                self->fd, block->offset, &base);
  if (result)
    return result;
  memset(base, 0, block->size);
  return wx_os_munmap(base, block->size);
}

int wx_release_by_zeroing(WxAllocator *allocator, void *base) {
  return wx_double_mapping_release(allocator, base, wx_give_back_by_zeroing);
}

// Where a hole cannot be punched (a sealed file), the next user of this part of the file must still
// find zeros.
static int zero_elsewhere(WxDoubleMapping *self, WxBlock *block) {
  void *window;
  const int result = wx_os_mmap(NULL, block->size, PROT_READ | PROT_WRITE, MAP_SHARED, self->fd,
                                block->offset, &window);
  if (result)
    return result;
  memset(window, 0, block->size);
  if (wx_os_munmap(window, block->size)) // Made to fail: the window must not stay behind.
    return wx_os_munmap(window, block->size);
  return 0;
}

int wx_give_back_by_punching(WxDoubleMapping *self, WxBlock *block) {
  if (!block->unmapped) {
    const int result = wx_os_munmap((void *)wx_block_base(block), block->size);
    if (result)
      return result;
    block->unmapped = true;
  }
  if (wx_os_punch_hole(self->fd, block->offset, block->size) == 0)
    return 0;
  return zero_elsewhere(self, block);
}
