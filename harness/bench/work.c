#include "bench/work.h"

#include "bench/look.h"
#include "bench/turnover.h"
#include "codegen/codegen.h"
#include "measure/observe.h"
#include "os/os.h"
#include "os/process.h"
#include "strategy/plugin.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BLOCK = 64 * 1024, PATCH = 256, THREADS = 2 };

static const int64_t not_known = -1;

// Two mappings a block, as of coreclr, are more than a process may have where 100,000 live.
#define LIVE(count, text, against)                                                                 \
  {                                                                                                \
    .name = "live_" #count, .operation = "cycle",                                                  \
    .means = "block_cycle beside " text " blocks of a page that live", .live = (count),            \
    .threads = 1, .base = (against), .named_only = true                                            \
  }
#define SIZED(suffix, text, kib)                                                                   \
  {                                                                                                \
    .name = "size_" #suffix, .operation = "cycle", .means = "block_cycle with a block of " text,   \
    .size = (kib)*1024, .threads = 1, .named_only = true                                           \
  }

static const WxWork works[] = {
    {.name = "block_cycle",
     .operation = "cycle",
     .means = "reserve 64 KiB, commit, write 1 KiB of code, run it, release",
     .threads = 1},
    {.name = "live_10000",
     .operation = "cycle",
     .means = "the same beside 10,000 blocks of a page that live",
     .live = 10000,
     .threads = 1},
    {.name = "writers_2",
     .operation = "cycle",
     .means = "the same by two threads at once; time for each cycle of either",
     .threads = THREADS,
     .alone = &works[0]},
    {.name = "patch",
     .operation = "patch",
     .means = "write 256 bytes of code over others and run them",
     .threads = 1,
     .patches = true},
    {.name = "second_thread",
     .operation = "cycle",
     .means = "as block_cycle, while another thread runs code of a block that lives",
     .threads = 1,
     .beside = true},
    {.name = "mixed_sizes",
     .operation = "turn",
     .means = "drop one of 100 blocks of 4 to 576 KiB, make another one with 1 KiB of code, run it",
     .threads = 1,
     .mixed = true},
    {.name = "fine_grained",
     .operation = "turn",
     .means = "drop one of 1,000 functions, make another one, call it",
     .threads = 1,
     .functions = true},
    {.name = "publish",
     .operation = "publish",
     .means = "write 256 bytes of code, which are at hand, over a function; it runs at the end",
     .threads = 1,
     .functions = true,
     .publishes = true,
     .named_only = true},
    {.name = "fork",
     .operation = "fork",
     .means = "a child runs the code of 100 blocks, makes one of its own and gives it back",
     .live = 100,
     .threads = 1,
     .forks = true,
     .named_only = true},
    LIVE(100, "100", NULL),
    LIVE(1000, "1,000", NULL),
    LIVE(100000, "100,000", "coreclr-off"),
    SIZED(4k, "4 KiB", 4),
    SIZED(16k, "16 KiB", 16),
    SIZED(256k, "256 KiB", 256),
    SIZED(1m, "1 MiB", 1024),
    SIZED(4m, "4 MiB", 4096),
};

const WxWork *wx_work_at(size_t index) {
  return index < sizeof works / sizeof *works ? &works[index] : NULL;
}

const char *wx_work_subject_name(WxWorkSubject subject) {
  return subject.peer ? subject.peer->name : subject.strategy->name;
}

const char *wx_work_unfit(const WxWork *work, WxWorkSubject subject) {
  if (subject.peer && work->publishes && !subject.peer->patches)
    return "what it made is not written again";
  if (subject.peer)
    return work->functions ? NULL : "it makes functions, not blocks";
  const unsigned can = subject.strategy->capabilities;
  if (!work->functions && can & WX_HAS_NO_BLOCKS)
    return "it has functions, no blocks";
  if ((work->patches || work->publishes) && !(can & WX_CAN_PATCH))
    return "a page is written once";
  if (work->threads > 1 && can & WX_FOR_ONE_THREAD)
    return "it is for one thread at a time";
  return wx_strategy_lacks(subject.strategy);
}

// Blocks with code that live while others come and go.
static unsigned blocks_of(const WxWork *work) {
  return work->live + work->patches + work->beside;
}

