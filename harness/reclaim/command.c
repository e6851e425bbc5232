#include "reclaim/command.h"

#include "os/preloads.h"
#include "os/process.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char LIBRARY[] = "libwxreclaim.so";

static int explain(int error, WxReason *reason) {
  if (error == -EILSEQ)
    return wx_reason(reason, error,
                     "%s is in a folder whose path holds a space or a colon, which LD_PRELOAD "
                     "cannot name",
                     LIBRARY);
  return wx_reason(reason, error, "%s, expected beside this program: %s", LIBRARY,
                   strerror(-error));
}

int wx_reclaim_command(char *const *argv, WxReason *reason) {
  char *entries[] = {NULL, NULL};
  int failed = wx_preload_entry(LIBRARY, WX_PRELOAD_LAST, &entries[0]);
  if (failed)
    return explain(failed, reason);
  char **environment = wx_preload_environment(entries);
  failed = environment ? wx_os_exec(argv, environment) : -ENOMEM;
  free(environment);
  free(entries[0]);
  return wx_reason(reason, failed, "cannot run '%s': %s", argv[0], strerror(-failed));
}
