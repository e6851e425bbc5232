#include "preload/recogniser.h"

#include <linux/mman.h>

enum { SMALLEST_PAGE = 4096 };

static bool whole_pages(uint64_t value) {
  return value % SMALLEST_PAGE == 0;
}

bool wx_recogniser_may_begin(const WxMapCall *call) {
  return call->flags == (MAP_SHARED | MAP_FIXED) && call->protection == (PROT_READ | PROT_WRITE) &&
         call->fd >= 0 && call->size > 0 && whole_pages(call->size) && whole_pages(call->offset);
}

void wx_recogniser_mapped(WxRecogniser *recogniser, const WxMapCall *call, bool doublemapper) {
  if (doublemapper && wx_recogniser_may_begin(call))
    recogniser->candidate = *call;
  else
    recogniser->candidate.size = 0;
}

bool wx_recogniser_unmapping(WxRecogniser *recogniser, uintptr_t base, size_t size,
                             WxMapCall *release) {
  const size_t expected = recogniser->candidate.size;
  recogniser->candidate.size = 0;
  if (expected == 0 || expected != size || recogniser->candidate.base != base)
    return false;
  *release = recogniser->candidate;
  release->size = size;
  return true;
}
