#include "measure/observe.h"

#include "measure/child.h"
#include "os/interrupt.h"
#include "os/os.h"
#include "os/process.h"
#include "os/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* The last part of what a program prints into a pipe
 * -------------------------------------------------------------------------------------------------
 */

enum {
  READ_SIZE = 16 * 1024,
  /// Reads of what is left in a pipe: more than its capacity, which is 1 MiB at most by default.
  LAST_READS = 80,
};

// Keeps the last `limit` bytes.
static void trim(WxText *text, size_t limit) {
  if (text->length <= limit)
    return;
  memmove(text->data, text->data + text->length - limit, limit);
  text->length = limit;
  text->data[limit] = '\0';
}

// Moves the text to the front only once it is twice as long as it may be.
static int append(WxText *text, const char *data, size_t size, size_t limit) {
  if (!text->data) {
    text->data = malloc(2 * limit + READ_SIZE + 1);
    if (!text->data)
      return -ENOMEM;
    text->capacity = 2 * limit + READ_SIZE + 1;
  }
  memcpy(text->data + text->length, data, size);
  text->length += size;
  text->data[text->length] = '\0';
  if (text->length > 2 * limit)
    trim(text, limit);
  return 0;
}

// Reads once from `*fd` and appends to `text`, which holds at least the last `limit` bytes. At the
// end of the file closes it and makes it -1.
static int read_capture(WxText *text, int *fd, size_t limit) {
  char buffer[READ_SIZE];
  const ssize_t got = wx_os_read(*fd, buffer, sizeof buffer);
  if (got < 0)
    return (int)got;
  if (got > 0)
    return append(text, buffer, (size_t)got, limit);
  wx_os_close_reader(*fd);
  *fd = -1;
  return 0;
}

// Reads what a program that has ended had printed before, without waiting: a process that it left
// behind may hold the pipe open, and may write to it without end. Cuts `text` to its last `limit`
// bytes.
static int finish_capture(WxText *text, int *fd, size_t limit) {
  int result = 0;
  for (int i = 0; i < LAST_READS && *fd >= 0 && !result; ++i) {
    struct pollfd entry = {.fd = *fd, .events = POLLIN};
    const int ready = wx_os_poll(&entry, 1, 0);
    if (ready == 0)
      break;
    result = ready < 0 ? ready : read_capture(text, fd, limit);
  }
  trim(text, limit);
  return result;
}

enum {
  DEFAULT_CAPTURE = 1024 * 1024,
  NANOSECONDS_PER_MILLISECOND = 1000000,
  /// How often the child is asked whether it has ended, where the kernel has no pidfd.
  ASK_AGAIN_MS = 20,
};

/// Ends of the child that are waited for.
enum { ON_STEPS, ON_OUTPUT, ON_ERRORS, ON_END, ON_INTERRUPT, ENTRIES };

/// One observation.
typedef struct {
  const WxObserveOptions *options;
  WxObserved *observed;
  WxChild child;
  uint64_t begun_ns;
  uint64_t tick_ns; ///< When on_tick is called next.
  char line[WX_STEP_LINE_SIZE];
  size_t length; ///< Bytes in `line`.
  bool reaped;
  bool finished; ///< Nothing more to wait for.
} Run;

static void complain(Run *run, const char *reason) {
  char *text = run->observed->complaint;
  const size_t size = sizeof run->observed->complaint;
  const int used =
      snprintf(text, size, "line %" PRIu64 ": %s, got `", run->observed->steps + 1, reason);
  size_t at = (size_t)used;
  const bool ended = run->line[run->length - 1] == '\0'; // Was a newline.
  for (size_t i = 0; i < run->length - ended && run->line[i] != '\n' && at + 2 < size; ++i)
    text[at++] = run->line[i] >= ' ' && run->line[i] <= '~' ? run->line[i] : '?';
  text[at++] = '`';
  text[at] = '\0';
}

static void finish_garbled(Run *run, const char *reason) {
  complain(run, reason);
  run->observed->outcome = WX_OBSERVED_GARBLED;
  run->finished = true;
}

static int reap(Run *run, int options) {
  const pid_t ended =
      wx_os_wait(run->child.pid, options, &run->observed->wait_status, &run->observed->usage);
  run->reaped = ended > 0;
  return ended < 0 ? ended : 0;
}

