#include "os/large.h"

#include "os/os.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { HUGE_PAGE = 2 * 1024 * 1024, WORTH_IT = HUGE_PAGE / 2 };

void *wx_large_grow(void *items, size_t used, size_t wanted) {
  if (wanted < WORTH_IT)
    return realloc(items, wanted);
  const size_t size = wx_round_up(wanted, HUGE_PAGE);
  void *grown = size ? aligned_alloc(HUGE_PAGE, size) : NULL;
  if (!grown)
    return NULL;
  (void)wx_os_madvise(grown, size, MADV_HUGEPAGE); // Advice: without it all is only slower.
  if (used)
    memcpy(grown, items, used);
  free(items);
  return grown;
}
