// An audit as one line, for who looks again and again.
#include "output/audit_document.h"

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
