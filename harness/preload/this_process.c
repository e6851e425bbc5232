#include "preload/this_process.h"

#include <linux/mman.h>

enum { PAGE_SIZE_AT_MOST = 65536 };

void wx_process_begin(WxProcess *process) {
  const long mapped = wx_raw_mmap(NULL, PAGE_SIZE_AT_MOST, PROT_READ | PROT_WRITE,
                                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (wx_raw_failed(mapped))
    return;
  void *page = (void *)mapped;
  if (wx_raw_madvise(page, PAGE_SIZE_AT_MOST, MADV_WIPEONFORK))
    (void)wx_raw_munmap(page, PAGE_SIZE_AT_MOST);
  else
    process->cleared_on_fork = page;
}
