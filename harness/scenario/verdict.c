#include "scenario/verdict.h"

#include "measure/retention.h"
#include "stats/units.h"

#include <stdio.h>

static double percent(WxFigure part, WxFigure whole) {
  return whole > 0 ? 100.0 * (double)part / (double)whole : 0;
}

const char *wx_verdict(const WxMetrics *metrics, WxFigure allocated_at_end, char *text,
                       size_t size) {
  const WxFigure orphaned = metrics->orphaned_bytes;
  char orphaned_text[WX_UNITS_TEXT], allocated_text[WX_UNITS_TEXT], live_text[WX_UNITS_TEXT];
  wx_units_format_bytes(orphaned_text, orphaned);
  wx_units_format_bytes(allocated_text, allocated_at_end);
  wx_units_format_bytes(live_text, metrics->live_peak_bytes);
  if (!wx_known(orphaned) || !wx_known(allocated_at_end)) {
    snprintf(text, size, "The memfd of the process could not be examined.");
    return "unknown";
  }
  if (metrics->allocated_peak_bytes == 0) {
    snprintf(text, size, "There is no memfd: executable memory is private and freed by munmap.");
    return "not-affected";
  }
  if (wx_is_retained(orphaned, allocated_at_end)) {
    const bool has_grown =
        wx_known(metrics->live_peak_bytes) && allocated_at_end > metrics->live_peak_bytes;
    snprintf(text, size,
             "%s: %s of %s (%.0f %%) are allocated and mapped nowhere, "
             "after a live peak of %s. RSS, Pss and dumps do not show them.",
             has_grown ? "Releasing made the memfd grow" : "What was released was not given back",
             orphaned_text, allocated_text, percent(orphaned, allocated_at_end), live_text);
    return "retained";
  }
  const bool is_live = allocated_at_end - orphaned >= WX_RETAINED_LEAST_BYTES;
  snprintf(text, size, "%s in the memfd at the end, %s of it mapped nowhere: %s.", allocated_text,
           orphaned_text, is_live ? "the rest is live code and its data" : "nothing to give back");
  return is_live ? "live" : "clean";
}
