#include "measure/observe.h"

#include "measure/child.h"
#include "os/interrupt.h"
#include "os/os.h"
#include "os/process.h"
#include "os/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
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

// While the child has not been reaped, the number of its group is nobody else's.
static int end_what_it_left(const Run *run) {
  int status;
  const pid_t ended = wx_os_peek(run->child.pid, &status);
  if (ended > 0 && !WIFSTOPPED(status))
    (void)wx_os_kill(-run->child.pid, SIGKILL);
  return ended < 0 ? ended : 0;
}

static int reap(Run *run, int options) {
  const int failed = run->options->guarded ? end_what_it_left(run) : 0;
  if (failed)
    return failed;
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

/* How it ended
 * -------------------------------------------------------------------------------------------------
 */

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

/* A part of this program
 * -------------------------------------------------------------------------------------------------
 */

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
