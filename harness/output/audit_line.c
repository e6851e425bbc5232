// An audit again and again: one line a sample, or the tables anew.
#include "os/process.h"
#include "output/audit_document.h"
#include "output/format.h"
#include "output/terminal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const double mebibyte = 1024.0 * 1024.0;

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

// The first sample, so that growth can be told.
typedef struct {
  bool known;
  uint64_t at_ns;
  WxFigure mappings;
} Origin;

static void put_line(FILE *stream, const Origin *origin, const WxAudit *audit) {
  char now[32];
  const time_t clock = time(NULL);
  struct tm parts;
  strftime(now, sizeof now, "%H:%M:%S", localtime_r(&clock, &parts));
  const double seconds = (double)(wx_os_now_ns() - origin->at_ns) / 1e9;
  const WxAuditMoment moment = {now, seconds, origin->mappings};
  wx_audit_watch_line(stream, &moment, audit);
}

static int redraw(const WxAuditWatch *watch, const WxAudit *audit) {
  WxDocument document;
  char *text = NULL;
  size_t length;
  wx_document_init(&document, "audit");
  document.width = wx_terminal_columns(fileno(watch->stream));
  wx_audit_tables(&document, audit, watch->by_size);
  const int error = wx_format_render(wx_format_at(0), &document, &text, &length);
  wx_document_free(&document);
  if (!error)
    fprintf(watch->stream, "\033[H\033[2J%s", text);
  free(text);
  return error;
}

static int show(const WxAuditWatch *watch, Origin *origin, const WxAudit *audit) {
  if (!origin->known)
    *origin = (Origin){true, wx_os_now_ns(), audit->facts.mappings};
  if (watch->redrawn)
    return redraw(watch, audit);
  put_line(watch->stream, origin, audit);
  return 0;
}

static void pause_for(uint64_t ns) {
  struct timespec left = {(time_t)(ns / 1000000000), (long)(ns % 1000000000)};
  while (nanosleep(&left, &left) && errno == EINTR)
    ;
}

static int take_sample(const WxAuditWatch *watch, Origin *origin, WxProblem *problem) {
  WxAudit audit;
  const bool first = !origin->known;
  int error = wx_audit_live(&audit, watch->pid, watch->how);
  if (!error)
    error = show(watch, origin, &audit);
  if (!first && (error == -ESRCH || error == -ESTALE))
    error = wx_problem(problem, error, "process %d has ended or runs another program now",
                       (int)watch->pid);
  else if (error)
    error = wx_audit_problem(watch->what, &audit, error, problem);
  wx_audit_free(&audit);
  return error;
}

int wx_audit_watch(const WxAuditWatch *watch, WxProblem *problem) {
  Origin origin = {0};
  int failed = 0;
  for (uint64_t sample = 0; !failed && (!watch->samples || sample < watch->samples); ++sample) {
    if (sample)
      pause_for(watch->every_ns);
    failed = take_sample(watch, &origin, problem);
    if (!failed && fflush(watch->stream))
      failed = wx_problem(problem, -EIO, "cannot write to %s: %s", watch->name, strerror(errno));
  }
  return failed;
}
