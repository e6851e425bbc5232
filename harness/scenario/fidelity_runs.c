#include "scenario/fidelity_runs.h"

#include "os/os.h"
#include "strategy/registry.h"
#include "trace/reader.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Replays
 * -------------------------------------------------------------------------------------------------
 */

// The place of a check, a new one where no replay had it.
static size_t place_of(WxFidelityReplays *replays, const char *name) {
  size_t i = 0;
  while (i < replays->count && strcmp(replays->names[i], name) != 0)
    ++i;
  if (i == replays->count) {
    replays->names[i] = name;
    ++replays->count;
  }
  return i;
}

static int take_in(WxFidelityReplays *replays, const WxReplayRun *run, char *problem) {
  if (run->result.skipped)
    return -EINTR;
  if (run->result.ended) {
    snprintf(problem, WX_PROBLEM_SIZE, "replay: %.*s", WX_PROBLEM_SIZE - 16, run->ended.text);
    return -EIO;
  }
  if (run->result.expectation_count == 0) {
    snprintf(problem, WX_PROBLEM_SIZE, "replay: nothing of it could be checked");
    return -EIO;
  }
  for (size_t i = 0; i < run->result.expectation_count; ++i) {
    const WxExpectationResult *check = &run->result.expectations[i];
    replays->held[place_of(replays, check->name)] += check->ok;
  }
  return 0;
}

int wx_fidelity_replay(WxFidelityReplays *replays, const char *path, uint64_t time_limit_ns,
                       char problem[WX_PROBLEM_SIZE]) {
  const WxReplayOrder order = {
      .path = path, .strategy = &wx_strategy_coreclr, .time_limit_ns = time_limit_ns};
  WxReplayRun run;
  int result = wx_replay_run(&order, &run);
  if (!result)
    result = take_in(replays, &run, problem);
  wx_replay_run_free(&run);
  return result;
}

WxFidelityRow wx_fidelity_replays_row(const WxFidelityReplays *replays, size_t index, size_t runs) {
  char name[WX_FIDELITY_NAME];
  snprintf(name, sizeof name, "replays: %s", replays->names[index]);
  return wx_fidelity_exact(name, (int64_t)runs, replays->held[index]);
}

/* The comparison
 * -------------------------------------------------------------------------------------------------
 */

// The figures that are compared beside the counts.
static const struct {
  const char *name;
  size_t offset;
} figures[] = {
    {"peak of allocated bytes", offsetof(WxMetrics, allocated_peak_bytes)},
    {"retained bytes", offsetof(WxMetrics, retained_bytes)},
};

enum { FIGURES = sizeof figures / sizeof *figures + 1 }; // and the mappings

static const char *const mappings_name = "peak of doublemapper mappings";

static WxFigure mappings_peak(const WxSampling *sampling) {
  WxFigure peak = WX_UNKNOWN;
  for (size_t i = 0; i < sampling->count; ++i)
    peak = wx_figure_max(peak, sampling->samples[i].doublemapper_mappings);
  return peak;
}

static void read_figures(const WxMetrics *metrics, const WxSampling *sampling, int64_t *values) {
  for (size_t i = 0; i + 1 < FIGURES; ++i)
    values[i] = wx_figure_of(metrics, figures[i].offset);
  values[FIGURES - 1] = mappings_peak(sampling);
}

// How many views there are that begin in each page of the file, of the blocks that lie there now.
typedef struct {
  uint32_t *of_page;
  size_t pages;
} Views;

static int note_view(Views *views, const WxTraceEvent *event) {
  const size_t page = event->offset / wx_os_page_size();
  if (page >= views->pages) {
    const size_t wanted = 2 * page + 1;
    uint32_t *grown = reallocarray(views->of_page, wanted, sizeof *grown);
    if (!grown)
      return -ENOMEM;
    memset(grown + views->pages, 0, (wanted - views->pages) * sizeof *grown);
    views->of_page = grown;
    views->pages = wanted;
  }
  ++views->of_page[page];
  return 0;
}

// Those of a block that is released, which are forgotten.
static uint64_t take_views(Views *views, const WxTraceEvent *event) {
  uint64_t taken = 0;
  const size_t end = (event->offset + event->size) / wx_os_page_size();
  for (size_t i = event->offset / wx_os_page_size(); i < end && i < views->pages; ++i) {
    taken += views->of_page[i];
    views->of_page[i] = 0;
  }
  return taken;
}

