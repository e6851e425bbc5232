// audit --watch: a live view that redraws on a terminal, one line a sample elsewhere.
#include "cli/audit_document.h"
#include "cli/audit_run.h"
#include "cli/say.h"
#include "cli/terminal.h"
#include "cli/verb.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const double mebibyte = 1024.0 * 1024.0;

// The first sample, so that growth can be told.
typedef struct {
  bool known;
  struct timespec at;
  WxFigure mappings;
} Origin;

static double seconds_since(const struct timespec *then) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)(now.tv_sec - then->tv_sec) + (double)(now.tv_nsec - then->tv_nsec) / 1e9;
}

static void put_mib(FILE *stream, const char *name, WxFigure bytes) {
  if (wx_known(bytes))
    fprintf(stream, " %s %.1f MiB", name, (double)bytes / mebibyte);
  else
    fprintf(stream, " %s n/a", name);
}

// When the mappings meet the limit at the rate seen since the first sample.
static void put_forecast(FILE *stream, const WxAuditMoment *moment, const WxAudit *audit) {
  const WxFigure gained = audit->facts.mappings - moment->mappings;
  fprintf(stream, " mappings %lld/", (long long)audit->facts.mappings);
  if (wx_known(audit->max_map_count))
    fprintf(stream, "%lld", (long long)audit->max_map_count);
  else
    fputs("n/a", stream);
  if (gained > 0 && moment->seconds > 0 && wx_known(audit->max_map_count))
    fprintf(stream, " limit-in-hours %.1f",
            (double)(audit->max_map_count - audit->facts.mappings) /
                ((double)gained / moment->seconds) / 3600);
}

void wx_audit_watch_line(FILE *stream, const WxAuditMoment *moment, const WxAudit *audit) {
  fprintf(stream, "%s", moment->clock);
  put_mib(stream, "allocated", audit->truth.allocated_bytes);
  put_mib(stream, "mapped", audit->truth.mapped_bytes);
  put_mib(stream, "orphaned", audit->truth.orphaned_bytes);
  put_mib(stream, "rss", audit->status.rss_bytes);
  put_mib(stream, "cgroup-shmem", audit->cgroup.shmem_bytes);
  put_forecast(stream, moment, audit);
  fprintf(stream, " %s\n", wx_verdict_code(audit->verdict.code));
}

static void put_line(const Origin *origin, const WxAudit *audit) {
  char now[32];
  const time_t clock = time(NULL);
  struct tm parts;
  strftime(now, sizeof now, "%H:%M:%S", localtime_r(&clock, &parts));
  const WxAuditMoment moment = {now, seconds_since(&origin->at), origin->mappings};
  wx_audit_watch_line(stdout, &moment, audit);
}

static int redraw(const WxAuditRequest *request, const WxAudit *audit) {
  WxDocument document;
  char *text = NULL;
  size_t length;
  wx_document_init(&document, "audit");
  document.width = wx_cli_columns(STDOUT_FILENO);
  wx_audit_tables(&document, audit, request->by_size);
  const int error = wx_format_render(wx_format_at(0), &document, &text, &length);
  wx_document_free(&document);
  if (!error)
    printf("\033[H\033[2J%s", text);
  free(text);
  return error;
}

static int show(const WxAuditRequest *request, const Origin *origin, const WxAudit *audit,
                bool terminal) {
  if (terminal)
    return redraw(request, audit);
  put_line(origin, audit);
  return 0;
}

static void pause_for(uint64_t ns) {
  struct timespec left = {(time_t)(ns / 1000000000), (long)(ns % 1000000000)};
  while (nanosleep(&left, &left) && errno == EINTR)
    ;
}

int wx_audit_run_watch(WxOptions *options, const WxAuditRequest *request, pid_t pid) {
  const bool terminal = isatty(STDOUT_FILENO);
  Origin origin = {0};
  int status = WX_EXIT_OK;
  for (uint64_t sample = 0; !request->samples || sample < request->samples; ++sample) {
    WxAudit audit;
    if (sample)
      pause_for(request->watch_ns);
    int error = wx_audit_live(&audit, pid, &request->audit);
    if (!error && !origin.known) {
      origin = (Origin){.known = true, .mappings = audit.facts.mappings};
      clock_gettime(CLOCK_MONOTONIC, &origin.at);
    }
    if (!error)
      error = show(request, &origin, &audit, terminal);
    // The end of the process is the end of the view, and said: whoever waits for a value gets none.
    if (sample && (error == -ESRCH || error == -ESTALE))
      status =
          wx_cli_fail(options->verb, "process %d has ended or runs another program now", (int)pid);
    else if (error)
      status = wx_audit_explain_failure(options, options->arguments[0], &audit, error);
    wx_audit_free(&audit);
    if (!error && fflush(stdout))
      status = error = wx_cli_fail(options->verb, "cannot write to stdout: %s", strerror(errno));
    if (error)
      break;
  }
  wx_options_free(options);
  return status;
}
