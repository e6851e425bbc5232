#include "support/specimen.h"

#include "bench/bench_reports.h"
#include "output/documents.h"
#include "output/json.h"
#include "output/load.h"
#include "output/paired_table.h"
#include "output/reclaim_document.h"
#include "output/replay_document.h"
#include "output/result.h"
#include "output/validate_document.h"
#include "stats/paired.h"
#include "trace/event_text.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

// As ck_assert(), which allocates.
static void require(bool holds) {
  if (!holds)
    abort();
}

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* What run, validate and replay have in common
 * -------------------------------------------------------------------------------------------------
 */

static const WxOperationTime times[] = {{"reserve", 1117, 1109, 1123, 1031},
                                        {"release", 2131, 2129, 2137, 1033}};

static WxMetrics metrics(void) {
  return (WxMetrics){.live_peak_bytes = WX_MIB(101),
                     .allocated_peak_bytes = WX_MIB(103),
                     .retained_bytes = WX_MIB(107),
                     .orphaned_bytes = WX_MIB(109),
                     .mappings_peak = 1009,
                     .syscalls = {1013, 1019, 1021, 1039, 1049, 5141},
                     .list_nodes = {6007, 6011, 6029, 6037, 6043, 6047},
                     .minor_faults = 1051,
                     .wall_ns = WX_MS(113),
                     .time_ns = {times, LENGTH(times)},
                     .wx_pages_seen = 1061,
                     .failures = 1063};
}

static const WxSample samples[] = {{.round = 3,
                                    .step = "start",
                                    .t_ns = WX_MS(127),
                                    .live_bytes = WX_MIB(131),
                                    .reserved_bytes = WX_MIB(137),
                                    .allocated_bytes = WX_MIB(139),
                                    .mapped_bytes = WX_MIB(149),
                                    .orphaned_bytes = WX_MIB(151),
                                    .rss_bytes = WX_MIB(157),
                                    .rss_shmem_bytes = WX_MIB(163),
                                    .pss_bytes = WX_MIB(167),
                                    .cgroup_shmem_bytes = WX_MIB(173),
                                    .mappings = 1069,
                                    .doublemapper_mappings = 1087},
                                   {.round = 5,
                                    .step = "end",
                                    .t_ns = WX_MS(179),
                                    .live_bytes = WX_MIB(181),
                                    .reserved_bytes = WX_MIB(191),
                                    .allocated_bytes = WX_MIB(193),
                                    .mapped_bytes = WX_MIB(197),
                                    .orphaned_bytes = WX_MIB(199),
                                    .rss_bytes = WX_MIB(211),
                                    .rss_shmem_bytes = WX_MIB(223),
                                    .pss_bytes = WX_MIB(227),
                                    .cgroup_shmem_bytes = WX_MIB(229),
                                    .mappings = 1091,
                                    .doublemapper_mappings = 1093}};

static const WxExpectationResult expectations[] = {
    {.name = "retains_all", .ok = true, .expected = "= 112197632", .actual = "112197632"},
    {.name = "is <\"flat\">", .expected = "flat & even", .actual = "grows"}};

static WxResult judged(void) {
  return (WxResult){.metrics = metrics(),
                    .samples = samples,
                    .sample_count = LENGTH(samples),
                    .expectations = expectations,
                    .expectation_count = LENGTH(expectations)};
}

static WxResult unknown(void) {
  static WxSample sample;
  static const WxExpectationResult open = {
      .name = "closes", .expected = "= 0", .actual = "n/a", .reason = "its file is closed & gone"};
  sample = wx_sample_unknown(WX_UNKNOWN, "start");
  return (WxResult){.metrics = wx_metrics_unknown(),
                    .samples = &sample,
                    .sample_count = 1,
                    .expectations = &open,
                    .expectation_count = 1};
}

/* list, run, validate, replay
 * -------------------------------------------------------------------------------------------------
 */

static int build_list(WxDocument *document) {
  WxTable *table = wx_list_table("strategies");
  wx_list_add(document, table, "strategy", "coreclr", "two views, \"as shipped\", of one file");
  wx_list_add(document, table, "strategy", "rwx", "one mapping");
  wx_document_add_table(document, table);
  table = wx_list_table("runtimes");
  wx_list_add(document, table, "runtime", "10.0.14", NULL);
  wx_document_add_table(document, table);
  return 0;
}