// Whether the child has ended (it may still have to be reaped).
static int has_ended(Run *run, bool *ended) {
  if (run->child.pidfd < 0) {
    const int result = reap(run, WNOHANG);
    *ended = run->reaped;
    return result;
  }
  struct pollfd entry = {.fd = run->child.pidfd, .events = POLLIN};
  const int ready = wx_os_poll(&entry, 1, 0);
  *ended = ready > 0;
  return ready < 0 ? ready : 0;
}

static int answer(Run *run) {
  struct pollfd entry = {.fd = run->child.answers, .events = POLLOUT};
  const int ready = wx_os_poll(&entry, 1, 0);
  if (ready < 0)
    return ready;
  if (ready == 0) { // 64 KiB of answers that nobody has read.
    finish_garbled(run, "expected the program to read its answers");
    return 0;
  }
  const ssize_t put = wx_os_write(run->child.answers, "\n", 1);
  return put < 0 ? (int)put : 0;
}

// Takes in what a callback that was called at `before` returned.
static int called_back(Run *run, uint64_t before, int stopped) {
  run->observed->waiting_ns += wx_os_now_ns() - before;
  if (!stopped)
    return 0;
  bool ended = false; // A program killed while it is looked at has died, and nobody stopped it.
  const int result = stopped == -ESRCH ? has_ended(run, &ended) : 0;
  if (!result && !ended) {
    run->observed->outcome = WX_OBSERVED_STOPPED;
    run->observed->stopped_by = stopped;
    run->finished = true;
  }
  return result;
}

static int call_back(Run *run, const WxStep *step) {
  const WxObserveOptions *options = run->options;
  const uint64_t before = wx_os_now_ns();
  return options->on_step
             ? called_back(run, before, options->on_step(options->context, run->child.pid, step))
             : 0;
}

static int tick_if_due(Run *run) {
  const WxObserveOptions *options = run->options;
  const uint64_t before = wx_os_now_ns();
  if (!options->on_tick || run->finished || before < run->tick_ns)
    return 0;
  const int result = called_back(run, before, options->on_tick(options->context, run->child.pid));
  run->tick_ns = wx_os_now_ns() + options->every_ns;
  return result;
}

static int take_step(Run *run) {
  run->line[run->length - 1] = '\0';
  WxStep step;
  const char *reason = strlen(run->line) + 1 == run->length ? wx_step_parse(&step, run->line)
                                                            : "expected no NUL in a line";
  if (!reason && run->observed->outcome == WX_OBSERVED_ENDED)
    reason = "expected no step after `end`";
  if (reason) {
    finish_garbled(run, reason);
    return 0;
  }
  ++run->observed->steps;
  run->observed->last = step;
  run->length = 0;
  const int result = call_back(run, &step);
  if (result || run->finished)
    return result;
  if (strcmp(step.name, "end") == 0)
    run->observed->outcome = WX_OBSERVED_ENDED;
  return answer(run);
}

static int on_steps(Run *run) {
  const size_t room = sizeof run->line - run->length;
  const ssize_t got = wx_os_read(run->child.steps, run->line + run->length, room);
  if (got < 0)
    return (int)got;
  if (got == 0) {
    wx_os_close_reader(run->child.steps);
    run->child.steps = -1;
    return 0;
  }
  run->length += (size_t)got;
  const char *newline = memchr(run->line, '\n', run->length);
  if (newline && newline + 1 == run->line + run->length)
    return take_step(run);
  if (newline)
    finish_garbled(run, "expected the program to wait for the answer");
  else if (run->length == sizeof run->line)
    finish_garbled(run, "expected a line of at most 95 bytes");
  return 0;
}

static size_t capture_limit(const Run *run) {
  return run->options->capture_limit ? run->options->capture_limit : DEFAULT_CAPTURE;
}

static int on_output(Run *run) {
  return read_capture(&run->observed->output, &run->child.output, capture_limit(run));
}

static int on_errors(Run *run) {
  return read_capture(&run->observed->errors, &run->child.errors, capture_limit(run));
}

static int on_end(Run *run) {
  run->finished = true;
  return run->reaped ? 0 : reap(run, 0);
}

static int on_interrupt(Run *run) {
  run->observed->outcome = WX_OBSERVED_STOPPED;
  run->observed->stopped_by = -EINTR;
  run->finished = true;
  return 0;
}

