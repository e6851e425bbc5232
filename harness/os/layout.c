#include "os/layout.h"

#include <sys/personality.h>
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
