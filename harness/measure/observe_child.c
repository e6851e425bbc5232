#include "measure/observe_child.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

void *wx_child_report_new(size_t size) {
  void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? NULL : memory;
}

void wx_child_report_free(void *report, size_t size) {
  munmap(report, size);
}

static bool ended_well(const WxChildOrder *order, const WxObserved *observed) {
  if (observed->wait_status)
    return false;
  return observed->outcome == WX_OBSERVED_ENDED ||
         (order->without_steps && observed->outcome == WX_OBSERVED_DIED && observed->steps == 0);
}

static int explain(const WxChildOrder *order, const WxObserved *observed, char *problem,
                   size_t size) {
  if (*order->error) {
    const bool in_words = order->said && *order->said;
    snprintf(problem, size, "%s", in_words ? order->said : strerror(-*order->error));
    return *order->error;
  }
  wx_observed_describe(observed, problem, size);
  return observed->outcome == WX_OBSERVED_STOPPED ? observed->stopped_by : -EIO;
}

int wx_observe_child(const WxChildOrder *order, WxObserved *observed, char *problem, size_t size) {
  const WxObserveOptions options = {
      .child = order->play,
      .child_context = order->context,
      .output = WX_STREAM_INHERIT,
      .errors = WX_STREAM_INHERIT,
      .on_step = order->on_step,
      .context = order->context,
  };
  *observed = (WxObserved){0};
  int result = wx_observe(&options, observed);
  if (result)
    snprintf(problem, size, "cannot start a child: %s", strerror(-result));
  else if (!ended_well(order, observed))
    result = explain(order, observed, problem, size);
  wx_text_free(&observed->output);
  wx_text_free(&observed->errors);
  return result;
}
