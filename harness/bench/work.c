#include "bench/work.h"

#include "codegen/codegen.h"
#include "measure/maps.h"
#include "measure/memfd.h"
#include "measure/observe_child.h"
#include "measure/own_mappings.h"
#include "os/os.h"
#include "os/process.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { BLOCK = 64 * 1024, CODE = 1024, PATCH = 256, THREADS = 2, UNTIMED = 32 };

static const WxWork works[] = {
    {"block_cycle", "cycle", "reserve 64 KiB, commit, write 1 KiB of code, run it, release", 0, 1,
     false},
    {"live_10000", "cycle", "the same beside 10,000 blocks that live", 10000, 1, false},
    {"writers_2", "cycle", "the same by two threads at once; time for each cycle of either", 0,
     THREADS, false},
    {"patch", "patch", "write 256 bytes of code over others and run them", 0, 1, true},
};

const WxWork *wx_work_at(size_t index) {
  return index < sizeof works / sizeof *works ? &works[index] : NULL;
}

// What travels to the process: places in tables, which lie elsewhere there.
typedef struct {
  size_t work;
  size_t strategy;
  uint64_t operations;
} Order;

typedef struct {
  WxAllocator *allocator;
  const WxWork *work;
  uint64_t operations;
  uint64_t first; ///< Of the functions that are written.
  pthread_barrier_t *begin;
  void *patched; ///< Where patches go.
  int error;
} Worker;

static int write_code(WxAllocator *allocator, void *start, size_t size, uint64_t identity) {
  void *view;
  int result = wx_allocator_map_rw(allocator, start, size, true, &view);
  if (result)
    return result;
  result = wx_codegen_emit(view, size, identity);
  const int ended = wx_allocator_unmap_rw(allocator, view);
  wx_codegen_flush(start, size);
  return result ? result : ended;
}

static int generate(WxAllocator *allocator, uint64_t identity, void **base) {
  int result = wx_allocator_reserve(allocator, BLOCK, WX_ANYWHERE, base);
  if (result == 0)
    result = wx_allocator_commit(allocator, *base, BLOCK, true);
  return result ? result : write_code(allocator, *base, CODE, identity);
}

static int cycle(Worker *worker, uint64_t identity) {
  void *base;
  int result = generate(worker->allocator, identity, &base);
  if (result == 0)
    result = wx_codegen_check(base, CODE, identity);
  return result ? result : wx_allocator_release(worker->allocator, base);
}

static int patch(Worker *worker, uint64_t identity) {
  const int result = write_code(worker->allocator, worker->patched, PATCH, identity);
  return result ? result : wx_codegen_check(worker->patched, PATCH, identity);
}

static int repeat(Worker *worker, uint64_t count) {
  int (*const operation)(Worker *, uint64_t) = worker->work->patches ? patch : cycle;
  int result = 0;
  for (uint64_t i = 0; i < count && result == 0; ++i)
    result = operation(worker, worker->first + i);
  return result;
}

static void *work_beside(void *context) {
  Worker *worker = context;
  worker->error = repeat(worker, UNTIMED);
  (void)pthread_barrier_wait(worker->begin);
  if (worker->error == 0)
    worker->error = repeat(worker, worker->operations);
  return NULL;
}

// Several threads, which begin together.
static int time_threads(const Worker *alike, uint64_t *ns) {
  pthread_barrier_t begin;
  Worker workers[THREADS];
  pthread_t threads[THREADS];
  unsigned started = 0;
  int result = -pthread_barrier_init(&begin, NULL, THREADS + 1);
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
  (void)pthread_barrier_wait(&begin);
  const uint64_t began = wx_os_now_ns();
  for (unsigned i = 0; i < started; ++i) {
    (void)pthread_join(threads[i], NULL);
    result = result ? result : workers[i].error;
  }
  *ns = wx_os_now_ns() - began;
  (void)pthread_barrier_destroy(&begin);
  return result;
}

static int time_work(Worker *worker, uint64_t *ns) {
  if (worker->work->threads > 1)
    return time_threads(worker, ns);
  int result = repeat(worker, UNTIMED);
  const uint64_t began = wx_os_now_ns();
  if (result == 0)
    result = repeat(worker, worker->operations);
  *ns = wx_os_now_ns() - began;
  return result;
}

/* What is left, and what can be written
 * -------------------------------------------------------------------------------------------------
 */

static bool owns(void *allocator, uintptr_t start) {
  return wx_allocator_owns(allocator, start);
}

static int count_mappings(WxAllocator *allocator, WxWorkReport *report) {
  WxOwnMappings own;
  const int result = wx_own_mappings_count(&own, owns, allocator);
  if (result == 0) {
    report->wx_page |= own.wx_pages > 0;
    if (own.mappings > report->mappings)
      report->mappings = own.mappings;
  }
  return result;
}

// A file whose descriptor is closed may not be asked by everybody (memfd.h).
static int add_retained(WxMemfd *file, WxFigure *sum) {
  const int failed = wx_memfd_stat(file, getpid());
  const bool hidden = failed == -EPERM || failed == -EACCES;
  if (hidden)
    *sum = WX_UNKNOWN;
  else if (!failed && wx_known(*sum))
    *sum += file->allocated_bytes;
  return hidden ? 0 : failed;
}

