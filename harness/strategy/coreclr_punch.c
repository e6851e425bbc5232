// The proposed fix: the runtime's allocator, but a release unmaps the block and punches a hole
// where it was. A hole reads as zero, which is all that the zero fill is for (dotnet/runtime PR
// 78069).
#include "os/os.h"
#include "strategy/double_mapping.h"
#include "strategy/registry.h"

#include <string.h>
#include <sys/mman.h>

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

static int give_back_by_punching(WxDoubleMapping *self, WxBlock *block) {
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

static int release(WxAllocator *allocator, void *base) {
  return wx_double_mapping_release(allocator, base, give_back_by_punching);
}

const WxStrategy wx_strategy_coreclr_punch = {
    .name = "coreclr+punch",
    .summary = "the proposed fix: as coreclr, but release unmaps and punches a hole",
    .capabilities = WX_CAN_REUSE_FILE | WX_CAN_ENFORCE_WX | WX_CAN_PATCH,
    .open = wx_double_mapping_open,
    .reserve = wx_double_mapping_reserve,
    .commit = wx_double_mapping_commit,
    .map_rw = wx_double_mapping_map_rw,
    .unmap_rw = wx_double_mapping_unmap_rw,
    .release = release,
    .owns = wx_double_mapping_owns,
    .close = wx_double_mapping_close,
};