// What travels to the process.
typedef struct {
  size_t work; ///< Its place in the table: a pointer leads elsewhere there.
  uint64_t operations;
  bool is_peer;
  char name[WX_STRATEGY_NAME];
} Order;

typedef struct {
  WxAllocator *allocator; ///< NULL for a peer.
  WxTurnover *turnover;   ///< For work with functions that come and go.
  WxMaker *maker;         ///< For work with one function, `published`.
  void *published;
  char texts[2][PATCH]; ///< By turns, so that something changes.
  const WxWork *work;
  uint64_t operations;
  uint64_t first; ///< Of the functions that are written.
  pthread_barrier_t *begin;
  void *const *blocks;         ///< That live.
  void *patched;               ///< Where patches go.
  const void *beside;          ///< What another thread runs.
  uint64_t began_ns, ended_ns; ///< Of several threads, each its own: who waits may wake late.
  int error;
} Worker;

static int cycle(Worker *worker, uint64_t identity) {
  void *base;
  const size_t size = worker->work->size ? worker->work->size : BLOCK;
  int result = wx_generate(worker->allocator, size, identity, &base);
  if (result == 0)
    result = wx_codegen_check(base, WX_GENERATED, identity);
  return result ? result : wx_allocator_release(worker->allocator, base);
}

// Whether the code of all blocks that live is whole; that of a patched one has another identity.
static int check_blocks(const Worker *worker) {
  const unsigned count = blocks_of(worker->work);
  int result = 0;
  for (unsigned i = worker->work->patches; i < count && result == 0; ++i)
    result = wx_codegen_check(worker->blocks[i], WX_GENERATED, i);
  return result;
}

// In the child, which ends with it: its parent's blocks, and one of its own.
static int live_as_child(Worker *worker, uint64_t identity) {
  const int result = check_blocks(worker);
  return result ? result : cycle(worker, identity);
}

static int fork_child(Worker *worker, uint64_t identity) {
  const pid_t child = wx_os_fork();
  if (child < 0)
    return child;
  if (child == 0)
    _exit(-live_as_child(worker, identity));
  int status;
  const pid_t ended = wx_os_wait(child, 0, &status, NULL);
  if (ended < 0)
    return ended;
  return WIFEXITED(status) ? -WEXITSTATUS(status) : -EFAULT;
}

static int publish(Worker *worker, uint64_t identity) {
  return worker->maker->patch(worker->maker, worker->published, worker->texts[identity % 2], PATCH);
}

static int patch(Worker *worker, uint64_t identity) {
  const int result = wx_write_code(worker->allocator, worker->patched, PATCH, identity);
  return result ? result : wx_codegen_check(worker->patched, PATCH, identity);
}

static int turn(Worker *worker, uint64_t identity) {
  (void)identity;
  return wx_turnover_turn(worker->turnover);
}

static bool turns(const WxWork *work) {
  return (work->functions && !work->publishes) || work->mixed;
}

static int repeat(Worker *worker, uint64_t count) {
  const WxWork *work = worker->work;
  int (*const operation)(Worker *, uint64_t) = turns(work)       ? turn
                                               : work->publishes ? publish
                                               : work->patches   ? patch
                                               : work->forks     ? fork_child
                                                                 : cycle;
  int result = 0;
  for (uint64_t i = 0; i < count && result == 0; ++i)
    result = operation(worker, worker->first + i);
  return result;
}

static void *work_beside(void *context) {
  Worker *worker = context;
  worker->error = repeat(worker, WX_WORK_UNTIMED);
  (void)pthread_barrier_wait(worker->begin);
  worker->began_ns = wx_os_now_ns();
  if (worker->error == 0)
    worker->error = repeat(worker, worker->operations);
  worker->ended_ns = wx_os_now_ns();
  return NULL;
}

