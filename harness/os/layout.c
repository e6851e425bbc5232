#include "os/layout.h"

#include "os/text.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <unistd.h>

void wx_os_fix_layout(char *const argv[]) {
  const int now = personality(0xffffffff);
  if (now < 0 || now & ADDR_NO_RANDOMIZE)
    return;
  if (personality((unsigned long)now | ADDR_NO_RANDOMIZE) < 0)
    return;
  // Some sandboxes accept the call and ignore it: without the check this would never end.
  if (personality(0xffffffff) & ADDR_NO_RANDOMIZE)
    (void)execv("/proc/self/exe", argv);
}

enum { USUAL_STACK = 8 * 1024 * 1024 };

void wx_os_fix_next_layout(void) {
  struct rlimit stack;
  if (getrlimit(RLIMIT_STACK, &stack) == 0) {
    const bool less = stack.rlim_max != RLIM_INFINITY && stack.rlim_max < USUAL_STACK;
    stack.rlim_cur = less ? stack.rlim_max : USUAL_STACK;
    (void)setrlimit(RLIMIT_STACK, &stack);
  }
  (void)personality(ADDR_NO_RANDOMIZE);
}

// A wider one is the space that everything new is placed in, or that lies beside it.
static const uintptr_t widest_gap = (uintptr_t)1 << 30;

void wx_os_close_gaps(void) {
  WxText maps = {0};
  uintptr_t below = 0;
  if (!wx_text_read(&maps, "/proc/self/maps"))
    for (const char *line = maps.data; line && *line;) {
      uintptr_t start, end;
      if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR, &start, &end) != 2)
        break;
      if (below && start > below && start - below <= widest_gap)
        (void)mmap((void *)below, start - below, PROT_NONE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
      below = end;
      line = strchr(line, '\n');
      line += line != NULL;
    }
  wx_text_free(&maps);
}
