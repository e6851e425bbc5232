#!/usr/bin/env bash
# What CONTRIBUTING says of adding things: in a copy of the tree a strategy, a format, a figure of runs and one of samples, a freezer,
# a need, a benchmark, a model, a runtime version and a verb are added, one file and one row each or the one of them that there is.
# Each has to appear in help, refusals, listings, documents and comparisons, and docs_test.sh has to miss it in docs/.
# shellcheck disable=SC2317,SC2016,SC1003 # the functions are called through claim; quoted text is C and Markdown
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
tree=$scratch/tree
added=$tree/build/wxbench

# row FILE BEFORE TEXT: puts a line before the one that begins so.
row() {
  BEFORE=$2 TEXT=$3 awk 'index($0, ENVIRON["BEFORE"]) == 1 { print ENVIRON["TEXT"]; ++count } { print } END { exit count != 1 }' \
    "$tree/$1" >"$scratch/row" && cp "$scratch/row" "$tree/$1"
}

copy() {
  mkdir -p "$tree/build/obj" && cp -r Makefile VERSION packaging harness scripts scenarios "$tree" && cp -a build/obj/plain "$tree/build/obj/" || return
  # What needs no building anew: dependencies of each object are known.
  find "$tree" -path '*/build' -prune -o -type f -exec touch -d 2000-01-01 {} +
}

add() {
  sed -n '/^```c$/,/^```$/{/^```/!p}' docs/strategies.md >"$tree/harness/strategy/added.c"

  cat >"$tree/harness/output/format_brief.c" <<'C'
#include "output/format.h"
int wx_format_brief(const WxDocument *document, FILE *stream) {
  fprintf(stream, "%zu results\n", json_array_size(document->results));
  return 0;
}
C
  row harness/output/format.h '  ROW(gab,' '  ROW(brief, "how many results there are") \' || return

  row harness/stats/figures.h '  ROW(failures,' \
    '  ROW(rss_peak_bytes, FIGURE, PEAK(rss_bytes), NAMED, INFORMATION, COLUMN_IF_KNOWN(25, "RSS peak"), "the largest RSS") \' || return
  row harness/stats/figures.h '  ROW(doublemapper_mappings,' '  ROW(threads, SNAPSHOT, NAMED, NO_COLUMN, "threads of the process") \' || return

  sed 's/\<wx_freezer_stop\>/wx_freezer_again/g; s/\.name = "stop"/.name = "again"/' harness/reclaim/freezer_stop.c >"$tree/harness/reclaim/freezer_again.c"
  sed -i 's/^#define WX_FREEZERS(ROW).*/& ROW(again)/' "$tree/harness/reclaim/freezer.h"

  row harness/scenario/needs.c 'static const struct {' 'static bool has_moon(void) { return false; }' || return
  row harness/scenario/needs.c '    {"huge_shmem",' '    {"moon", has_moon, "a moon", "there is no moon here"},' || return

  cat >"$tree/harness/bench/bench_nothing.c" <<'C'
#include "bench/benchmark.h"
int wx_bench_nothing(WxBench *bench) {
  wx_document_add_result(bench->document, json_pack("{s:s}", "benchmark", "nothing"));
  return 0;
}
C
  row harness/bench/benchmark.h '  ROW(strategies,' '  ROW(nothing, "what nothing costs") \' || return

  awk '/^static const WxClrVersion versions/ { inside = 1 } inside && /^};/ {
    print "    {.name = \"net99\", .summary = \"a later one\", SINCE_10, BLOCKS(4, 0)},"; inside = 0 } { print }' \
    harness/clr/versions.c >"$tree/harness/clr/versions.c"
  # Every object depends on the versions; one has them in it.
  sed -i '0,/^runtime /s//runtime 12.0.0\n&/' "$tree/scripts/versions"
  touch -d 2000-01-01 "$tree/scripts/versions"
  rm "$tree/build/obj/plain/harness/scenario/runtimes.o"

  cat >"$tree/harness/cli/verb_hello.c" <<'C'
#include "cli/options.h"
#include "cli/verb.h"
int wx_cli_hello(int argc, char **argv) {
  const WxOptionsSpec spec = {.summary = "Say hello.", .example = "  wxbench hello"};
  WxOptions options;
  if (!wx_options_parse(&options, &spec, argc, argv, NULL))
    return options.status;
  WxDocument document;
  wx_document_init(&document, "hello");
  wx_document_note(&document, "hello, world");
  return wx_cli_finish(&options, &document, WX_UNKNOWN, WX_EXIT_OK);
}
C
  row harness/cli/verb.h '  ROW(list,' '  ROW(hello, HERE, false, "say hello") \'
}
build() { make -C "$tree" -j2 WARNINGS='-Wall -Wextra -Werror -Wno-unused' PLAIN=-O0 build/wxbench >"$scratch/make.log" 2>&1 || { grep -m 5 error "$scratch/make.log" && false; }; }
if ! { copy && add; }; then
  not_ok everything_is_a_file_and_a_row
  tap_end
fi
claim everything_is_a_file_and_a_row build
[ -x "$added" ] || tap_end

# says PATTERN COMMAND...: on stdout or stderr, whatever the exit status is but that of a crash; lines as one.
says() {
  local pattern=$1
  shift
  (cd "$tree" && "$@") >"$scratch/said" 2>&1 </dev/null
  [ $? -lt 128 ] && tr -s '\n ' '  ' <"$scratch/said" | grep -qE -- "$pattern" || { head -n 5 "$scratch/said" && false; }
}
scenario() { printf '%s\n' 'name: tried' 'shows: what was added' 'round:' '- {act: generate, group: g, count: 1, size: 64KiB}' \
  '- {act: release, group: g}' 'strategies: [added, coreclr]' "$@" >"$scratch/tried.yaml"; }