// Several threads, which begin together.
static int time_threads(const Worker *alike, uint64_t *ns) {
  pthread_barrier_t begin;
  Worker workers[THREADS];
  pthread_t threads[THREADS];
  unsigned started = 0;
  int result = -pthread_barrier_init(&begin, NULL, THREADS);
  if (result)
    return result;
  for (; started < THREADS && result == 0; started += result == 0) {
    workers[started] = *alike;
    workers[started].begin = &begin;
    workers[started].first = started * UINT64_C(1000000);
    result = -pthread_create(&threads[started], NULL, work_beside, &workers[started]);
  }
  if (result)
    return result; // The process ends, and with it who waits for the others.
  uint64_t began = UINT64_MAX, ended = 0;
  for (unsigned i = 0; i < started; ++i) {
    (void)pthread_join(threads[i], NULL);
    result = result ? result : workers[i].error;
    began = workers[i].began_ns < began ? workers[i].began_ns : began;
    ended = workers[i].ended_ns > ended ? workers[i].ended_ns : ended;
  }
  *ns = ended - began;
  (void)pthread_barrier_destroy(&begin);
  return result;
}

static int64_t system_calls(const WxAllocator *allocator) {
  if (!allocator || allocator->strategy->capabilities & WX_IS_PLUGIN)
    return not_known;
  const WxCost cost = wx_allocator_cost(allocator);
  int64_t calls = 0;
  for (int verb = 0; verb < WX_OPERATIONS; ++verb)
    calls += (int64_t)cost.syscalls[verb];
  return calls;
}

static int time_one(Worker *worker, WxWorkReport *report) {
  const int64_t before = system_calls(worker->allocator);
  int result = repeat(worker, WX_WORK_UNTIMED);
  if (before != not_known)
    report->syscalls = system_calls(worker->allocator) - before;
  const uint64_t began = wx_os_now_ns();
  if (result == 0)
    result = repeat(worker, worker->operations);
  report->ns = wx_os_now_ns() - began;
  return result;
}

/// A thread that runs the code of a block that lives.
typedef struct {
  const void *code;
  _Atomic bool enough;
  int error;
} Runner;

static void *run_beside(void *context) {
  Runner *runner = context;
  while (!atomic_load(&runner->enough) && runner->error == 0)
    runner->error = wx_codegen_check(runner->code, WX_GENERATED, 0);
  return NULL;
}

static int time_beside(Worker *worker, WxWorkReport *report) {
  Runner runner = {.code = worker->beside};
  pthread_t thread;
  int result = -pthread_create(&thread, NULL, run_beside, &runner);
  if (result)
    return result;
  result = time_one(worker, report);
  atomic_store(&runner.enough, true);
  (void)pthread_join(thread, NULL);
  return result ? result : runner.error;
}

static int time_work(Worker *worker, WxWorkReport *report) {
  report->syscalls = not_known;
  if (worker->work->threads > 1) // Who does what is not the same each time.
    return time_threads(worker, &report->ns);
  return worker->work->beside ? time_beside(worker, report) : time_one(worker, report);
}

/* Lives
 * -------------------------------------------------------------------------------------------------
 */

// Looks while code is being written and afterwards, and tries to open it.
static int attack(WxAllocator *allocator, WxWorkReport *report) {
  char *base;
  void *view;
  bool meanwhile = false, after = false;
  int result = wx_allocator_reserve(allocator, BLOCK, WX_ANYWHERE, (void **)&base);
  if (result == 0)
    result = wx_allocator_commit(allocator, base, BLOCK, true);
  if (result == 0)
    result = wx_allocator_map_rw(allocator, base, WX_GENERATED, true, &view);
  if (result == 0)
    result = wx_look_writable((uintptr_t)base, &meanwhile);
  if (result == 0)
    result = wx_look_mappings(allocator, report);
  if (result == 0)
    result = wx_codegen_emit(view, WX_GENERATED, 1);
  if (result == 0)
    result = wx_allocator_unmap_rw(allocator, view);
  if (result == 0)
    result = wx_look_writable((uintptr_t)base, &after);
  if (result)
    return result;
  report->writable = after       ? WX_WRITABLE_ALWAYS
                     : meanwhile ? WX_WRITABLE_MEANWHILE
                                 : WX_WRITABLE_NEVER;
  report->reprotect = wx_look_reprotect(base);
  return 0;
}

// Of functions: what can be seen when they are written.
static int attack_function(const void *code, WxWorkReport *report) {
  bool after;
  report->writable = WX_WRITABLE_UNKNOWN;
  if (!code)
    return 0;
  const int result = wx_look_writable((uintptr_t)code, &after);
  report->writable = after ? WX_WRITABLE_ALWAYS : WX_WRITABLE_NOT_AFTERWARDS;
  report->reprotect = wx_look_reprotect(code);
  return result;
}