static int build_run(WxDocument *document) {
  WxResult result = judged();
  result.scenario = "steady";
  result.strategy = "coreclr";
  result.model = "net10";
  require(!wx_result_ok(&result));
  wx_run_document_add(document, &result, "coreclr-off");
  wx_document_add_table(document, wx_result_table("run", document->results));
  return 0;
}

static int build_run_unknown(WxDocument *document) {
  WxResult result = unknown();
  result.scenario = "steady";
  result.strategy = "rwx";
  require(wx_result_ok(&result));
  wx_run_document_add(document, &result, "rwx");
  result.strategy = "pal_pool";
  result.skipped = "no memory, no \"luck\"";
  require(wx_result_ok(&result));
  wx_run_document_add(document, &result, "");
  const WxEnded ended = {.how = WX_ENDED_SIGNAL,
                         .signal = 9,
                         .last_line = "no more \"room\"",
                         .text = "killed by signal 9 <oom>"};
  result = unknown();
  result.scenario = "steady";
  result.strategy = "wx";
  result.ended = &ended;
  require(!wx_result_ok(&result));
  wx_run_document_add(document, &result, "wx");
  wx_document_add_table(document, wx_result_table("run", document->results));
  return 0;
}

static const WxReclaim reclaimed = {.pid = 4703,
                                    .device = 4721,
                                    .inode = 4723,
                                    .before_bytes = WX_MIB(233),
                                    .after_bytes = WX_MIB(239),
                                    .punched_bytes = WX_MIB(241),
                                    .zero_mapped_bytes = WX_MIB(251),
                                    .wall_ns = WX_MS(257),
                                    .pauses = {.count = 1097,
                                               .p50_ns = WX_MS(263),
                                               .p99_ns = WX_MS(269),
                                               .max_ns = WX_MS(271),
                                               .total_ns = WX_MS(277),
                                               .abandoned = 1103,
                                               .held_abandoned_ns = WX_MS(6053),
                                               .over_budget = 6067,
                                               .late_max_ns = WX_MS(6073),
                                               .rescued_bytes = WX_MIB(6079)},
                                    .processes_frozen = 1627,
                                    .mappers_unreadable = 6089};

// Of which nothing else was measured.
static void add_validated(WxDocument *document, const WxResult *result, const WxLive *live) {
  static const WxValidation run;
  static const WxSmallest smallest;
  static const WxRepeat repeat;
  WxEndings endings = {0};
  const WxValidated measured = {
      .result = result, .run = &run, .live = live, .smallest = &smallest, .repeat = &repeat};
  wx_validate_document_add(document, &measured, &endings);
}

static int build_validate(WxDocument *document) {
  WxResult result = judged();
  result.workload = "asm";
  result.mode = "live";
  result.runtime = "10.0.14";
  result.w_xor_x = "off-silently";
  result.mislabelled = "W^X was off without a word";
  result.verdict_code = "retained";
  result.verdict_text = "107.0 MiB are retained.";
  require(!wx_result_ok(&result));
  add_validated(document, &result, &(WxLive){.ran = true, .result = reclaimed});
  wx_document_add_table(document, wx_result_table("validate", document->results));
  return 0;
}

static int build_validate_unknown(WxDocument *document) {
  WxResult result = unknown();
  result.workload = "asm";
  result.mode = "off";
  result.runtime = "8.0.31";
  result.verdict_code = "not-affected";
  result.verdict_text = "There is no double mapper.";
  // Of a program without the file nothing is live, by the contract; to people it is unknown.
  result.metrics.live_peak_bytes = 0;
  require(wx_result_ok(&result));
  add_validated(document, &result, &(WxLive){0});
  wx_document_add_table(document, wx_result_table("validate", document->results));
  return 0;
}

