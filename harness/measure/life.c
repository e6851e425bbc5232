#include "measure/life.h"

#include "measure/process.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int wx_life_read(WxLife *life, pid_t pid, WxText *text) {
  char path[WX_PROCESS_PATH_SIZE], state;
  wx_process_path(path, pid, "stat");
  const int result = wx_process_error(wx_text_read(text, path));
  if (result)
    return result;
  const char *bracket = strrchr(text->data, ')');
  const int got =
      bracket ? sscanf(bracket + 1,
                       " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d "
                       "%*d %" SCNu64 " %" SCNu64 " %*d %*u %" SCNu64 " %*u %" SCNu64,
                       &state, &life->started, &life->vm_bytes, &life->code, &life->stack)
              : 0;
  if (got != 5)
    return -EINVAL;
  return state == 'Z' || state == 'X' || !life->vm_bytes ? -ESRCH : 0;
}

bool wx_life_is_same(const WxLife *a, const WxLife *b) {
  return a->started == b->started && a->code == b->code && a->stack == b->stack;
}
