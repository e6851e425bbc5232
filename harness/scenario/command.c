#include "scenario/command.h"

#include "measure/memfd.h"
#include "measure/observe.h"
#include "measure/runtime.h"
#include "measure/watchdog.h"
#include "os/control.h"
#include "os/interrupt.h"
#include "os/os.h"
#include "os/preloads.h"
#include "os/process.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/// How long a program may take to end after SIGTERM.
enum { GRACE_MS = 10000 };
static const uint64_t grace_ns = UINT64_C(1000000) * GRACE_MS;

// One run while it goes on.
typedef struct {
  const WxCommandOrder *order;
  WxCommandRun *run;
  pid_t target;  ///< The process with the runtime, 0 until it is seen;
  int target_fd; ///< its descriptor, -1 where there is none.
  bool gone;     ///< The target has ended.
  bool steps;    ///< The program speaks the step protocol.
  bool beside;   ///< What goes on beside it has been started, and not stopped.
  pid_t load;    ///< 0 where it does not run.
  WxWatchdog load_watchdog;
  uint64_t begun_ns;
  uint64_t over_ns;    ///< When it was time to end it; 0 before,
  uint64_t ended_ns;   ///< and when it was told to.
  bool killed;         ///< It was told to, and did not.
  uint64_t ticking_ns; ///< What all looks between its steps took.
} Commanding;

typedef struct {
  char *argv[4];
} Shell;

static Shell shell_for(const char *command) {
  static char shell[] = "/bin/sh", option[] = "-c";
  return (Shell){{shell, option, (char *)(uintptr_t)command, NULL}};
}