static int count_retained(WxWorkReport *report) {
  WxMaps maps = {0};
  WxMemfds files = {0};
  int result = wx_maps_read(&maps, 0);
  if (result == 0)
    result = wx_memfd_find(&files, getpid(), &maps, WX_DOUBLEMAPPER);
  report->retained_bytes = 0;
  for (size_t i = 0; i < files.count && result == 0; ++i)
    result = add_retained(&files.items[i], &report->retained_bytes);
  wx_memfds_free(&files);
  wx_maps_free(&maps);
  return result;
}

// Whether the page at `code` is mapped writable, there or elsewhere.
static int is_writable(uintptr_t code, bool *writable) {
  WxMaps maps = {0};
  const int result = wx_maps_read(&maps, 0);
  const WxMapping *own = NULL;
  for (size_t i = 0; i < maps.count && !own; ++i)
    if (code >= maps.items[i].start && code < maps.items[i].end)
      own = &maps.items[i];
  *writable = own && own->protection & WX_WRITE;
  for (size_t i = 0; own && own->inode && i < maps.count; ++i) {
    const WxMapping *other = &maps.items[i];
    const uint64_t offset = own->offset + (code - own->start);
    if (other->inode == own->inode && other->shared && other->protection & WX_WRITE &&
        offset >= other->offset && offset - other->offset < other->end - other->start)
      *writable = true;
  }
  wx_maps_free(&maps);
  return result;
}

// Looks while code is being written and afterwards, and tries to open it.
static int attack(WxAllocator *allocator, WxWorkReport *report) {
  char *base;
  void *view;
  bool meanwhile = false, after = false;
  int result = wx_allocator_reserve(allocator, BLOCK, WX_ANYWHERE, (void **)&base);
  if (result == 0)
    result = wx_allocator_commit(allocator, base, BLOCK, true);
  if (result == 0)
    result = wx_allocator_map_rw(allocator, base, CODE, true, &view);
  if (result == 0)
    result = is_writable((uintptr_t)base, &meanwhile);
  if (result == 0)
    result = count_mappings(allocator, report);
  if (result == 0)
    result = wx_codegen_emit(view, CODE, 1);
  if (result == 0)
    result = wx_allocator_unmap_rw(allocator, view);
  if (result == 0)
    result = is_writable((uintptr_t)base, &after);
  if (result)
    return result;
  report->writable = after       ? WX_WRITABLE_ALWAYS
                     : meanwhile ? WX_WRITABLE_MEANWHILE
                                 : WX_WRITABLE_NEVER;
  const int protection = PROT_READ | PROT_WRITE | PROT_EXEC;
  report->reprotect = wx_os_mprotect(base, wx_os_page_size(), protection) == 0;
  return 0;
}

// The whole life of an allocator with this work in it.
static int live(Worker *worker, void **blocks, WxWorkReport *report) {
  const unsigned count = worker->work->live + worker->work->patches;
  int result = 0;
  for (unsigned i = 0; i < count && result == 0; ++i)
    result = generate(worker->allocator, i, &blocks[i]);
  worker->patched = blocks[0];
  if (result == 0)
    result = time_work(worker, &report->ns);
  if (result == 0)
    result = count_mappings(worker->allocator, report);
  // Many are left to the end: on coreclr each would be filled with zeros.
  for (unsigned i = 0; i < count && !worker->work->live && result == 0; ++i)
    result = wx_allocator_release(worker->allocator, blocks[i]);
  if (result == 0 && !worker->work->live)
    result = count_retained(report);
  return result ? result : attack(worker->allocator, report);
}

static int play(const void *order, size_t size, void *filled, WxStepChannel channel) {
  (void)size, (void)channel;
  const Order *wanted = order;
  WxWorkReport *report = filled;
  const WxStrategy *strategy = wx_strategy_at(wanted->strategy);
  const WxStrategyOptions options = wx_strategy_options_default();
  const WxWork *work = wx_work_at(wanted->work);
  if (!strategy || !work) {
    report->error = -ENOENT;
    return 1;
  }
  Worker worker = {.work = work, .operations = wanted->operations};
  void **blocks = calloc(work->live + 1, sizeof *blocks);
  report->error = blocks ? wx_allocator_open(strategy, &options, &worker.allocator) : -ENOMEM;
  if (report->error == 0 && worker.allocator->strategy != strategy)
    report->error = -ENOTSUP; // It fell back to another one.
  if (report->error == 0)
    report->error = live(&worker, blocks, report);
  if (report->error == 0)
    report->error = wx_allocator_close(worker.allocator);
  free(blocks);
  return report->error != 0;
}

static size_t place_of(const WxStrategy *strategy) {
  size_t place = 0;
  while (wx_strategy_at(place) != strategy)
    ++place;
  return place;
}

int wx_work_run(const WxWork *work, const WxStrategy *strategy, uint64_t operations,
                uint64_t time_limit_ns, WxWorkReport *report, WxEnded *ended) {
  const Order order = {(size_t)(work - works), place_of(strategy), operations};
  WxFresh fresh = {.fd = -1};
  const int failed = wx_fresh_open(&fresh, play, &order, sizeof order, sizeof *report);
  if (failed)
    return failed;
  const WxWorkReport *shared = fresh.report;
  const WxChildOrder child = {.fresh = &fresh,
                              .error = &shared->error,
                              .without_steps = true,
                              .time_limit_ns = time_limit_ns};
  WxObserved observed;
  wx_observe_child(&child, &observed, ended);
  *report = *shared;
  wx_fresh_close(&fresh);
  return 0;
}
