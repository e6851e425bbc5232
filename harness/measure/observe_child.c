#include "measure/observe_child.h"

#include "os/os.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

void *wx_child_report_new(size_t size) {
  void *memory;
  const int flags = MAP_SHARED | MAP_ANONYMOUS;
  return wx_os_mmap(NULL, size, PROT_READ | PROT_WRITE, flags, -1, 0, &memory) ? NULL : memory;
}

void wx_child_report_free(void *report, size_t size) {
  wx_os_munmap_own(report, size);
}

static bool ended_well(const WxChildOrder *order, const WxObserved *observed) {
  if (observed->wait_status)
    return false;
  return observed->outcome == WX_OBSERVED_ENDED ||
         (order->without_steps && observed->outcome == WX_OBSERVED_DIED && observed->steps == 0);
}

// What the child itself says of its failure comes first.
static void explain(const WxChildOrder *order, const WxObserved *observed, WxEnded *ended) {
  wx_observed_ended(observed, ended);
  if (*order->error == 0)
    return;
  const bool in_words = order->said && *order->said;
  ended->error = *order->error;
  snprintf(ended->text, sizeof ended->text, "%s",
           in_words ? order->said : strerror(-*order->error));
}

void wx_observe_child(const WxChildOrder *order, WxObserved *observed, WxEnded *ended) {
  const WxObserveOptions options = {
      .child = order->play,
      .fresh = order->fresh,
      .child_context = order->context,
      .output = WX_STREAM_WITH_ERRORS, // A document may go to ours.
      .errors = WX_STREAM_INHERIT,
      .time_limit_ns = order->time_limit_ns,
      .on_step = order->on_step,
      .context = order->context,
  };
  *observed = (WxObserved){0};
  *ended = (WxEnded){.how = WX_ENDED_WELL};
  const int failed = wx_observe(&options, observed);
  if (failed)
    wx_observed_not_started("a child", failed, ended);
  else if (!ended_well(order, observed))
    explain(order, observed, ended);
  wx_text_free(&observed->output);
  wx_text_free(&observed->errors);
}

int wx_observe_fresh(const WxFreshPart *part, WxEnded *ended) {
  WxFresh fresh = {.fd = -1};
  const int failed =
      wx_fresh_open(&fresh, part->play, part->order, part->order_size, part->report_size);
  if (failed)
    return failed;
  const char *shared = fresh.report;
  const WxChildOrder order = {.fresh = &fresh,
                              .error = fresh.report,
                              .said = part->said_at ? shared + part->said_at : NULL,
                              .without_steps = true,
                              .time_limit_ns = part->time_limit_ns};
  WxObserved observed;
  wx_observe_child(&order, &observed, ended);
  memcpy(part->report, shared, part->report_size);
  wx_fresh_close(&fresh);
  return 0;
}
