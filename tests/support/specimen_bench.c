// The documents of benchmarks.
#include "support/specimen.h"

#include "bench/bench_reports.h"
#include "output/json.h"
#include "output/paired_table.h"
#include "stats/paired.h"

#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof *(array))

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

int wx_specimen_bench_audit(WxDocument *document) {
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

int wx_specimen_bench_modes(WxDocument *document) {
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

int wx_specimen_bench_reclaim(WxDocument *document) {
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

int wx_specimen_bench_strategies(WxDocument *document) {
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

int wx_specimen_bench_freezers(WxDocument *document) {
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

int wx_specimen_bench_service(WxDocument *document) {
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