static int build_fidelity(WxDocument *document) {
  WxFidelityRow rows[] = {{"reserves of 64 KiB", WX_FIDELITY_EXACT, 1117, 1117, 1117, true},
                          {"commits", WX_FIDELITY_SPREAD, 1123, 1129, 1151, false},
                          {"peak bytes", WX_FIDELITY_NEAR, 1153, 1163, 1171, true},
                          {"odd ones", WX_FIDELITY_SHOWN, 1181, 1187, 1193, false}};
  WxFidelity fidelity = {.rows = rows, .row_count = LENGTH(rows)};
  fidelity.real.result = judged();
  fidelity.real.result.workload = "asm";
  fidelity.real.result.mode = "on";
  fidelity.real.result.w_xor_x = "on";
  fidelity.real.result.runtime = "10.0.14";
  fidelity.real.result.expectation_count = 0;
  fidelity.model.result = unknown();
  fidelity.model.result.workload = "asm";
  fidelity.model.result.strategy = "coreclr";
  fidelity.model.result.model = "net10";
  WxScenario scenario = {.name = (char[]){"asm"}};
  const WxParameters parameters = {.scenario = &scenario};
  const WxInstalledRuntime runtime = {(char[]){"10.0.14"}, (char[]){"/opt/dotnet"}};
  const WxFidelityOrder order = {.parameters = &parameters, .runtime = &runtime, .runs = 7};
  WxEndings endings = {0};
  wx_fidelity_document_add(document, &fidelity, &order, &endings);
  require(document->lost || endings.failed);
  return 0;
}

static int build_replay(WxDocument *document) {
  WxReplayRun run = {.result = judged()};
  run.result.scenario = "app.wxt";
  run.result.strategy = "coreclr";
  run.report = (WxReplayReport){.tally = {.events = 1201,
                                          .left_out = 1213,
                                          .live_blocks = 1217,
                                          .recorded_peak = (uint64_t)WX_MIB(281),
                                          .recorded_end_known = true,
                                          .recorded_end_bytes = (uint64_t)WX_MIB(283),
                                          .after_end = 1223,
                                          .fills = 1,
                                          .shrinking_fills = 1},
                                .header = {.lost = 1229, .lost_errno = ENOSPC},
                                .damage = {.offset = 1231, .reason = "is cut short"},
                                .path = "coreclr-off"};
  require(!wx_result_ok(&run.result));
  wx_replay_document_add(document, &run);
  wx_document_add_table(document, wx_result_table("replay", document->results));
  return 0;
}

static int build_replay_unknown(WxDocument *document) {
  WxReplayRun run = {.result = unknown()};
  run.result.scenario = "app.wxt";
  run.result.strategy = "rwx";
  run.report = (WxReplayReport){.header = {.ended_by_exit = true}, .path = "rwx"};
  require(wx_result_ok(&run.result));
  wx_replay_document_add(document, &run);
  wx_document_add_table(document, wx_result_table("replay", document->results));
  return 0;
}

static int build_overhead(WxDocument *document) {
  const WxOverhead overhead = {.ratio = {1.125, 1.0625, 1.1875, 31},
                               .bare_ns = {293e6, 283e6, 307e6, 37},
                               .same = {1.03125, 0.96875, 1.046875, 41},
                               .calls = 1237};
  wx_replay_document_add_overhead(document, "app.wxt", &overhead);
  return 0;
}

// The events of a recording as text, which is no document.
static char *list_events(const WxDocument *document) {
  (void)document;
  static WxTraceExtent extents[] = {{0x11000, 0x3000}, {0x17000, 0x5000}};
  const WxTraceEvent events[] = {
      {.kind = WX_TRACE_FILE, .thread = 2, .file = 3, .time_ns = 5, .value = 7},
      {.kind = WX_TRACE_RESERVE, .mark = true, .time_ns = 11, .offset = 0xd000, .size = 0x11000},
      {.kind = WX_TRACE_COMMIT,
       .thread = 13,
       .time_ns = 17,
       .growth = -0x13000,
       .offset = 0x17000,
       .size = 0x1d000,
       .protection = 5},
      {.kind = WX_TRACE_EXTENTS,
       .time_ns = 19,
       .offset = 0x10000,
       .size = 0x1f000,
       .value = WX_TRACE_OF_FILE,
       .extent_count = 2,
       .extents = extents},
      {.kind = WX_TRACE_FORK, .time_ns = 23, .value = 29},
      {.kind = WX_TRACE_OTHER,
       .time_ns = 31,
       .offset = 0x25000,
       .size = 0x29000,
       .protection = 3,
       .value = WX_TRACE_MPROTECT},
  };
  char *text = NULL;
  size_t length = 0;
  FILE *stream = open_memstream(&text, &length);
  ck_assert_ptr_nonnull(stream);
  for (size_t i = 0; i < LENGTH(events); ++i)
    ck_assert_int_eq(wx_trace_print(&events[i], stream), 0);
  ck_assert_int_eq(fclose(stream), 0);
  return text;
}