static int live_with_blocks(Worker *worker, void **blocks, WxWorkReport *report) {
  const unsigned count = blocks_of(worker->work);
  const size_t size = worker->work->live ? wx_os_page_size() : BLOCK;
  int result = 0;
  for (unsigned i = 0; i < count && result == 0; ++i)
    result = wx_generate(worker->allocator, size, i, &blocks[i]);
  worker->blocks = blocks;
  worker->beside = worker->patched = blocks[0];
  if (result == 0)
    result = time_work(worker, report);
  if (result == 0)
    result = wx_look_mappings(worker->allocator, report);
  if (result == 0)
    result = check_blocks(worker);
  // Many are left to the end: on coreclr each would be filled with zeros.
  for (unsigned i = 0; i < count && !worker->work->live && result == 0; ++i)
    result = wx_allocator_release(worker->allocator, blocks[i]);
  return result;
}

// The whole life of an allocator with work of blocks in it.
static int work_blocks(Worker *worker, WxWorkReport *report) {
  void **blocks = calloc(worker->work->live + 1, sizeof *blocks);
  const int result = blocks ? live_with_blocks(worker, blocks, report) : -ENOMEM;
  free(blocks);
  return result;
}

static bool has_no_blocks(const WxAllocator *allocator) {
  return allocator->strategy->capabilities & WX_HAS_NO_BLOCKS;
}

static int look(const Worker *worker, WxWorkReport *report) {
  return worker->allocator ? wx_look_mappings(worker->allocator, report) : wx_look_process(report);
}

static int live_with_turnover(Worker *worker, WxMaker *maker, WxWorkReport *report) {
  int result = wx_turnover_open(
      maker, worker->work->mixed ? &wx_turnover_of_blocks : &wx_turnover_of_functions,
      &worker->turnover);
  if (result == 0)
    result = time_work(worker, report);
  if (result == 0)
    result = wx_turnover_check(worker->turnover);
  if (result == 0)
    result = look(worker, report);
  // With blocks all is seen when those are attacked; here the code could be opened for good.
  if (result == 0 && (!worker->allocator || has_no_blocks(worker->allocator)))
    result = attack_function(maker->code(maker, wx_turnover_some(worker->turnover)), report);
  return result ? result : wx_turnover_close(worker->turnover);
}

static int live_with_one(Worker *worker, WxMaker *maker, WxWorkReport *report) {
  enum { IDENTITY = 2 };
  worker->maker = maker;
  int result = 0;
  for (uint64_t i = 0; i < 2 && result == 0; ++i)
    result = wx_codegen_emit(worker->texts[i], PATCH, IDENTITY + i);
  if (result == 0)
    result = maker->make(maker, PATCH, IDENTITY, &worker->published);
  if (result == 0)
    result = time_work(worker, report);
  const uint64_t last = worker->first + worker->operations - 1;
  if (result == 0)
    result = maker->check(maker, worker->published, PATCH, IDENTITY + last % 2);
  if (result == 0)
    result = look(worker, report);
  return result ? result : maker->drop(maker, worker->published);
}

static int live_with_maker(Worker *worker, WxMaker *maker, WxWorkReport *report) {
  return worker->work->publishes ? live_with_one(worker, maker, report)
                                 : live_with_turnover(worker, maker, report);
}

static int work_functions(Worker *worker, WxWorkReport *report) {
  WxMaker *maker;
  const int result = worker->work->mixed ? wx_maker_open_blocks(worker->allocator, &maker)
                                         : wx_maker_open(worker->allocator, &maker);
  const int lived = result ? result : live_with_maker(worker, maker, report);
  return lived ? lived : maker->close(maker);
}

/* In the process
 * -------------------------------------------------------------------------------------------------
 */

// What an allocator keeps of which only that is known that it did not hold `before`.
static int count_held(int64_t before, const WxWork *work, WxWorkReport *report) {
  const int result = wx_look_held(&report->retained_bytes);
  // Other threads leave stacks and heaps of the C library behind.
  report->retained_bytes = result || work->threads > 1       ? not_known
                           : report->retained_bytes < before ? 0
                                                             : report->retained_bytes - before;
  return result;
}