run() { (cd "$tree" && "$added" run "$scratch/tried.yaml" --json "$scratch/$1.json") >"$scratch/said" 2>&1 || { cat "$scratch/said" && false; }; }

scenario 'expect:' '- {metric: rss_peak_bytes, op: ge, value: 0}' '- {metric: threads, op: ge, value: 1}'
claim a_scenario_names_the_new_figures_and_strategy run first
has() { jq -e "$1" "$scratch/first.json" >/dev/null; }
claim a_document_has_the_figure_of_runs has 'all(.results[]; .metrics.rss_peak_bytes | type == "number")'
claim a_document_has_the_figure_of_samples has 'all(.results[].samples[]; .threads >= 1)'
claim csv_has_a_column says '^scenario,[a-z_,]*,threads,' "$added" report "$scratch/first.json" --format csv
claim the_table_has_a_column says 'memfd peak . RSS peak' "$added" report "$scratch/first.json"
claim benchmark_rows_have_it says '"tried, coreclr: rss_peak_bytes", "unit": "bytes"' "$added" report "$scratch/first.json" --format gab
jq '(.results[].metrics.rss_peak_bytes) += 4096' "$scratch/first.json" >"$scratch/second.json"
claim a_comparison_has_it says 'rss_peak_bytes",[^}]*"gate": "info"' "$added" compare "$scratch/first.json" "$scratch/second.json" --json -
scenario 'expect:' '- {metric: rss_peek, op: flat}'
claim a_wrong_figure_is_refused says "unknown metric 'rss_peek'; expected a name of .wxbench list metrics samples" "$added" run "$scratch/tried.yaml"
claim figures_are_listed says 'rss_peak_bytes +the largest RSS.* threads +threads of the process' "$added" list metrics samples

claim a_strategy_is_listed says 'added +the example' "$added" list strategies
claim a_strategy_is_refused_by_name says "unknown strategy 'aded'; did you mean 'added'" "$added" run steady --strategy aded

claim a_format_writes says '^2 results $' "$added" report "$scratch/first.json" --format brief
claim a_format_is_in_the_help says 'stdout as [a-z, ]*brief' "$added" run --help
claim a_format_is_refused_by_name says "unknown format 'brif'; did you mean 'brief'" "$added" list --format brif
claim a_format_is_completed says 'table.json.csv.markdown.junit.brief.gab' "$added" --describe

claim a_freezer_is_in_the_help says 'ptrace, cgroup, stop or again' "$added" reclaim --help
claim a_freezer_is_refused_by_name says "unknown freezer 'agin'; expected ptrace, cgroup, stop or again" "$added" reclaim --pid 1 --freeze agin
claim a_freezer_is_completed says 'ptrace.cgroup.stop.again' "$added" --describe
claim a_freezer_is_listed says 'again +SIGSTOP' "$added" list freezers

scenario 'needs: moon'
claim a_need_skips says 'skipped: there is no moon here' "$added" run "$scratch/tried.yaml"
scenario 'needs: mon'
claim a_need_is_refused_by_name says "unknown need 'mon'; expected moon or huge_shmem" "$added" run "$scratch/tried.yaml"
claim a_need_is_listed says 'moon +a moon' "$added" list needs

claim a_benchmark_runs says '"benchmark": "nothing"' "$added" bench nothing --json -
claim a_benchmark_is_in_the_help says '`nothing`, what nothing costs' "$added" bench --help
claim a_benchmark_is_refused_by_name says "unknown benchmark 'nothin'; did you mean 'nothing'" "$added" bench nothin
claim a_benchmark_is_completed says 'modes.reclaim.nothing.strategies' "$added" --describe

claim a_model_runs says 'collectible_churn.*coreclr.*net99' "$added" run collectible_churn --model net99 --strategy coreclr --rounds 1
claim a_model_is_listed says 'net99 +a later one' "$added" list models
claim a_model_is_refused_by_name says "unknown model 'net98'; did you mean .*'net99'" "$added" run collectible_churn --model net98
claim a_runtime_version_is_said says 'expected a version, as 12\.0\.0' "$added" validate --runtime nonsense

claim a_verb_runs says '^hello, world' "$added" hello
claim a_verb_is_in_the_help says 'hello +say hello' "$added" --help
claim a_verb_has_a_help says 'Say hello' "$added" help hello
claim a_verb_is_refused_by_name says "unknown verb 'helo'; did you mean 'hello'" "$added" helo
claim a_verb_is_completed says 'verb.hello.say hello' "$added" --describe

# What is not in docs/ is missed there, by name.
WXBENCH=$added tests/plain/docs_test.sh >"$scratch/docs" 2>&1
missed() { grep -qE -- "$1" "$scratch/docs" || { grep -v '^ok' "$scratch/docs" && false; }; }
for page in the_page_has_all_metrics_of_the_program the_page_has_all_samples_of_the_program the_page_has_all_needs_of_the_program \
  each_format_is_in_its_page each_freezer_is_in_its_page each_strategy_has_a_row_in_its_page each_model_is_in_its_page \
  each_benchmark_is_in_a_page each_verb_is_in_the_readme; do
  claim "docs_are_held_to_it_$page" missed "^not ok - $page\$"
done
tap_end