static int count_views(Views *views, const WxTraceEvent *event, WxClrCounts *counts) {
  if (event->kind == WX_TRACE_MAP_RW)
    return note_view(views, event);
  if (event->kind == WX_TRACE_RELEASE)
    wx_clr_counts_add_times(counts, WX_CLR_RELEASED_MAPS, event->size, take_views(views, event));
  return 0;
}

static int count_events(WxTraceReader *reader, WxClrCounts *counts) {
  static const struct {
    WxTraceKind kind;
    WxClrCounted what;
  } counted[] = {
      {WX_TRACE_RESERVE, WX_CLR_RESERVES},
      {WX_TRACE_RELEASE, WX_CLR_RELEASES},
      {WX_TRACE_COMMIT, WX_CLR_COMMITS},
      {WX_TRACE_MAP_RW, WX_CLR_RW_MAPS},
  };
  WxTraceEvent event;
  Views views = {0};
  int result;
  while ((result = wx_trace_next(reader, &event)) > 0) {
    for (size_t i = 0; i < sizeof counted / sizeof *counted; ++i)
      if (event.kind == counted[i].kind)
        wx_clr_counts_add(counts, counted[i].what, event.size);
    result = count_views(&views, &event, counts);
    if (result)
      break;
  }
  free(views.of_page);
  return result;
}

int wx_fidelity_count_trace(const char *path, WxClrCounts *counts) {
  WxTraceReader *reader;
  WxTraceDamage damage;
  *counts = (WxClrCounts){0};
  int result = wx_trace_open(path, &reader, &damage);
  if (result)
    return result;
  result = count_events(reader, counts);
  if (result == 0 && wx_trace_header(reader)->lost)
    result = -EBADMSG;
  const int closed = wx_trace_close(reader);
  return result ? result : closed;
}

// Everything of one comparison that is not its result.
typedef struct {
  const WxFidelityOrder *order;
  WxFidelity *fidelity;
  char folder[PATH_MAX];
  char trace[PATH_MAX];
  WxClrCounts *counts; // of each real run
  int64_t (*values)[FIGURES];
  WxFidelityReplays replays;
} Comparing;

static int use_recording(Comparing *comparing, size_t index) {
  char *problem = comparing->fidelity->problem;
  const int result = wx_fidelity_count_trace(comparing->trace, &comparing->counts[index]);
  if (result) {
    snprintf(problem, WX_PROBLEM_SIZE, "cannot use the recording: %s", strerror(-result));
    return result;
  }
  return wx_fidelity_replay(&comparing->replays, comparing->trace, comparing->order->time_limit_ns,
                            problem);
}

static int record_run(Comparing *comparing, size_t index) {
  WxFidelity *fidelity = comparing->fidelity;
  const WxFidelityOrder *order = comparing->order;
  const WxValidationOrder validation = {
      .parameters = order->parameters,
      .runtime = order->runtime,
      .mode = wx_mode_find("on"),
      .program = order->program,
      .recorder = order->recorder,
      .trace = comparing->trace,
      .time_limit_ns = order->time_limit_ns,
  };
  wx_validation_free(&fidelity->real);
  int result = wx_validate(&validation, &fidelity->real);
  if (result) {
    snprintf(fidelity->problem, sizeof fidelity->problem, "%s", fidelity->real.problem);
    return result;
  }
  if (fidelity->real.result.skipped)
    return -EINTR;
  if (fidelity->real.result.ended) {
    snprintf(fidelity->problem, sizeof fidelity->problem, "%.*s", WX_PROBLEM_SIZE - 1,
             fidelity->real.ended.text);
    return -EIO;
  }
  result = use_recording(comparing, index);
  read_figures(&fidelity->real.result.metrics, &fidelity->real.sampling, comparing->values[index]);
  unlink(comparing->trace);
  return result;
}

static int add_row(WxFidelity *fidelity, const WxFidelityRow *row) {
  WxFidelityRow *rows =
      reallocarray(fidelity->rows, fidelity->row_count + 1, sizeof *fidelity->rows);
  if (!rows)
    return -ENOMEM;
  fidelity->rows = rows;
  rows[fidelity->row_count++] = *row;
  return 0;
}