/* reclaim
 * -------------------------------------------------------------------------------------------------
 */

static int build_reclaim(WxDocument *document) {
  wx_reclaim_document_add(document, &reclaimed, false);
  wx_reclaim_document_finish(document, false);
  return 0;
}

static int build_reclaim_unknown(WxDocument *document) {
  const WxReclaim nothing = {.pid = 4703, .inode = 4723, .zero_mapped_bytes = WX_UNKNOWN};
  wx_reclaim_document_add(document, &nothing, false);
  wx_reclaim_document_finish(document, false);
  return 0;
}

static int build_reclaim_dry_run(WxDocument *document) {
  wx_reclaim_document_add(document, &reclaimed, true);
  wx_reclaim_document_finish(document, true);
  return 0;
}

/* bench
 * -------------------------------------------------------------------------------------------------
 */

enum { ROUNDS = 5 };

static WxBench begin_bench(WxDocument *document) {
  return (WxBench){.document = document, .seed = 1};
}

// Times whose median is the first one: `step` apart, so that every one is exact.
static void spread(double values[ROUNDS], double median, double step) {
  static const double places[ROUNDS] = {0, -2, 1, 2, -1};
  for (size_t i = 0; i < ROUNDS; ++i)
    values[i] = median + places[i] * step;
}

static int build_bench_audit(WxDocument *document) {
  WxBench bench = begin_bench(document);
  double seconds[WX_BENCH_AUDIT_ROWS][ROUNDS];
  WxAuditTimes measured[WX_BENCH_AUDIT_ROWS];
  for (size_t i = 0; i < WX_BENCH_AUDIT_ROWS; ++i) {
    // Ratios of powers of two and their neighbours are exact.
    spread(seconds[i], 0.125 * (double)(i + 1), i % 3 == 0 ? 0 : 0.00390625);
    measured[i] = (WxAuditTimes){seconds[i], i == 5 ? 0 : ROUNDS, (double)(37 + 2 * i)};
  }
  wx_bench_audit_report(&bench, measured);
  return 0;
}

static int build_bench_modes(WxDocument *document) {
  static const double medians[] = {0.53125, 0.4375, 0.625, 0.75};
  static const char *const modes[] = {"on", "off", "preload", "record"};
  double base[ROUNDS], again[ROUNDS], seconds[ROUNDS];
  WxTable *table = wx_paired_table("time", "on");
  int failed = 0;
  spread(base, 0.5, 0);
  spread(again, medians[0], 2.0 / 1024);
  for (size_t i = 0; i < LENGTH(medians) && !failed; ++i) {
    WxPaired paired;
    spread(seconds, medians[i], (double)(i + 2) / 1024);
    failed = wx_paired_compare(base, again, seconds, ROUNDS, &paired);
    if (!failed)
      wx_paired_table_add(table, "asm", modes[i], "10.0.14", &paired);
    json_t *row = failed ? NULL : wx_paired_json(&paired);
    if (wx_json_set(row, "time", json_string("wall")) ||
        wx_json_set(row, "benchmark", json_string("modes")) ||
        wx_json_set(row, "workload", json_string("asm")) ||
        wx_json_set(row, "mode", json_string(modes[i])) ||
        wx_json_set(row, "runtime", json_string("10.0.14")))
      document->lost = true;
    wx_document_add_result(document, row);
  }
  wx_document_add_table(document, table);
  return failed;
}

// Few long ones, so that median, p99 and the longest lie apart.
static void add_pauses(WxPauseLog *log, uint64_t first_ms) {
  for (uint64_t i = 0; i < 200; ++i)
    wx_pauses_add(log, (uint64_t)WX_MS(first_ms) + i * i * i * 20);
  log->abandoned = first_ms;
}

