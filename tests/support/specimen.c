#include "support/specimen.h"

#include "output/documents.h"
#include "output/json.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

void wx_specimen_require(bool holds) {
  if (!holds)
    abort();
}

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* list
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
    {"run", "run", wx_specimen_run, true, {{0}}},
    {"run-unknown", "run", wx_specimen_run_unknown, false, {{0}}},
    {"validate", "validate", wx_specimen_validate, true, {{0}}},
    {"validate-unknown", "validate", wx_specimen_validate_unknown, false, {{0}}},
    {"validate-fidelity", "validate", wx_specimen_fidelity, false, {{0}}},
    {"replay", "replay", wx_specimen_replay, true, {{"text", wx_specimen_events}}},
    {"replay-unknown", "replay", wx_specimen_replay_unknown, false, {{0}}},
    {"replay-overhead", "replay", wx_specimen_overhead, true, {{0}}},
    {"reclaim", "reclaim", wx_specimen_reclaim, true, {{0}}},
    {"reclaim-unknown", "reclaim", wx_specimen_reclaim_unknown, false, {{0}}},
    {"reclaim-dry-run", "reclaim", wx_specimen_reclaim_dry_run, false, {{0}}},
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
    {"bench-audit", "bench", wx_specimen_bench_audit, false, {{0}}},
    {"bench-modes", "bench", wx_specimen_bench_modes, false, {{0}}},
    {"bench-reclaim", "bench", wx_specimen_bench_reclaim, false, {{0}}},
    {"bench-reclaim-freezers", "bench", wx_specimen_bench_freezers, false, {{0}}},
    {"bench-reclaim-service", "bench", wx_specimen_bench_service, false, {{0}}},
    {"bench-strategies", "bench", wx_specimen_bench_strategies, false, {{0}}},
    {"compare", "compare", wx_specimen_compare, false, {{0}}},
    {"report", "report", wx_specimen_report, false, {{0}}},
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
