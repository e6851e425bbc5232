// The documents of what was run: run, validate, replay and reclaim.
#include "support/specimen.h"

#include "output/documents.h"
#include "output/reclaim_document.h"
#include "output/replay_document.h"
#include "output/result_json.h"
#include "output/validate_document.h"
#include "trace/event_text.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

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

WxResult wx_specimen_judged(void) {
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

/* run, validate, replay
 * -------------------------------------------------------------------------------------------------
 */

int wx_specimen_run(WxDocument *document) {
  WxResult result = wx_specimen_judged();
  result.scenario = "steady";
  result.strategy = "coreclr";
  result.model = "net10";
  wx_specimen_require(!wx_result_ok(&result));
  wx_run_document_add(document, &result, "coreclr-off");
  wx_document_add_table(document, wx_result_table("run", document->results));
  return 0;
}

int wx_specimen_run_unknown(WxDocument *document) {
  WxResult result = unknown();
  result.scenario = "steady";
  result.strategy = "rwx";
  wx_specimen_require(wx_result_ok(&result));
  wx_run_document_add(document, &result, "rwx");
  result.strategy = "pal_pool";
  result.skipped = "no memory, no \"luck\"";
  wx_specimen_require(wx_result_ok(&result));
  wx_run_document_add(document, &result, "");
  const WxEnded ended = {.how = WX_ENDED_SIGNAL,
                         .signal = 9,
                         .last_line = "no more \"room\"",
                         .text = "killed by signal 9 <oom>"};
  result = unknown();
  result.scenario = "steady";
  result.strategy = "wx";
  result.ended = &ended;
  wx_specimen_require(!wx_result_ok(&result));
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

int wx_specimen_validate(WxDocument *document) {
  WxResult result = wx_specimen_judged();
  result.workload = "asm";
  result.mode = "live";
  result.runtime = "10.0.14";
  result.w_xor_x = "off-silently";
  result.mislabelled = "W^X was off without a word";
  result.verdict_code = "retained";
  result.verdict_text = "107.0 MiB are retained.";
  wx_specimen_require(!wx_result_ok(&result));
  add_validated(document, &result, &(WxLive){.ran = true, .result = reclaimed});
  wx_document_add_table(document, wx_result_table("validate", document->results));
  return 0;
}

int wx_specimen_validate_unknown(WxDocument *document) {
  WxResult result = unknown();
  result.workload = "asm";
  result.mode = "off";
  result.runtime = "8.0.31";
  result.verdict_code = "not-affected";
  result.verdict_text = "There is no double mapper.";
  // Of a program without the file nothing is live, by the contract; to people it is unknown.
  result.metrics.live_peak_bytes = 0;
  wx_specimen_require(wx_result_ok(&result));
  add_validated(document, &result, &(WxLive){0});
  wx_document_add_table(document, wx_result_table("validate", document->results));
  return 0;
}

int wx_specimen_fidelity(WxDocument *document) {
  WxFidelityRow rows[] = {{"reserves of 64 KiB", WX_FIDELITY_EXACT, 1117, 1117, 1117, true},
                          {"commits", WX_FIDELITY_SPREAD, 1123, 1129, 1151, false},
                          {"peak bytes", WX_FIDELITY_NEAR, 1153, 1163, 1171, true},
                          {"odd ones", WX_FIDELITY_SHOWN, 1181, 1187, 1193, false}};
  WxFidelity fidelity = {.rows = rows, .row_count = LENGTH(rows)};
  fidelity.real.result = wx_specimen_judged();
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
  wx_specimen_require(document->lost || endings.failed);
  return 0;
}

int wx_specimen_replay(WxDocument *document) {
  WxReplayRun run = {.result = wx_specimen_judged()};
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
  wx_specimen_require(!wx_result_ok(&run.result));
  wx_replay_document_add(document, &run);
  wx_document_add_table(document, wx_result_table("replay", document->results));
  return 0;
}

int wx_specimen_replay_unknown(WxDocument *document) {
  WxReplayRun run = {.result = unknown()};
  run.result.scenario = "app.wxt";
  run.result.strategy = "rwx";
  run.report = (WxReplayReport){.header = {.ended_by_exit = true}, .path = "rwx"};
  wx_specimen_require(wx_result_ok(&run.result));
  wx_replay_document_add(document, &run);
  wx_document_add_table(document, wx_result_table("replay", document->results));
  return 0;
}

int wx_specimen_overhead(WxDocument *document) {
  const WxOverhead overhead = {.ratio = {1.125, 1.0625, 1.1875, 31},
                               .bare_ns = {293e6, 283e6, 307e6, 37},
                               .same = {1.03125, 0.96875, 1.046875, 41},
                               .calls = 1237};
  wx_replay_document_add_overhead(document, "app.wxt", &overhead);
  return 0;
}

// The events of a recording as text, which is no document.
char *wx_specimen_events(const WxDocument *document) {
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

int wx_specimen_reclaim(WxDocument *document) {
  wx_reclaim_document_add(document, &reclaimed, false);
  wx_reclaim_document_finish(document, false);
  return 0;
}

int wx_specimen_reclaim_unknown(WxDocument *document) {
  const WxReclaim nothing = {.pid = 4703, .inode = 4723, .zero_mapped_bytes = WX_UNKNOWN};
  wx_reclaim_document_add(document, &nothing, false);
  wx_reclaim_document_finish(document, false);
  return 0;
}

int wx_specimen_reclaim_dry_run(WxDocument *document) {
  wx_reclaim_document_add(document, &reclaimed, true);
  wx_reclaim_document_finish(document, true);
  return 0;
}
