#include "trace/replay_play.h"

#include "measure/own_mappings.h"
#include "os/control.h"
#include "os/process.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { SAMPLES = 32 }; ///< Beside those where the recorder looked.

typedef struct {
  const WxReplayOrder *order;
  WxReplayReport *report;
  WxStepChannel channel;
  WxAllocator *allocator;
  WxReplay *replay;
  uint64_t round;
  uint64_t waited_ns; ///< At steps, all in all.
} Play;

static int explain(Play *play, int error, const char *what) {
  if (error && !play->report->problem[0])
    snprintf(play->report->problem, WX_REPLAY_TEXT, "%s: %s", what,
             wx_allocator_error(play->allocator, error));
  return error;
}

static bool owns(void *allocator, uintptr_t start) {
  return wx_allocator_owns(allocator, start);
}

static int count_mappings(Play *play) {
  WxOwnMappings own;
  const int failed = wx_own_mappings_count(&own, owns, play->allocator);
  play->report->mappings = failed ? play->report->mappings : own.mappings;
  play->report->wx_pages = failed ? play->report->wx_pages : own.wx_pages;
  return failed;
}

static int say(Play *play, const char *name) {
  if (play->order->unobserved)
    return 0;
  const uint64_t before = wx_os_now_ns();
  int failed = play->allocator ? count_mappings(play) : 0;
  const WxFigure live = play->replay ? (WxFigure)wx_replay_tally(play->replay)->live_bytes : 0;
  if (!failed)
    failed = wx_step_write(play->channel, play->round, name, live);
  play->waited_ns += wx_os_now_ns() - before;
  return explain(play, failed, name);
}

/// Waits until the moment at which the event was recorded.
static void keep_pace(const Play *play, uint64_t begun_ns, uint64_t event_ns) {
  const uint64_t now = wx_os_now_ns() - begun_ns - play->waited_ns;
  if (play->order->paced && event_ns > now)
    (void)wx_os_sleep_ns(event_ns - now);
}

/// The step that an event is followed by, NULL for none.
static const char *step_after(const WxTraceEvent *event, uint64_t number, uint64_t stride) {
  if (event->kind == WX_TRACE_EXTENTS && event->mark && event->value == WX_TRACE_AT_EXIT)
    return "collected";
  if (event->kind == WX_TRACE_EXTENTS && event->mark && event->value == WX_TRACE_OF_FILE)
    return "generated";
  return number % stride == 0 ? "generated" : NULL;
}

static int play_event(Play *play, const WxTraceEvent *event, uint64_t begun_ns, uint64_t stride) {
  keep_pace(play, begun_ns, event->time_ns);
  const int failed = wx_replay_apply(play->replay, event);
  if (failed) {
    char what[64];
    snprintf(what, sizeof what, "event %ju (%s)", (uintmax_t)wx_replay_tally(play->replay)->events,
             wx_trace_kind_name(event->kind));
    return explain(play, failed, what);
  }
  const char *step = step_after(event, wx_replay_tally(play->replay)->events, stride);
  return step ? say(play, step) : 0;
}

static int play_events(Play *play, WxTraceReader *reader) {
  WxTraceEvent event;
  play->report->header = *wx_trace_header(reader);
  const uint64_t stride = play->report->header.events / SAMPLES + 1;
  const uint64_t begun_ns = wx_os_now_ns();
  play->waited_ns = 0;
  int result = wx_trace_next(reader, &event);
  while (result > 0) {
    const int failed = play_event(play, &event, begun_ns, stride);
    if (failed)
      return failed;
    result = wx_trace_next(reader, &event);
  }
  play->report->damage = wx_trace_damage(reader);
  play->report->replaying_ns += wx_os_now_ns() - begun_ns - play->waited_ns;
  play->report->tally = *wx_replay_tally(play->replay);
  return result == -EBADMSG ? 0 : explain(play, result, "reading the trace");
}

static int play_round(Play *play) {
  WxTraceReader *reader;
  int failed = wx_trace_open(play->order->path, &reader, &play->report->damage);
  if (failed)
    return explain(play, failed, play->order->path);
  failed = wx_replay_open(play->allocator, &play->replay);
  if (!failed) {
    failed = play_events(play, reader);
    if (!failed && !play->report->tally.recorded_end_known)
      failed = say(play, "collected");
    if (!failed)
      failed = explain(play, wx_replay_release_all(play->replay), "releasing the rest");
    for (int i = 0; i < WX_OPERATIONS; i++)
      play->report->done[i] += wx_replay_tally(play->replay)->done[i];
    wx_replay_close(play->replay);
    play->replay = NULL;
  }
  const int closed = wx_trace_close(reader);
  return failed ? failed : explain(play, closed, play->order->path);
}

/// The file's size as recorded, which decides when its offsets run out.
static void read_file_size(const WxReplayOrder *order, WxStrategyOptions *options) {
  WxTraceReader *reader;
  WxTraceDamage damage;
  WxTraceEvent event;
  if (wx_trace_open(order->path, &reader, &damage))
    return;
  if (wx_trace_next(reader, &event) == 1 && event.kind == WX_TRACE_FILE && event.value > 0)
    options->file_size = event.value;
  (void)wx_trace_close(reader);
}

static int open_allocator(Play *play) {
  WxStrategyOptions options = wx_strategy_options_default();
  // A view that the runtime kept is one map and one unmap in the trace, however often it was used.
  options.cache = 0;
  options.walks = play->order->walks;
  read_file_size(play->order, &options);
  const int failed = wx_allocator_open(play->order->strategy, &options, &play->allocator);
  if (!failed)
    snprintf(play->report->path, sizeof play->report->path, "%s", play->allocator->strategy->name);
  return explain(play, failed, "opening the strategy");
}

static int play_rounds(Play *play) {
  int failed = say(play, "start");
  if (!failed)
    failed = open_allocator(play);
  if (failed)
    return failed;
  if (!play->order->unobserved)
    wx_verb_durations_take(&play->report->durations, play->allocator);
  const uint64_t faults = wx_os_minor_faults();
  const uint64_t rounds = play->order->rounds ? play->order->rounds : 1;
  while (!failed && play->round < rounds) {
    play->round++;
    failed = play_round(play);
  }
  play->report->minor_faults = wx_os_minor_faults() - faults;
  play->report->cost = wx_allocator_cost(play->allocator);
  if (!failed)
    failed = say(play, "end");
  const int closed = wx_allocator_close(play->allocator);
  return failed ? failed : explain(play, closed, "closing the strategy");
}

int wx_replay_play(const WxReplayOrder *order, WxReplayReport *report, WxStepChannel channel) {
  Play play = {.order = order, .report = report, .channel = channel};
  report->error = play_rounds(&play);
  return report->error;
}