static int shell_status(int wait_status) {
  return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

// Looks for the process with the runtime in the program and its descendants.
static bool find_target(Commanding *commanding, pid_t root) {
  const pid_t found = commanding->target ? 0 : wx_runtime_search(root, commanding->run->runtime);
  if (found > 0) {
    commanding->target = found;
    commanding->target_fd = wx_os_pidfd_open(found);
  }
  return commanding->target != 0;
}

/* Looking at it
 * -------------------------------------------------------------------------------------------------
 */

static int stop_beside(Commanding *commanding) {
  if (!commanding->beside)
    return 0;
  commanding->beside = false;
  const WxBeside *beside = commanding->order->beside;
  // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): it was started, so there is one.
  return beside->stop(beside->context, commanding->run->validation.problem);
}

static bool is_step(const WxStep *step, const char *name) {
  return strcmp(step->name, name) == 0;
}

// There is something to be given back from only once the runtime has made its memfd.
static int start_beside(Commanding *commanding) {
  const WxBeside *beside = commanding->order->beside;
  const WxSample *last = wx_sampling_last(&commanding->run->validation.sampling);
  if (!beside || commanding->beside || !last || last->allocated_bytes <= 0)
    return 0;
  const int failed = beside->start(beside->context, commanding->target);
  commanding->beside = failed == 0;
  return failed;
}

static bool is_to_be_sampled(const Commanding *commanding) {
  const WxCommandOrder *order = commanding->order;
  return !order->unsampled || (order->beside && !commanding->beside);
}

static int sample(Commanding *commanding, const WxStep *step) {
  WxValidation *validation = &commanding->run->validation;
  const int failed = wx_sampling_take(&validation->sampling, commanding->target, step);
  if (!failed)
    wx_mode_look(&validation->ran, commanding->target, commanding->order->mode);
  return failed;
}

// A program that has ended is no failure: its observer will see that.
static int look(Commanding *commanding, const WxStep *step) {
  if (commanding->gone)
    return 0;
  const bool last = is_step(step, "end");
  int failed = 0;
  if (commanding->beside && (last || is_step(step, "collected")))
    failed = commanding->order->beside->settle(commanding->order->beside->context,
                                               commanding->run->validation.problem);
  if (!failed && is_to_be_sampled(commanding))
    failed = sample(commanding, step);
  if (!failed)
    failed = last ? stop_beside(commanding) : start_beside(commanding);
  commanding->gone = failed == -ESRCH;
  return commanding->gone ? 0 : failed;
}

static int on_step(void *context, pid_t pid, const WxStep *step) {
  Commanding *commanding = context;
  if (!commanding->steps) // What was looked at before it spoke belongs to no step.
    commanding->run->validation.sampling.count = 0;
  commanding->steps = true;
  return find_target(commanding, pid) ? look(commanding, step) : 0;
}

/* Load and check
 * -------------------------------------------------------------------------------------------------
 */

static int run_check(Commanding *commanding) {
  if (!commanding->order->check)
    return 0;
  const Shell shell = shell_for(commanding->order->check);
  const WxObserveOptions options = {.argv = shell.argv,
                                    .output = WX_STREAM_CAPTURE,
                                    .errors = WX_STREAM_DISCARD,
                                    .guarded = true,
                                    .time_limit_ns = commanding->order->time_limit_ns};
  WxObserved observed = {0};
  const int failed = wx_observe(&options, &observed);
  if (!failed && observed.outcome == WX_OBSERVED_STOPPED) {
    const int stopped_by = observed.stopped_by;
    wx_observed_free(&observed);
    return stopped_by;
  }
  commanding->run->check_status = shell_status(observed.wait_status);
  commanding->run->check_late = !failed && observed.outcome == WX_OBSERVED_LATE;
  commanding->run->check_output = observed.output;
  observed.output = (WxText){0};
  wx_observed_free(&observed);
  return failed;
}

static int start_load(Commanding *commanding) {
  const Shell shell = shell_for(commanding->order->load);
  const pid_t child = wx_os_fork();
  if (child == 0) {
    (void)wx_os_own_group(0);
    (void)wx_os_signal_on_parent_death(SIGKILL);
    if (freopen("/dev/null", "r", stdin) && freopen("/dev/null", "w", stdout))
      (void)wx_os_exec(shell.argv, environ);
    _exit(127);
  }
  if (child < 0)
    return child;
  commanding->load = child;
  return wx_watchdog_begin(&commanding->load_watchdog, child);
}

static int end_program(Commanding *commanding, pid_t pid) {
  const WxStep step = {.name = "end", .live_bytes = WX_UNKNOWN};
  commanding->over_ns = wx_os_now_ns();
  commanding->run->load_cut = commanding->load != 0;
  int failed = look(commanding, &step);
  if (!failed)
    failed = run_check(commanding);
  if (failed)
    return failed;
  commanding->ended_ns = wx_os_now_ns();
  if (commanding->target_fd >= 0) // It may have left the group of the program.
    (void)wx_os_pidfd_signal(commanding->target_fd, SIGTERM);
  failed = wx_os_kill(-pid, SIGTERM);
  return failed == -ESRCH ? 0 : failed;
}

// Whether it is time to end the program.
static int is_over(Commanding *commanding, bool *over) {
  const uint64_t lasts = commanding->order->lasts_ns;
  *over = lasts && wx_os_now_ns() - commanding->begun_ns >= lasts;
  if (!commanding->load)
    return 0;
  int status;
  const pid_t ended = wx_os_wait(commanding->load, WNOHANG, &status, NULL);
  if (ended <= 0)
    return ended;
  commanding->load = 0;
  wx_watchdog_end(&commanding->load_watchdog);
  commanding->run->load_status = shell_status(status);
  *over = true;
  return 0;
}

static int begin(Commanding *commanding) {
  const WxStep step = {.name = "start", .live_bytes = WX_UNKNOWN};
  const int failed = commanding->steps ? 0 : look(commanding, &step);
  return !failed && commanding->order->load ? start_load(commanding) : failed;
}

static int tick(Commanding *commanding, pid_t pid) {
  if (commanding->ended_ns) {
    if (wx_os_now_ns() - commanding->ended_ns <= grace_ns)
      return 0;
    commanding->killed = true;
    (void)wx_os_kill(-pid, SIGKILL);
    return 0;
  }
  const bool known = commanding->target != 0;
  if (!known && find_target(commanding, pid))
    return begin(commanding);
  bool over;
  int failed = is_over(commanding, &over);
  if (!failed && over)
    return end_program(commanding, pid);
  const WxStep step = {.name = "sample", .live_bytes = WX_UNKNOWN};
  return !failed && known && !commanding->steps ? look(commanding, &step) : failed;
}

static int on_tick(void *context, pid_t pid) {
  Commanding *commanding = context;
  const uint64_t before = wx_os_now_ns();
  const int result = tick(commanding, pid);
  commanding->ticking_ns += wx_os_now_ns() - before;
  return result;
}

static bool has_gone(int fd, int milliseconds) {
  struct pollfd entry = {.fd = fd, .events = POLLIN};
  return wx_os_poll(&entry, 1, milliseconds) != 0;
}

// The process with the runtime may have left the program's group and go on without it, which would
// be in the way of the next mode. Where the program ended by itself it has not been told yet.
static void end_target(Commanding *commanding, const WxObserved *observed) {
  const int fd = commanding->target_fd;
  if (fd < 0)
    return;
  const bool ended =
      observed->outcome == WX_OBSERVED_ENDED || observed->outcome == WX_OBSERVED_DIED;
  if (ended && !commanding->ended_ns)
    (void)wx_os_pidfd_signal(fd, SIGTERM);
  if (!has_gone(fd, ended || commanding->ended_ns ? GRACE_MS : 0)) {
    (void)wx_os_pidfd_signal(fd, SIGKILL);
    (void)has_gone(fd, GRACE_MS);
  }
  wx_os_close_reader(fd);
  commanding->target_fd = -1;
}

/* The whole of it
 * -------------------------------------------------------------------------------------------------
 */

// As observe.c says it; but a program that knows of no steps is not told of its first one, and one
// that took no notice of SIGTERM is.
static void say_ended(const Commanding *commanding, const WxObserved *observed, WxEnded *ended) {
  static const char before[] = " before its first step";
  wx_observed_ended(observed, ended);
  char *at = commanding->steps ? NULL : strstr(ended->text, before);
  if (at)
    memmove(at, at + sizeof before - 1, strlen(at + sizeof before - 1) + 1);
  if (commanding->killed)
    snprintf(ended->text, sizeof ended->text, "killed, since it went on for %d s after SIGTERM",
             GRACE_MS / 1000);
}

static void explain(Commanding *commanding, const WxObserved *observed) {
  WxValidation *validation = &commanding->run->validation;
  const int failed = stop_beside(commanding);
  const bool beside_failed = failed && failed != -ESRCH;
  say_ended(commanding, observed, &validation->ended);
  if (!beside_failed && observed->outcome != WX_OBSERVED_STOPPED)
    return;
  const int error = beside_failed ? failed : observed->stopped_by;
  validation->ended = (WxEnded){.how = WX_ENDED_STOPPED, .error = error};
  snprintf(validation->ended.text, sizeof validation->ended.text, "%s",
           *validation->problem ? validation->problem : strerror(-error));
}

// Whether it ended as a program does: by itself with status 0, or as one that is told to.
static bool ended_well(const Commanding *commanding, const WxObserved *observed) {
  const bool by_itself = observed->outcome == WX_OBSERVED_ENDED ||
                         (observed->outcome == WX_OBSERVED_DIED && !commanding->steps);
  if (!commanding->ended_ns)
    return by_itself && observed->wait_status == 0;
  const int status = shell_status(observed->wait_status);
  return observed->outcome != WX_OBSERVED_LATE && (status == 0 || status == 128 + SIGTERM);
}

// The last look at a program that ended by itself was that at its end.
static void name_end(Commanding *commanding) {
  WxSample *last = wx_sampling_last(&commanding->run->validation.sampling);
  if (last && !commanding->steps)
    last->step = "end";
}

// It runs on while it is looked at between its steps. How long it takes to end once it is told to
// is not what it was run for.
static WxFigure lasted(const Commanding *commanding, const WxObserved *observed) {
  const uint64_t waiting = observed->waiting_ns - commanding->ticking_ns;
  const uint64_t whole =
      commanding->over_ns ? commanding->over_ns - commanding->begun_ns : observed->wall_ns;
  return (WxFigure)(whole - waiting);
}

static void finish(Commanding *commanding, const WxObserved *observed) {
  WxCommandRun *run = commanding->run;
  WxValidation *validation = &run->validation;
  if (!commanding->ended_ns)
    run->exit_status = shell_status(observed->wait_status);
  if (!ended_well(commanding, observed)) {
    explain(commanding, observed);
    return;
  }
  (void)stop_beside(commanding);
  name_end(commanding);
  if (!commanding->ended_ns && run_check(commanding) == -EINTR)
    validation->ended = (WxEnded){.how = WX_ENDED_STOPPED, .error = -EINTR};
  wx_validation_fill(validation, observed);
  validation->result.metrics.wall_ns = lasted(commanding, observed);
  if (!commanding->target)
    validation->result.unknown = "no process of it was seen to run .NET";
}

static void observe(Commanding *commanding) {
  const WxCommandOrder *order = commanding->order;
  WxValidation *validation = &commanding->run->validation;
  char *preload = NULL;
  WxConfinement confinement;
  int failed = wx_confinement_begin(&confinement, order->memory_limit);
  if (!failed && order->mode->preload)
    failed = wx_preload_beside(order->preload, WX_PRELOAD_LAST, &preload);
  const char *const environment[] = {order->mode->wx ? "DOTNET_EnableWriteXorExecute=1"
                                                     : "DOTNET_EnableWriteXorExecute=0",
                                     "COMPlus_EnableWriteXorExecute", preload, NULL};
  const Shell shell = shell_for(order->command);
  const WxObserveOptions options = {.argv = shell.argv,
                                    .environment = environment,
                                    .output = WX_STREAM_CAPTURE,
                                    .errors = WX_STREAM_CAPTURE,
                                    .group = wx_confinement_folder(&confinement),
                                    .guarded = true,
                                    .time_limit_ns = order->time_limit_ns,
                                    .on_step = on_step,
                                    .on_tick = on_tick,
                                    .every_ns = order->every_ns,
                                    .context = commanding};
  WxObserved observed = {0};
  if (!failed)
    failed = wx_observe(&options, &observed);
  free(preload);
  end_target(commanding, &observed);
  wx_sampling_close(&validation->sampling);
  if (commanding->load)
    wx_os_end_group(commanding->load, NULL, NULL);
  wx_watchdog_end(&commanding->load_watchdog);
  wx_confinement_end(&confinement, observed.wall_ns, &validation->confined);
  if (failed) {
    (void)stop_beside(commanding);
    wx_observed_not_started(shell.argv[0], failed, &validation->ended);
  } else {
    finish(commanding, &observed);
  }
  wx_validation_end(validation, &observed);
}

void wx_command_run(const WxCommandOrder *order, WxCommandRun *run) {
  *run = (WxCommandRun){.validation.sampling.file = WX_DOUBLEMAPPER,
                        .runtime = "unknown",
                        .exit_status = WX_COMMAND_NONE,
                        .load_status = WX_COMMAND_NONE,
                        .check_status = WX_COMMAND_NONE};
  run->validation.result = (WxResult){.workload = "command",
                                      .mode = order->mode->name,
                                      .runtime = run->runtime,
                                      .metrics = wx_metrics_unknown()};
  if (wx_os_interrupted()) {
    run->validation.result.skipped = wx_interrupted;
    return;
  }
  Commanding commanding = {.order = order,
                           .run = run,
                           .target_fd = -1,
                           .load_watchdog = WX_WATCHDOG_NONE,
                           .begun_ns = wx_os_now_ns()};
  observe(&commanding);
}

/* What is said of it
 * -------------------------------------------------------------------------------------------------
 */

static void add(WxCommandJudged *judged, const char *name, bool ok, const char *expected,
                const char *actual) {
  const size_t at = judged->count++;
  snprintf(judged->expected[at], WX_COMMAND_SHOWN, "%s", expected);
  snprintf(judged->actual[at], WX_COMMAND_SHOWN, "%s", actual);
  judged->items[at] = (WxExpectationResult){
      .name = name, .ok = ok, .expected = judged->expected[at], .actual = judged->actual[at]};
}

static void add_status(WxCommandJudged *judged, const char *name, int status, bool late) {
  char actual[WX_COMMAND_SHOWN];
  if (status == WX_COMMAND_NONE)
    snprintf(actual, sizeof actual, "not known: the program ended before");
  else
    snprintf(actual, sizeof actual, "%d%s", status, late ? ", killed at the time limit" : "");
  add(judged, name, status == 0, "= 0", actual);
}

static void add_load(WxCommandJudged *judged, const WxCommandRun *run) {
  add_status(judged, "exit status of the load", run->load_status, false);
  if (run->load_cut) // As it was to be: a load may know no end.
    judged->items[judged->count - 1].reason = "it still ran when the time was over";
}

static void add_output(WxCommandJudged *judged, const char *name, const char *base,
                       const WxText *first, const WxText *own) {
  const bool same = wx_text_is_equal(first, own);
  char expected[WX_COMMAND_SHOWN];
  snprintf(expected, sizeof expected, "as in mode %s", base);
  add(judged, name, same, expected, same ? "the same" : "different");
}

void wx_command_judge(const WxCommandOrder *order, const WxCommandRun *first,
                      const WxCommandRun *run, WxCommandJudged *judged) {
  judged->count = 0;
  const char *base = first->validation.result.mode;
  if (order->load)
    add_load(judged, run);
  if (order->check) {
    add_status(judged, "exit status of the check", run->check_status, run->check_late);
    add_output(judged, "output of the check", base, &first->check_output, &run->check_output);
  } else {
    add_output(judged, "output", base, &first->validation.output, &run->validation.output);
  }
}

void wx_command_take_statuses(const WxCommandRun *run, WxEnded *ended) {
  const bool load = run->load_status > 0;
  const int status = load ? run->load_status : run->check_status;
  if (status <= 0 || ended->how != WX_ENDED_WELL)
    return;
  *ended = (WxEnded){.how = WX_ENDED_EXIT, .status = status};
  snprintf(ended->text, sizeof ended->text, "exit status %d of the %s", status,
           load ? "load" : "check");
}

void wx_command_run_free(WxCommandRun *run) {
  wx_validation_free(&run->validation);
  wx_text_free(&run->check_output);
}
