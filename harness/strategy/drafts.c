#include "strategy/drafts.h"

#include "os/os.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// Marks the drafts that show some of these bytes, and says whether there is one.
static bool mark_overlapping(WxDraft *drafts, const void *block, size_t at, size_t size) {
  bool found = false;
  for (WxDraft *draft = drafts; draft; draft = draft->next)
    if (draft->block == block && draft->at < at + size && at < draft->at + draft->size)
      draft->shared = found = true;
  return found;
}

int wx_drafts_begin(WxDraft **drafts, const void *block, size_t at, const void *start, size_t size,
                    void **view) {
  size_t bytes;
  if (__builtin_mul_overflow(size, start ? 2 : 1, &bytes) || bytes > SIZE_MAX - sizeof(WxDraft))
    return -ENOMEM;
  WxDraft *draft = malloc(sizeof *draft + bytes);
  if (!draft)
    return -ENOMEM;
  *draft = (WxDraft){*drafts,
                     block,
                     at,
                     size,
                     mark_overlapping(*drafts, block, at, size),
                     start ? draft->text + size : NULL};
  if (start) {
    memcpy(draft->text, start, size);
    memcpy(draft->before, draft->text, size);
  } else {
    memset(draft->text, 0, size);
  }
  *drafts = draft;
  *view = draft->text;
  return 0;
}

WxDraft **wx_drafts_find(WxDraft **drafts, const void *view) {
  WxDraft **link = drafts;
  const char *at = view;
  while (*link && !(at >= (*link)->text && at < (*link)->text + (*link)->size))
    link = &(*link)->next;
  return link;
}

bool wx_drafts_busy(const WxDraft *drafts, const void *block) {
  while (drafts && drafts->block != block)
    drafts = drafts->next;
  return drafts != NULL;
}

static bool differs(const WxDraft *draft, size_t at) {
  return draft->text[at] != (draft->before ? draft->before[at] : 0);
}

int wx_draft_write(const WxDraft *draft, int fd, uint64_t offset) {
  size_t last = draft->size;
  while (last > 0 && !differs(draft, last - 1))
    --last;
  for (size_t at = 0; at < last;) {
    if (!differs(draft, at)) {
      ++at;
      continue;
    }
    size_t end = draft->shared ? at : last;
    while (end < last && differs(draft, end))
      ++end;
    const int result = wx_os_pwrite(fd, draft->text + at, end - at, offset + draft->at + at);
    if (result)
      return result;
    at = end;
  }
  return 0;
}

void wx_drafts_drop(WxDraft **link) {
  WxDraft *draft = *link;
  *link = draft->next;
  free(draft);
}
