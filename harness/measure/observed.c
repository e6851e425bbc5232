#include "measure/observe.h"

#include <inttypes.h>
#include <stdbool.h>
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

static void describe(const WxObserved *observed, char *text, size_t size) {
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

static WxEndedHow how_it_ended(const WxObserved *observed) {
  switch (observed->outcome) {
  case WX_OBSERVED_LATE:
    return WX_ENDED_TIMEOUT;
  case WX_OBSERVED_GARBLED:
  case WX_OBSERVED_STOPPED:
    return WX_ENDED_STOPPED;
  case WX_OBSERVED_ENDED:
  case WX_OBSERVED_DIED:
    break;
  }
  if (observed->outcome == WX_OBSERVED_ENDED && observed->wait_status == 0)
    return WX_ENDED_WELL;
  return WIFSIGNALED(observed->wait_status) ? WX_ENDED_SIGNAL : WX_ENDED_EXIT;
}

/// A line without its end.
typedef struct {
  const char *start;
  int length;
} Line;

static Line first_line(const WxText *text) {
  const char *start = text->length ? text->data : "";
  return (Line){start, (int)strcspn(start, "\n")};
}

// The last one that is not empty.
static Line last_line(const WxText *text) {
  size_t end = text->length;
  while (end > 0 && strchr("\r\n \t", text->data[end - 1]))
    --end;
  size_t start = end;
  while (start > 0 && text->data[start - 1] != '\n')
    --start;
  return (Line){end ? text->data + start : "", (int)(end - start)};
}

void wx_observed_ended(const WxObserved *observed, WxEnded *ended) {
  *ended = (WxEnded){.how = how_it_ended(observed)};
  if (ended->how == WX_ENDED_SIGNAL)
    ended->signal = WTERMSIG(observed->wait_status);
  else if (ended->how == WX_ENDED_EXIT)
    ended->status = WEXITSTATUS(observed->wait_status);
  if (observed->outcome == WX_OBSERVED_STOPPED)
    ended->error = observed->stopped_by;
  char ending[WX_ENDED_TEXT - 16];
  describe(observed, ending, sizeof ending);
  const Line first = first_line(&observed->errors);
  const Line last = last_line(&observed->errors);
  snprintf(ended->text, sizeof ended->text, "%s%s%.*s", ending, first.length ? ": " : "",
           first.length, first.start);
  snprintf(ended->last_line, sizeof ended->last_line, "%.*s", last.length, last.start);
}

void wx_observed_not_started(const char *program, int error, WxEnded *ended) {
  *ended = (WxEnded){.how = WX_ENDED_NOT_STARTED, .error = error};
  snprintf(ended->text, sizeof ended->text, "cannot start %s: %s", program, strerror(-error));
}

void wx_observed_free(WxObserved *observed) {
  wx_text_free(&observed->output);
  wx_text_free(&observed->errors);
  *observed = (WxObserved){0};
}