static int add_figure(WxFidelity *fidelity, const char *name, const Comparing *comparing,
                      size_t figure, int64_t model) {
  const size_t runs = comparing->order->runs;
  int64_t *real = calloc(runs + 1, sizeof *real);
  if (!real)
    return -ENOMEM;
  for (size_t i = 0; i < runs; ++i)
    real[i] = comparing->values[i][figure];
  const WxFidelityRow row = wx_fidelity_figure(name, real, runs, model);
  free(real);
  return add_row(fidelity, &row);
}

static int compare_model(Comparing *comparing) {
  WxFidelity *fidelity = comparing->fidelity;
  const size_t runs = comparing->order->runs;
  int64_t model[FIGURES];
  read_figures(&fidelity->model.result.metrics, &fidelity->model.sampling, model);
  int result = wx_fidelity_counts(comparing->counts, runs, &fidelity->model.counts, &fidelity->rows,
                                  &fidelity->row_count);
  for (size_t i = 0; i < FIGURES && result == 0; ++i)
    result = add_figure(fidelity, i + 1 < FIGURES ? figures[i].name : mappings_name, comparing, i,
                        model[i]);
  return result;
}

static int compare(Comparing *comparing) {
  int result = comparing->fidelity->no_model ? 0 : compare_model(comparing);
  for (size_t i = 0; i < comparing->replays.count && result == 0; ++i) {
    const WxFidelityRow row =
        wx_fidelity_replays_row(&comparing->replays, i, comparing->order->runs);
    result = add_row(comparing->fidelity, &row);
  }
  return result;
}

static int run_model(const WxFidelityOrder *order, WxFidelity *fidelity) {
  const WxModelOrder model = {
      .parameters = order->parameters,
      .version = wx_model_of(order->runtime->version, &fidelity->stands_in),
      .strategy = wx_strategy_find("coreclr"),
  };
  if (!model.version) {
    snprintf(fidelity->problem, sizeof fidelity->problem, "there is no model of this version");
    return -ENOTSUP;
  }
  const char *workload = order->parameters->scenario->workload;
  fidelity->no_model = !workload || !wx_clr_workload_find(workload);
  if (fidelity->no_model) {
    fidelity->stands_in = false;
    return 0;
  }
  const int result = wx_model_run(&model, &fidelity->model);
  if (result)
    snprintf(fidelity->problem, sizeof fidelity->problem, "%s", fidelity->model.problem);
  return result;
}

static int run_all(Comparing *comparing) {
  int result = run_model(comparing->order, comparing->fidelity);
  for (size_t i = 0; i < comparing->order->runs && result == 0; ++i)
    result = record_run(comparing, i);
  return result ? result : compare(comparing);
}

static int make_folder(Comparing *comparing) {
  const char *temporary = getenv("TMPDIR");
  snprintf(comparing->folder, sizeof comparing->folder, "%s/wxbench-XXXXXX",
           temporary && *temporary ? temporary : "/tmp");
  if (!mkdtemp(comparing->folder))
    return -errno;
  const int length =
      snprintf(comparing->trace, sizeof comparing->trace, "%s/trace", comparing->folder);
  return length < (int)sizeof comparing->trace ? 0 : -ENAMETOOLONG;
}

int wx_fidelity(const WxFidelityOrder *order, WxFidelity *fidelity) {
  *fidelity = (WxFidelity){0};
  Comparing comparing = {.order = order, .fidelity = fidelity};
  int result = make_folder(&comparing);
  if (result) {
    snprintf(fidelity->problem, sizeof fidelity->problem, "no folder for recordings: %s",
             strerror(-result));
    return result;
  }
  comparing.counts = calloc(order->runs, sizeof *comparing.counts);
  comparing.values = calloc(order->runs, sizeof *comparing.values);
  result = comparing.counts && comparing.values ? run_all(&comparing) : -ENOMEM;
  if (result && *fidelity->problem == '\0')
    snprintf(fidelity->problem, sizeof fidelity->problem, "%s", strerror(-result));
  unlink(comparing.trace);
  rmdir(comparing.folder);
  free(comparing.counts);
  free(comparing.values);
  return result;
}

void wx_fidelity_free(WxFidelity *fidelity) {
  wx_validation_free(&fidelity->real);
  wx_model_run_free(&fidelity->model);
  free(fidelity->rows);
  fidelity->rows = NULL;
}
