#!/usr/bin/env bash
# wxbench bench strategies: its document, its table, its formats, and what it says about bad input. No time is judged.
# shellcheck disable=SC2317 # the functions are called through claim
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

bench() { "$wxbench" bench strategies --quick --rounds 3 "$@"; }
of_patch() { bench --workload patch --strategy lean --strategy publish --strategy rwx --json "$scratch/patch.json" >"$scratch/table"; }
claim strategies_are_measured_in_turns of_patch
# of FILTER: whether it holds of the rows.
of() { jq -e "$1" "$scratch/patch.json" >/dev/null || { jq -c '.results[]' "$scratch/patch.json"; return 1; }; }
claim the_base_stands_there_twice_and_others_where_they_are_named \
  of '[.results[].strategy] == ["coreclr", "coreclr again", "rwx", "lean", "publish"]'
claim each_row_has_its_time_and_its_ratio \
  of '[.results[] | select(.skipped | not)] | length == 4 and all(.time_ns.patch.median > 0 and .time_ns.patch.n == 3 and
    .ratio.base == "coreclr" and .ratio.n == 3 and .ratio.ci_low <= .ratio.median and .ratio.median <= .ratio.ci_high)'
claim every_sample_is_kept of '[.results[] | select(.skipped | not) | .samples_ns | length] | unique == [3]'
claim the_noise_is_that_of_the_base_against_itself \
  of '(.results[1].ratio | [1 - .ci_low, .ci_high - 1] | max) as $noise
    | [.results[] | .ratio.noise // empty] | all((. - $noise | fabs) < 1e-9)'
claim security_is_part_of_each_row of '[.results[] | select(.strategy == "lean" or .strategy == "rwx") | .security] ==
  [{wx_page: true, writable_alias: "always", reprotect: true}, {wx_page: false, writable_alias: "never", reprotect: true}]'
claim what_cannot_take_part_says_why of '[.results[] | select(.strategy == "publish") | .skipped] == ["a page is written once"]'
claim a_base_differs_from_itself_by_nothing grep -q '^coreclr again .*  no difference ' "$scratch/table"

# Rows by format: those that took part.
lines() {
  [ "$("$wxbench" report "$scratch/patch.json" --format "$1" | grep -cE "$2")" = "$3" ] ||
    { "$wxbench" report "$scratch/patch.json" --format "$1"; return 1; }
}
claim csv_has_a_row_each lines csv '^strategies,patch,' 5
claim github_action_benchmark_gets_a_ratio_each lines gab 'strategies, patch, .*: ratio"' 4
claim github_action_benchmark_gets_a_time_each lines gab 'strategies, patch, .*: time_ns.patch"' 4
claim junit_is_well_formed sh -c '"$0" report "$1" --format junit | python3 -c "import sys, xml.dom.minidom as m; m.parse(sys.stdin)"' \
  "$wxbench" "$scratch/patch.json"

# Where no memfd may be made that can be executed as a file, in a PID namespace of its own.
strict() { unshare --pid --fork --mount-proc sh -c 'echo 2 >/proc/sys/vm/memfd_noexec && exec "$@"' - "$@" 2>/dev/null; }
if strict true; then
  claim lean_runs_where_no_executable_memfd_may_be_made strict "$wxbench" run --quiet block_cycle --strategy lean --json /dev/null
else
  skip lean_runs_where_no_executable_memfd_may_be_made "no PID namespace, or no vm.memfd_noexec (Linux 6.3)"
fi

refused an_unknown_strategy_names_a_near_one "unknown strategy 'laen'; did you mean 'lean'" bench --strategy laen
refused an_unknown_workload_names_a_near_one "unknown workload or part 'pacth'; did you mean 'patch'" bench --workload pacth
tap_end