static int build_bench_reclaim(WxDocument *document) {
  WxBench bench = begin_bench(document);
  double wall[WX_BENCH_VARIANTS][ROUNDS], held[WX_BENCH_VARIANTS][ROUNDS];
  static WxMeasured measured[WX_BENCH_VARIANTS];
  memset(measured, 0, sizeof measured);
  for (size_t i = 0; i < WX_BENCH_VARIANTS; ++i) {
    // The base is `fallocate -d`: a power of two, so that every ratio is exact.
    const bool base = i == WX_BENCH_DIG;
    spread(wall[i], base ? 0x1p28 : 0x1p28 * (1.25 + 0.125 * (double)i), base ? 0 : 0x1p22);
    spread(held[i], base ? 0x1p26 : 0x1p26 * (1.0625 + 0.125 * (double)i), base ? 0 : 0x1p20);
    measured[i].wall_ns = wall[i];
    measured[i].held_ns = held[i];
    add_pauses(&measured[i].log, 30 + 7 * i);
  }
  measured[WX_BENCH_LIVE].gave_up = 3;
  WxTable *table = wx_bench_reclaim_table();
  const int failed = wx_bench_reclaim_report(&bench, table, 1, measured, ROUNDS);
  wx_document_add_table(document, table);
  return failed;
}

static int build_bench_strategies(WxDocument *document) {
  static const char *const names[] = {"coreclr", "coreclr", "lean", "dual", "mprotect"};
  static const double medians[] = {0.00005, 0.000051, 0.000002, 0.0000511, 0};
  static double seconds[LENGTH(names)][ROUNDS];
  WxBench bench = begin_bench(document);
  WxContest contest = {.work = wx_work_at(0), .count = LENGTH(names), .rounds = ROUNDS};
  for (size_t i = 0; i < LENGTH(names); ++i) {
    spread(seconds[i], medians[i], (double)(i + 1) / 10000000);
    contest.contenders[i] = (WxContender){
        .subject = {.strategy = wx_strategy_find(names[i])},
        .operations = 400 + i,
        .seconds = seconds[i],
        .counted = {.retained_bytes = (int64_t)(65536 + i * 4096),
                    .mappings = (int64_t)(3 + i),
                    .syscalls = (int64_t)(70 + i),
                    .writable = (WxWritable)(i % 3),
                    .wx_page = i == 3,
                    .reprotect = i != 2},
    };
  }
  contest.contenders[4].left = true;
  contest.contenders[4].ended = (WxEnded){
      .how = WX_ENDED_SIGNAL, .signal = 11, .text = "killed by signal 11 (Segmentation fault)"};
  wx_bench_strategies_report(&bench, &contest);
  contest.work = wx_work_at(3);
  contest.count = 1;
  contest.contenders[0].skipped = "a page is written once";
  wx_bench_strategies_report(&bench, &contest);
  return 0;
}

static int build_bench_freezers(WxDocument *document) {
  WxBench bench = begin_bench(document);
  static WxFreezesAlone alone;
  memset(&alone, 0, sizeof alone);
  add_pauses(&alone.log, 43);
  alone.real_time = 131;
  const WxFreezeWay way = {"ptrace", NULL, 0};
  const WxFreezeLoad waiting = {"8 threads in epoll_wait", WX_TARGET_WAITING};
  const WxFreezeLoad idle = {"idle", WX_TARGET_IDLE};
  WxTable *table = wx_bench_freezers_table();
  wx_bench_freezers_report(&bench, table, &way, &waiting, &alone, 4801);
  wx_bench_freezers_report(&bench, table, &way, &idle, &(WxFreezesAlone){.real_time = 7}, 0);
  wx_document_add_table(document, table);
  return 0;
}

static int build_bench_service(WxDocument *document) {
  WxBench bench = begin_bench(document);
  enum { TURNS = 3, EACH = 1001, REQUESTS = TURNS * EACH };
  static double base[REQUESTS];
  static double latencies[REQUESTS];
  for (size_t i = 0; i < REQUESTS; ++i) { // Not in order: the report sorts them.
    const double place = (double)(i * 7 % REQUESTS + 1);
    latencies[i] = place > REQUESTS - 50 ? place * place * place : place * 1000;
    const size_t turn = i / EACH;
    base[i] = place * (double)(900 + 11 * turn);
  }
  WxTable *table = wx_bench_service_table();
  const WxServed served = {"every 20 ms", base, latencies, TURNS, EACH};
  const int failed = wx_bench_service_report(&bench, table, &served);
  wx_document_add_table(document, table);
  return failed;
}