// Milliseconds until the time limit, rounded up; -1 without one. Time spent in the callback does
// not count.
static int remaining_ms(const Run *run) {
  if (!run->options->time_limit_ns)
    return -1;
  const uint64_t used = wx_os_now_ns() - run->begun_ns - run->observed->waiting_ns;
  const uint64_t limit = run->options->time_limit_ns;
  const uint64_t left = used < limit ? limit - used : 0;
  const uint64_t milliseconds =
      left / NANOSECONDS_PER_MILLISECOND + (left % NANOSECONDS_PER_MILLISECOND != 0);
  return milliseconds > INT32_MAX ? INT32_MAX : (int)milliseconds;
}

// The same until the next tick, where that comes first.
static int wait_ms(const Run *run, int remaining) {
  if (!run->options->on_tick)
    return remaining;
  const uint64_t now = wx_os_now_ns();
  const uint64_t left = run->tick_ns > now ? run->tick_ns - now : 0;
  const uint64_t milliseconds = left / NANOSECONDS_PER_MILLISECOND + 1;
  return remaining >= 0 && (uint64_t)remaining < milliseconds ? remaining
         : milliseconds > INT32_MAX                           ? INT32_MAX
                                                              : (int)milliseconds;
}

static int wait_for_events(Run *run, struct pollfd entries[static ENTRIES]) {
  const WxChild *child = &run->child;
  const int fds[ENTRIES] = {child->steps, child->output, child->errors, child->pidfd,
                            wx_os_interrupt_fd()};
  for (size_t i = 0; i < ENTRIES; ++i) // Negative ones are passed over by poll().
    entries[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
  const int remaining = remaining_ms(run);
  if (remaining == 0) {
    run->observed->outcome = WX_OBSERVED_LATE;
    run->finished = true;
    return 0;
  }
  const int wait = wait_ms(run, remaining);
  const bool must_ask = child->pidfd < 0 && (wait < 0 || wait > ASK_AGAIN_MS);
  const int ready = wx_os_poll(entries, ENTRIES, must_ask ? ASK_AGAIN_MS : wait);
  if (ready < 0)
    return ready;
  bool ended = false;
  const int result = child->pidfd < 0 ? has_ended(run, &ended) : 0;
  if (ended)
    entries[ON_END].revents = POLLIN;
  return result;
}

// A step that was said by a program that has ended is not looked at any more.
static int handle_events(Run *run, const struct pollfd entries[static ENTRIES]) {
  static int (*const handlers[ENTRIES])(Run *) = {[ON_STEPS] = on_steps,
                                                  [ON_OUTPUT] = on_output,
                                                  [ON_ERRORS] = on_errors,
                                                  [ON_END] = on_end,
                                                  [ON_INTERRUPT] = on_interrupt};
  if (entries[ON_END].revents)
    return on_end(run);
  int result = 0;
  for (size_t i = 0; i < ENTRIES && !result && !run->finished; ++i)
    if (entries[i].revents)
      result = handlers[i](run);
  return result;
}

static int watch(Run *run) {
  int result = 0;
  while (!result && !run->finished) {
    struct pollfd entries[ENTRIES];
    result = wait_for_events(run, entries);
    if (!result && !run->finished)
      result = handle_events(run, entries);
    if (!result)
      result = tick_if_due(run);
  }
  if (!run->reaped)
    wx_os_end_group(run->child.pid, &run->observed->wait_status, &run->observed->usage);
  run->observed->wall_ns = wx_os_now_ns() - run->begun_ns;
  if (!result)
    result = finish_capture(&run->observed->output, &run->child.output, capture_limit(run));
  if (!result)
    result = finish_capture(&run->observed->errors, &run->child.errors, capture_limit(run));
  return result;
}

int wx_observe(const WxObserveOptions *options, WxObserved *observed) {
  wx_observed_free(observed);
  observed->outcome = WX_OBSERVED_DIED; // Until it says `end`.
  Run run = {.options = options, .observed = observed, .begun_ns = wx_os_now_ns()};
  run.tick_ns = run.begun_ns + options->every_ns;
  int result = wx_child_start(&run.child, options);
  if (result)
    return result;
  result = watch(&run);
  wx_child_close(&run.child);
  return result;
}