static int work_on(Worker *worker, int64_t before, WxWorkReport *report) {
  const unsigned can = worker->allocator->strategy->capabilities;
  int result = worker->work->functions || worker->work->mixed ? work_functions(worker, report)
                                                              : work_blocks(worker, report);
  report->retained_bytes = not_known;
  if (result == 0 && !worker->work->live)
    result = can & WX_IS_PLUGIN ? count_held(before, worker->work, report)
                                : wx_look_files(&report->retained_bytes);
  if (result == 0 && !has_no_blocks(worker->allocator))
    result = attack(worker->allocator, report);
  return result;
}

static void explain(WxWorkReport *report, const char *problem) {
  snprintf(report->problem, sizeof report->problem, "%s", problem);
}

static void play_strategy(const char *name, Worker *worker, WxWorkReport *report) {
  WxPlugin plugin;
  const WxStrategyOptions options = wx_strategy_options_default();
  const WxStrategy *strategy = wx_strategy_named(name, &plugin);
  int64_t before = 0;
  report->error = strategy ? wx_look_held(&before) : -ENOENT;
  if (report->error == 0)
    report->error = wx_allocator_open(strategy, &options, &worker->allocator);
  if (report->error) {
    explain(report, strategy && wx_plugin_is_named(name) && *plugin.problem
                        ? plugin.problem
                        : wx_allocator_error(NULL, report->error));
    return;
  }
  if (worker->allocator->strategy == strategy) {
    report->error = work_on(worker, before, report);
  } else {
    report->error = -ENOTSUP;
    explain(report, "its file cannot be made, so another strategy would run");
  }
  if (report->error == 0)
    report->error = wx_allocator_close(worker->allocator);
  if (report->error && !*report->problem)
    explain(report, wx_allocator_error(worker->allocator, report->error));
}

static int work_with_peer(const WxPeer *peer, Worker *worker, WxWorkReport *report) {
  void *library;
  const char *missing;
  WxMaker *maker;
  int64_t before;
  WxWorkReport at_first = {0};
  int result = wx_peer_load(peer, &library, &missing);
  if (result == 0)
    result = wx_look_held(&before);
  if (result == 0)
    result = wx_look_process(&at_first);
  if (result == 0)
    result = peer->open(library, &maker);
  if (result)
    return result;
  result = live_with_maker(worker, maker, report);
  if (result == 0)
    result = maker->close(maker);
  report->mappings -= at_first.mappings;
  return result ? result : count_held(before, worker->work, report);
}

static int play(const void *order, size_t size, void *filled, WxStepChannel channel) {
  (void)size, (void)channel;
  const Order *wanted = order;
  WxWorkReport *report = filled;
  Worker worker = {.work = wx_work_at(wanted->work), .operations = wanted->operations};
  const WxPeer *peer = wanted->is_peer ? wx_peer_find(wanted->name) : NULL;
  if (!worker.work || (wanted->is_peer && !peer)) {
    report->error = -ENOENT;
  } else if (peer) {
    report->error = work_with_peer(peer, &worker, report);
    if (report->error)
      explain(report, wx_allocator_error(NULL, report->error));
  } else {
    play_strategy(wanted->name, &worker, report);
  }
  report->finished = true;
  return report->error != 0;
}

// A process that ends by itself in the middle of its work may call that success.
static void doubt(const WxWorkReport *report, WxEnded *ended) {
  if (ended->how != WX_ENDED_WELL || report->finished)
    return;
  ended->how = WX_ENDED_EXIT;
  snprintf(ended->text, sizeof ended->text, "it ended its process before its work was done");
}

int wx_work_run(const WxWork *work, WxWorkSubject subject, uint64_t operations,
                uint64_t time_limit_ns, WxWorkReport *report, WxEnded *ended) {
  Order order = {
      .work = (size_t)(work - works), .operations = operations, .is_peer = subject.peer != NULL};
  snprintf(order.name, sizeof order.name, "%s", wx_work_subject_name(subject));
  const WxFreshPart part = {.play = play,
                            .order = &order,
                            .order_size = sizeof order,
                            .report = report,
                            .report_size = sizeof *report,
                            .said_at = offsetof(WxWorkReport, problem),
                            .time_limit_ns = time_limit_ns};
  const int failed = wx_observe_fresh(&part, ended);
  if (failed)
    return failed;
  doubt(report, ended);
  return 0;
}