/* compare and report
 * -------------------------------------------------------------------------------------------------
 */

static json_t *document_of(const char *kind, int (*build)(WxDocument *document)) {
  WxDocument document;
  wx_document_init(&document, kind);
  ck_assert_int_eq(build(&document), 0);
  json_object_set_new(document.context, "command", json_sprintf("wxbench %s", kind));
  json_object_set_new(document.context, "date", json_string("2026-01-02T03:04:05Z"));
  json_object_set_new(document.context, "kernel", json_string("Linux 6.1.0 x86_64"));
  json_t *root = wx_document_json(&document);
  ck_assert_ptr_nonnull(root);
  wx_document_free(&document);
  return root;
}

// Three rounds of these lengths.
static void fill_rounds(WxSample rounds[4], const int ms[3]) {
  for (size_t i = 0; i < 4; ++i) {
    rounds[i] = wx_sample_unknown((WxFigure)i, "collected");
    rounds[i].t_ns = i == 0 ? 0 : rounds[i - 1].t_ns + WX_MS(ms[i - 1]);
  }
}

static int build_base(WxDocument *document) {
  WxSample rounds[4];
  fill_rounds(rounds, (const int[]){64, 64, 64});
  WxResult result = judged();
  result.scenario = "steady";
  result.strategy = "coreclr";
  result.model = "net10";
  result.samples = rounds;
  result.sample_count = LENGTH(rounds);
  wx_document_add_result(document, wx_result_json(&result));
  result.strategy = "rwx";
  wx_document_add_result(document, wx_result_json(&result));
  result.strategy = "pal_pool";
  result.skipped = "no room";
  wx_document_add_result(document, wx_result_json(&result));
  return 0;
}

// Of every gate some: better, worse, the same, unknown, missing, new.
static int build_now(WxDocument *document) {
  static const WxOperationTime now_times[] = {{"reserve", 3163, 3119, 3167, 1259}};
  static const WxExpectationResult now[] = {
      {"retains_all", false, "= 112197632", "0", NULL, false},
      {"is <\"flat\">", true, "flat & even", "flat", NULL, false}};
  WxSample rounds[4];
  fill_rounds(rounds, (const int[]){72, 88, 56});
  WxResult result = judged();
  result.scenario = "steady";
  result.strategy = "coreclr";
  result.model = "net10";
  result.samples = rounds;
  result.sample_count = LENGTH(rounds);
  result.expectations = now;
  result.metrics = (WxMetrics){.live_peak_bytes = WX_MIB(311),
                               .allocated_peak_bytes = WX_MIB(313),
                               .retained_bytes = WX_MIB(317),
                               .orphaned_bytes = WX_MIB(331),
                               .mappings_peak = 1277,
                               .syscalls = {1279, 1283, 1021, 1038, WX_UNKNOWN, 5141},
                               .minor_faults = 1062, // 1.05 % more.
                               .wall_ns = WX_MS(337),
                               .time_ns = {now_times, LENGTH(now_times)},
                               .wx_pages_seen = 1289,
                               .failures = 1291};
  wx_document_add_result(document, wx_result_json(&result));
  result.strategy = "anonymous";
  wx_document_add_result(document, wx_result_json(&result));
  result.strategy = "pal_pool";
  wx_document_add_result(document, wx_result_json(&result));
  return 0;
}

static int build_compare(WxDocument *document) {
  static json_t *documents[2]; // What is read is there before memory can run out.
  static const char *const names[2] = {"base.json", "new.json"};
  if (!documents[0]) {
    documents[0] = document_of("run", build_base);
    documents[1] = document_of("run", build_now);
    json_object_set_new(json_object_get(documents[1], "context"), "kernel",
                        json_string("Linux 6.2.0 x86_64"));
  }
  char problem[WX_PROBLEM];
  size_t worse = 0;
  const int failed =
      wx_compare_document(document, documents, names, WX_RATIOS_SHOWN, &worse, problem);
  require(failed || worse > 0);
  return failed;
}

