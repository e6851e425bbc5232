#include "measure/observe.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

static void describe_wait(int wait_status, char *text, size_t size) {
  if (WIFSIGNALED(wait_status))
    snprintf(text, size, "killed by signal %d (%s)", WTERMSIG(wait_status),
             strsignal(WTERMSIG(wait_status)));
  else
    snprintf(text, size, "exit status %d", WEXITSTATUS(wait_status));
}

void wx_observed_describe(const WxObserved *observed, char *text, size_t size) {
  char how[96];
  describe_wait(observed->wait_status, how, sizeof how);
  char where[96] = "before its first step";
  if (observed->steps)
    snprintf(where, sizeof where, "after step %s of round %" PRIu64, observed->last.name,
             observed->last.round);
  switch (observed->outcome) {
  case WX_OBSERVED_ENDED:
  case WX_OBSERVED_DIED:
    snprintf(text, size, "%s %s", how, where);
    break;
  case WX_OBSERVED_LATE:
    snprintf(text, size, "killed at the time limit %s", where);
    break;
  case WX_OBSERVED_GARBLED:
    snprintf(text, size, "did not keep the step protocol: %s", observed->complaint);
    break;
  case WX_OBSERVED_STOPPED:
    snprintf(text, size, "stopped %s: %s", where, strerror(-observed->stopped_by));
    break;
  }
}

void wx_observed_free(WxObserved *observed) {
  wx_text_free(&observed->output);
  wx_text_free(&observed->errors);
  *observed = (WxObserved){0};
}
