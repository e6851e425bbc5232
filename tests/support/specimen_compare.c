// The documents that are made of documents: compare and report.
#include "support/specimen.h"

#include "output/documents.h"
#include "output/load.h"
#include "output/result_json.h"

#include <check.h>

#define LENGTH(array) (sizeof(array) / sizeof *(array))

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
  WxResult result = wx_specimen_judged();
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
  WxResult result = wx_specimen_judged();
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

int wx_specimen_compare(WxDocument *document) {
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
  wx_specimen_require(failed || worse > 0);
  return failed;
}

int wx_specimen_report(WxDocument *document) {
  static const struct {
    const char *name, *kind;
    int (*build)(WxDocument *document);
  } files[] = {{"audit.json", "audit", wx_specimen_audit},
               {"compare.json", "compare", wx_specimen_compare},
               {"freezers.json", "bench", wx_specimen_bench_freezers},
               {"reclaim.json", "reclaim", wx_specimen_reclaim},
               {"validate.json", "validate", wx_specimen_validate}};
  static json_t *roots[LENGTH(files)];
  for (size_t i = 0; i < LENGTH(files); ++i) {
    if (!roots[i])
      roots[i] = document_of(files[i].kind, files[i].build);
    wx_report_document_add(document, files[i].name, roots[i]);
  }
  return 0;
}