static int build_report(WxDocument *document) {
  static const struct {
    const char *name, *kind;
    int (*build)(WxDocument *document);
  } files[] = {{"audit.json", "audit", wx_specimen_audit},
               {"compare.json", "compare", build_compare},
               {"freezers.json", "bench", build_bench_freezers},
               {"reclaim.json", "reclaim", build_reclaim},
               {"validate.json", "validate", build_validate}};
  static json_t *roots[LENGTH(files)];
  for (size_t i = 0; i < LENGTH(files); ++i) {
    if (!roots[i])
      roots[i] = document_of(files[i].kind, files[i].build);
    wx_report_document_add(document, files[i].name, roots[i]);
  }
  return 0;
}

/* probe
 * -------------------------------------------------------------------------------------------------
 */

static WxTries tries(void) {
  WxTries found = {.address_space_limit = WX_UNLIMITED,
                   .file_size_limit = WX_MIB(2),
                   .memory_bytes = WX_MIB(3001),
                   .group_limit = WX_MIB(2003),
                   .max_map_count = 65537,
                   .seccomp = 2,
                   .is_measured = true};
  for (int i = 0; i < WX_TRY_COUNT; ++i)
    found.tried[i].how = WX_TRIED_WORKS;
  found.tried[WX_TRY_WHOLE_SIZE] = (WxTried){WX_TRIED_KILLED, SIGXFSZ};
  found.tried[WX_TRY_WRITABLE_CODE] = (WxTried){WX_TRIED_REFUSED, EPERM};
  found.tried[WX_TRY_PUNCH] = (WxTried){WX_TRIED_REFUSED, ENOSYS};
  return found;
}

static void add_predictions(WxDocument *document, const WxTries *found) {
  WxTable *table = wx_probe_table();
  static const char *const versions[] = {"8.0.1", "11.0.1"};
  for (size_t i = 0; i < LENGTH(versions); ++i)
    for (int on = 1; on >= 0; --on) {
      WxPrediction prediction;
      wx_predict(found, wx_probe_major(versions[i]), on, &prediction);
      wx_probe_document_add(document, table, versions[i], on, &prediction, found);
    }
  wx_probe_document_end(document, found);
  wx_document_add_table(document, table);
}

static int build_probe(WxDocument *document) {
  const WxTries found = tries();
  add_predictions(document, &found);
  return 0;
}

static int build_probe_unknown(WxDocument *document) {
  const WxTries found = {.address_space_limit = WX_UNKNOWN,
                         .file_size_limit = WX_UNKNOWN,
                         .memory_bytes = WX_UNKNOWN,
                         .group_limit = WX_UNKNOWN,
                         .max_map_count = WX_UNKNOWN,
                         .seccomp = WX_UNKNOWN};
  add_predictions(document, &found);
  return 0;
}

static int build_probe_pid(WxDocument *document) {
  WxTable *table = wx_probe_observed_table();
  wx_probe_observed_add(document, table, 3011,
                        &(WxObservedStart){.version = "10.0.1", .start = WX_STARTS_ON});
  wx_probe_observed_add(document, table, 3019,
                        &(WxObservedStart){.start = WX_STARTS_OFF, .why = "no \"setting\""});
  wx_document_add_table(document, table);
  return 0;
}

/* demo
 * -------------------------------------------------------------------------------------------------
 */

static int build_demo(WxDocument *document) {
  WxEndings endings = {0};
  WxTable *table = wx_demo_table();
  char printed[] =
      "head\nzero <fill>  4000 KiB  64,000 KiB  7 KiB  64.8 yes\nW^X off 0 KiB 0 KiB 0 KiB\n";
  char reason[] = "SKIP: no SDK\n";
  wx_demo_document_begin(document);
  WxObserved ran = {.outcome = WX_OBSERVED_DIED, .output = {printed, sizeof printed - 1, 0}};
  wx_demo_document_add(document, table, &endings, "repro.c", &ran);
  WxObserved skipped = {.outcome = WX_OBSERVED_DIED,
                        .wait_status = 77 << 8,
                        .errors = {reason, sizeof reason - 1, 0}};
  wx_demo_document_add(document, table, &endings, "leak.cs", &skipped);
  WxObserved killed = {.outcome = WX_OBSERVED_DIED, .wait_status = 11};
  wx_demo_document_add(document, table, &endings, "other.c", &killed);
  wx_demo_document_end(document);
  wx_document_add_table(document, table);
  return 0;
}

/* The table
 * -------------------------------------------------------------------------------------------------
 */

