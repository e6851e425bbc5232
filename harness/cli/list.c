// `wxbench list`: what there is to run and to compare.
#include "bench/peer.h"
#include "cli/documents.h"
#include "cli/options.h"
#include "cli/say.h"
#include "cli/scenarios.h"
#include "cli/verb.h"
#include "clr/versions.h"
#include "scenario/runtimes.h"
#include "scenario/scenario.h"
#include "strategy/strategy.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const WxOptionsSpec spec = {
    .arguments = "[strategies|scenarios|workloads|peers|runtimes|models]",
    .summary = "List what there is; without an argument all of it.",
    .example = "  wxbench list strategies\n  wxbench list --json -",
};

typedef struct {
  WxDocument *document;
  const char *verb;
} Listing;

WxTable *wx_list_table(const char *title) {
  static const WxColumn columns[] = {{"name", WX_TEXT}, {"what it is", WX_TEXT}};
  return wx_table_new(title, columns, 2);
}

void wx_list_add(WxDocument *document, WxTable *table, const char *kind, const char *name,
                 const char *about) {
  wx_table_add(table, (const WxCell[]){wx_text(name), wx_text(about)});
  wx_document_add_result(
      document, json_pack("{s:s, s:s, s:s?}", "kind", kind, "name", name, "summary", about));
}

static int list_strategies(Listing *listing) {
  WxTable *table = wx_list_table("strategies");
  const WxStrategy *strategy;
  for (size_t i = 0; (strategy = wx_strategy_at(i)); ++i)
    wx_list_add(listing->document, table, "strategy", strategy->name, strategy->summary);
  wx_document_add_table(listing->document, table);
  return 0;
}

static int list_files(Listing *listing, const char *folder, const char *title, const char *kind) {
  char directory[PATH_MAX];
  wx_scenario_directory(folder, directory, sizeof directory);
  char **names;
  size_t count;
  const int failed = wx_scenario_names(directory, &names, &count);
  if (failed)
    return wx_cli_no_scenarios(listing->verb, folder, failed);
  WxTable *table = wx_list_table(title);
  int status = 0;
  for (size_t i = 0; i < count && status == 0; ++i) {
    char path[PATH_MAX];
    WxScenario *scenario;
    WxComplaint complaint = {.text = "expected a shorter path"};
    if (wx_scenario_path(directory, names[i], path, sizeof path) ||
        wx_scenario_load(path, &scenario, &complaint)) {
      status = wx_cli_fail(listing->verb, "%s:%zu: %s", path, complaint.line, complaint.text);
    } else {
      wx_list_add(listing->document, table, kind, names[i], scenario->shows);
      wx_scenario_free(scenario);
    }
  }
  wx_scenario_names_free(names, count);
  wx_document_add_table(listing->document, table);
  return status;
}

static int list_scenarios(Listing *listing) {
  return list_files(listing, "scenarios", "scenarios", "scenario");
}

static int list_workloads(Listing *listing) {
  return list_files(listing, "scenarios/workloads", "workloads", "workload");
}

static int list_runtimes(Listing *listing) {
  WxRuntimes runtimes;
  const int failed = wx_runtimes_find(&runtimes);
  if (failed)
    return wx_cli_fail(listing->verb, "cannot look for runtimes: %s", strerror(-failed));
  WxTable *table = wx_list_table("runtimes");
  for (size_t i = 0; i < runtimes.count; ++i)
    wx_list_add(listing->document, table, "runtime", runtimes.items[i].version,
                runtimes.items[i].root);
  wx_document_add_table(listing->document, table);
  wx_runtimes_free(&runtimes);
  return 0;
}

// What `wxbench bench` measures beside our own, in the same run.
static int list_peers(Listing *listing) {
  static const struct {
    const char *program;
    const char *about;
  } peers[] = {
      {"fallocate", "fallocate -d under SIGSTOP, beside reclaim --pid"},
      {"cat", "cat /proc/PID/maps and smaps, beside audit PID"},
      {"pmap", "pmap -X PID, beside audit PID"},
      {"gdb", "info proc mappings and cores, beside audit PID and audit --core"},
  };
  WxTable *table = wx_list_table("peers");
  for (size_t i = 0; i < sizeof peers / sizeof *peers; ++i)
    wx_list_add(listing->document, table, "peer", peers[i].program, peers[i].about);
  const WxPeer *peer;
  for (size_t i = 0; (peer = wx_peer_at(i)); ++i) {
    char about[512];
    if (wx_peer_describe(peer, about, sizeof about))
      listing->document->lost = true;
    else
      wx_list_add(listing->document, table, "peer", peer->name, about);
  }
  wx_document_add_table(listing->document, table);
  return 0;
}

static int list_models(Listing *listing) {
  WxTable *table = wx_list_table("models");
  const WxClrVersion *version;
  for (size_t i = 0; (version = wx_clr_version_at(i)); ++i)
    wx_list_add(listing->document, table, "model", version->name, version->summary);
  wx_document_add_table(listing->document, table);
  return 0;
}

static const struct {
  const char *name;
  int (*list)(Listing *listing);
} sections[] = {
    {"strategies", list_strategies}, {"scenarios", list_scenarios}, {"workloads", list_workloads},
    {"peers", list_peers},           {"runtimes", list_runtimes},   {"models", list_models},
};

enum { SECTIONS = sizeof sections / sizeof *sections };

static int unknown_section(const WxOptions *options, const char *name) {
  const char *names[SECTIONS];
  for (size_t i = 0; i < SECTIONS; ++i)
    names[i] = sections[i].name;
  return wx_cli_unknown(options->verb, "list", name, names, SECTIONS);
}

static int list_section(Listing *listing, const WxOptions *options, const char *name) {
  for (size_t i = 0; i < SECTIONS; ++i)
    if (strcmp(sections[i].name, name) == 0)
      return sections[i].list(listing);
  return unknown_section(options, name);
}

int wx_cli_list(int argc, char **argv) {
  WxOptions options;
  if (!wx_options_parse(&options, &spec, argc, argv, NULL))
    return options.status;
  WxDocument document;
  wx_document_init(&document, "list");
  Listing listing = {&document, options.verb};
  int status = 0;
  for (size_t i = 0; i < SECTIONS && options.argument_count == 0 && status == 0; ++i)
    status = sections[i].list(&listing);
  for (size_t i = 0; i < options.argument_count && status == 0; ++i)
    status = list_section(&listing, &options, options.arguments[i]);
  if (status == 0)
    return wx_cli_finish(&options, &document, WX_UNKNOWN, WX_EXIT_OK);
  wx_document_free(&document);
  wx_options_free(&options);
  return status;
}
