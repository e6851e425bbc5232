// `wxbench list`: what there is to run and to compare.
#include "bench/peer.h"
#include "cli/options.h"
#include "cli/say.h"
#include "cli/verb.h"
#include "clr/versions.h"
#include "output/documents.h"
#include "reclaim/freezer.h"
#include "scenario/expect.h"
#include "scenario/mode.h"
#include "scenario/needs.h"
#include "scenario/parameters.h"
#include "scenario/runtimes.h"
#include "stats/figures.h"
#include "strategy/strategy.h"

#include <stdio.h>
#include <string.h>

typedef struct {
  WxDocument *document;
  const char *verb;
} Listing;

static int list_files(Listing *listing, const char *folder, const char *title, const char *kind) {
  WxProblem problem;
  const int failed = wx_list_files(listing->document, folder, title, kind, &problem);
  return failed ? wx_cli_problem(listing->verb, failed, &problem) : 0;
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

static const char *strategy_about(size_t index) {
  return wx_strategy_at(index)->summary;
}

static const char *model_about(size_t index) {
  return wx_clr_version_at(index)->summary;
}

static const char *mode_about(size_t index) {
  return wx_mode_at(index)->summary;
}

static const char *format_about(size_t index) {
  return wx_format_at(index)->summary;
}

static const char *freezer_about(size_t index) {
  return wx_freezer_at(index)->summary;
}

static const char *metric_name(size_t index) {
  return index < wx_metric_figures.count ? wx_metric_figures.rows[index].key : NULL;
}

static const char *metric_about(size_t index) {
  return wx_metric_figures.rows[index].about;
}

static const char *sample_name(size_t index) {
  return index < wx_sample_figures.count ? wx_sample_figures.rows[index].key : NULL;
}

static const char *sample_about(size_t index) {
  return wx_sample_figures.rows[index].about;
}

static int list_actions(Listing *listing) {
  wx_list_actions(listing->document);
  return 0;
}

static int list_keys(Listing *listing) {
  wx_list_keys(listing->document);
  return 0;
}

// A section is found out, or is the names of a table.
static const struct {
  const char *name;
  bool usual; ///< Of what is listed where nothing is named.
  const char *kind;
  WxWordAt *name_at, *about_at;
  int (*list)(Listing *listing);
} sections[] = {
    {"strategies", true, "strategy", wx_strategy_name, strategy_about, NULL},
    {"scenarios", true, "scenario", NULL, NULL, list_scenarios},
    {"workloads", true, "workload", NULL, NULL, list_workloads},
    {"peers", true, "peer", NULL, NULL, list_peers},
    {"runtimes", true, "runtime", NULL, NULL, list_runtimes},
    {"models", true, "model", wx_clr_version_name, model_about, NULL},
    {"modes", false, "mode", wx_mode_name, mode_about, NULL},
    {"freezers", false, "freezer", wx_freezer_name, freezer_about, NULL},
    {"formats", false, "format", wx_format_name, format_about, NULL},
    {"metrics", false, "metric", metric_name, metric_about, NULL},
    {"samples", false, "sample", sample_name, sample_about, NULL},
    {"keys", false, "key", NULL, NULL, list_keys},
    {"actions", false, "action", NULL, NULL, list_actions},
    {"operators", false, "operator", wx_expect_op_name, wx_expect_op_about, NULL},
    {"needs", false, "need", wx_need_name, wx_need_about, NULL},
    {"options", false, "option", wx_parameters_option, wx_parameters_option_about, NULL},
};

enum { SECTIONS = sizeof sections / sizeof *sections };

static const char *section_name(size_t index) {
  return index < SECTIONS ? sections[index].name : NULL;
}

static int list_section(Listing *listing, size_t section) {
  if (sections[section].list)
    return sections[section].list(listing);
  WxTable *table = wx_list_table(sections[section].name);
  const char *name;
  for (size_t i = 0; (name = sections[section].name_at(i)); ++i)
    wx_list_add(listing->document, table, sections[section].kind, name,
                sections[section].about_at(i));
  wx_document_add_table(listing->document, table);
  return 0;
}

static int list_named(Listing *listing, const char *name) {
  for (size_t i = 0; i < SECTIONS; ++i)
    if (strcmp(sections[i].name, name) == 0)
      return list_section(listing, i);
  return wx_cli_unknown_word(listing->verb, "list", name, section_name);
}

static int list_usual(Listing *listing) {
  int status = 0;
  for (size_t i = 0; i < SECTIONS && status == 0; ++i)
    status = sections[i].usual ? list_section(listing, i) : 0;
  return status;
}

int wx_cli_list(int argc, char **argv) {
  char names[WX_WORDS], arguments[WX_WORDS + 2], summary[WX_WORDS + 128];
  snprintf(arguments, sizeof arguments, "[%s]", wx_words_joined(names, section_name, "|"));
  snprintf(summary, sizeof summary,
           "List what there is, WHAT being %s; without an argument what can be run and compared.",
           wx_words_joined(names, section_name, ", "));
  const WxOptionsSpec spec = {
      .arguments = arguments,
      .summary = summary,
      .example =
          "  wxbench list strategies\n  wxbench list metrics samples\n  wxbench list --json -",
  };
  WxOptions options;
  if (!wx_options_parse(&options, &spec, argc, argv, NULL))
    return options.status;
  WxDocument document;
  wx_document_init(&document, "list");
  Listing listing = {&document, options.verb};
  int status = options.argument_count ? 0 : list_usual(&listing);
  for (size_t i = 0; i < options.argument_count && status == 0; ++i)
    status = list_named(&listing, options.arguments[i]);
  if (status == 0)
    return wx_cli_finish(&options, &document, WX_UNKNOWN, WX_EXIT_OK);
  wx_document_free(&document);
  wx_options_free(&options);
  return status;
}