static const WxSpecimen specimens[] = {
    {"list", "list", build_list, false, {{0}}},
    {"run", "run", build_run, true, {{0}}},
    {"run-unknown", "run", build_run_unknown, false, {{0}}},
    {"validate", "validate", build_validate, true, {{0}}},
    {"validate-unknown", "validate", build_validate_unknown, false, {{0}}},
    {"validate-fidelity", "validate", build_fidelity, false, {{0}}},
    {"replay", "replay", build_replay, true, {{"text", list_events}}},
    {"replay-unknown", "replay", build_replay_unknown, false, {{0}}},
    {"replay-overhead", "replay", build_overhead, true, {{0}}},
    {"reclaim", "reclaim", build_reclaim, true, {{0}}},
    {"reclaim-unknown", "reclaim", build_reclaim_unknown, false, {{0}}},
    {"reclaim-dry-run", "reclaim", build_reclaim_dry_run, false, {{0}}},
    {"audit",
     "audit",
     wx_specimen_audit,
     true,
     {{"prom", wx_specimen_metrics}, {"text", wx_specimen_watch}}},
    {"audit-unknown",
     "audit",
     wx_specimen_audit_unknown,
     false,
     {{"prom", wx_specimen_metrics}, {"text", wx_specimen_watch_unknown}}},
    {"audit-smaps", "audit", wx_specimen_audit_smaps, false, {{0}}},
    {"audit-all", "audit", wx_specimen_audit_all, false, {{"prom", wx_specimen_metrics}}},
    {"audit-diff", "audit", wx_specimen_audit_diff, false, {{0}}},
    {"audit-oom", "audit", wx_specimen_audit_oom, false, {{0}}},
    {"audit-images", "audit", wx_specimen_audit_images, false, {{0}}},
    {"explain", "explain", wx_specimen_explain, false, {{0}}},
    {"probe", "probe", build_probe, false, {{0}}},
    {"probe-unknown", "probe", build_probe_unknown, false, {{0}}},
    {"probe-pid", "probe", build_probe_pid, false, {{0}}},
    {"demo", "demo", build_demo, false, {{0}}},
    {"bench-audit", "bench", build_bench_audit, false, {{0}}},
    {"bench-modes", "bench", build_bench_modes, false, {{0}}},
    {"bench-reclaim", "bench", build_bench_reclaim, false, {{0}}},
    {"bench-reclaim-freezers", "bench", build_bench_freezers, false, {{0}}},
    {"bench-reclaim-service", "bench", build_bench_service, false, {{0}}},
    {"bench-strategies", "bench", build_bench_strategies, false, {{0}}},
    {"compare", "compare", build_compare, false, {{0}}},
    {"report", "report", build_report, false, {{0}}},
};

const WxSpecimen *wx_specimen_at(size_t index) {
  return index < LENGTH(specimens) ? &specimens[index] : NULL;
}

// Of the machine nothing is known where the figures are unknown, either.
static json_t *context(const WxSpecimen *specimen) {
  json_t *object =
      json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:i, s:s, s:i, s:i, s:s, s:s, s:s, s:i}", "date",
                "2026-01-02T03:04:05Z", "command", specimen->name, "wxbench_version", "0.0.1",
                "kernel", "Linux 6.1.0 x86_64", "cpu", "Example 7", "cpus", 11, "page_size", 4096,
                "thp_shmem", "never", "memfd_noexec", 2, "max_map_count", 65530, "cgroup", "v2",
                "container", "none", "compiler", "gcc 12", "seed", 17);
  const char *key;
  json_t *value;
  if (!strstr(specimen->name, "unknown"))
    return object;
  json_object_foreach(object, key, value) {
    json_object_set_new(object, key, json_null());
  }
  return object;
}

int wx_specimen_try(const WxSpecimen *specimen, WxDocument *document) {
  wx_document_init(document, specimen->verb);
  json_t *fixed = context(specimen);
  if (!fixed || json_object_update(document->context, fixed) != 0)
    document->lost = true;
  json_decref(fixed);
  return specimen->build(document);
}

WxDocument wx_specimen_document(const WxSpecimen *specimen) {
  WxDocument document;
  ck_assert_int_eq(wx_specimen_try(specimen, &document), 0);
  ck_assert(!document.lost);
  return document;
}
