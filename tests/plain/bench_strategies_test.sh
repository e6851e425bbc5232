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

of_writers() { bench --workload writers_2 --strategy lean --json "$scratch/writers.json" >"$scratch/writers"; }
claim two_writers_are_measured_beside_one of_writers
# A ratio of pairs: of three, the middle one. The samples themselves have fewer digits than what they are made of.
of_scaling() {
  jq -e '(.results | length) == 3 and all(.results[]; ([[.scaling.samples_ns, .samples_ns] | transpose[] | .[0] / .[1]] | sort[1]) as $middle
    | .scaling.to == "block_cycle" and .scaling.n == 3 and (.scaling.median - $middle | fabs) < 1e-6)' "$scratch/writers.json"
}
claim what_two_do_in_the_time_of_one_is_of_pairs_of_a_round of_scaling
claim and_a_column_of_its_table_alone sh -c '[ "$(grep -l "/ one thread" "$@")" = "$2" ]' - "$scratch/table" "$scratch/writers"

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

has_keys() { grep -qw ospke /proc/cpuinfo; }
if has_keys; then
  claim pkey_runs_where_the_processor_has_keys "$wxbench" run --quiet block_cycle --strategy pkey --json /dev/null
else
  for verb in 'run block_cycle' 'bench strategies'; do
    # shellcheck disable=SC2086 # a verb and its argument
    impossible "pkey_is_not_possible_without_keys_${verb%% *}" 'pkey: the processor, or the kernel, has no protection keys' \
      "$wxbench" $verb --strategy pkey
  done
  without_keys() { "$wxbench" run -q block_cycle --strategy pkey --strategy rwx --json "$scratch/patch.json"; }
  claim beside_others_it_is_a_row without_keys
  claim which_says_why of '[.results[]|[.strategy, .skipped != null]]|sort == [["pkey", true], ["rwx", false]]'
fi

# Work that is done only where it is named.
of_named() { bench --workload publish --workload fork --workload size_4k --workload live_100 --strategy lean --strategy lean+late --peer bare --json "$scratch/patch.json" >"$scratch/table"; }
claim work_that_is_named_is_done of_named
claim each_of_them_has_its_rows of '[.results[]|select(.time_ns)|.workload]|group_by(.)|map([.[0],length]) ==
  [["fork",4],["live_100",4],["publish",5],["size_4k",4]]'
claim a_publish_of_lean_is_one_call of '[.results[]|select(.workload=="publish" and (.strategy//""|test("^lean")))|.syscalls.total] == [32,32]'
claim a_cycle_of_lean_is_two_calls_and_of_lean_late_one of '[.results[]|select(.workload=="size_4k" and (.strategy//""|test("^lean")))|.syscalls.total] == [64,32]'
others() { "$wxbench" bench strategies --quick --rounds 1 --strategy lean --peer bare --json "$scratch/patch.json" -q; }
claim without_a_name_the_others_are_done others
claim and_those_are_not of '[.results[].workload]|unique == ["block_cycle","fine_grained","live_10000","mixed_sizes","patch","second_thread","writers_2"]'

# ---- Functions and peers ----

of_functions() { bench --workload fine_grained --strategy lean --strategy publish --peer libffi --peer pcre2 --peer asmjit --peer asmjit-dual --peer bare --json "$scratch/patch.json" >"$scratch/table"; }
claim functions_and_peers_are_measured of_functions
claim each_strategy_has_functions of '[.results[]|select(.strategy and .time_ns.turn)|.strategy] == ["coreclr", "coreclr again", "lean", "publish"]'
claim system_calls_of_functions_are_counted of '[.results[]|select(.strategy and .time_ns)|.syscalls.operations == 32 and .syscalls.total >= 0] | all'
claim a_peer_is_a_row_of_its_own_or_names_the_package of '[.results[]|select(.peer)|.peer] == ["asmjit", "asmjit-dual", "bare", "libffi", "pcre2"] and
  all(.results[]|select(.peer); (.skipped // "x" | test("apt-get install lib")) or .time_ns.turn.median > 0)'
claim a_peer_that_does_more_has_no_ratio of '[.results[]|select(.peer == "pcre2" and .time_ns)|[.ratio, (.extra|test("byte code"))]] - [[null, true]] == []'
lists_peers() {
  "$wxbench" list peers --json - | jq -e '[.results[]|select(.name|test("^lib|pcre2|luajit"))|.summary] | length == 4 and
    all(test("^it is not here .apt-get install |^lib[a-z0-9.-]*so")) and any(test("no ratio, since it also"))' >/dev/null
}
claim peers_are_listed_with_their_library_or_package lists_peers

# ---- Two documents, two programs ----

copies() { bench --workload block_cycle --strategy lean --strategy rwx --json "$1" -q; }
copies "$scratch/base.json" && copies "$scratch/new.json"
claim a_commit_is_not_worse_than_itself "$wxbench" compare -q "$scratch/base.json" "$scratch/new.json"
# changed FILTER OPTION...: compares with a new document of which that was changed.
changed() { jq "$1" "$scratch/new.json" >"$scratch/changed.json" && "$wxbench" compare "$scratch/base.json" "$scratch/changed.json" "${@:2}" >"$scratch/table" 2>&1; }
worse() { changed "$@" && return 1; [ $? = 1 ] && grep -q '^1 worse' "$scratch/table"; }
claim one_page_kept_is_worse worse '(.results[]|select(.strategy == "rwx").retained_bytes) += 4096'
claim one_system_call_more_is_worse worse '(.results[]|select(.strategy == "lean").syscalls.total) += 1'
claim a_writable_page_is_worse worse '(.results[]|select(.strategy == "lean").security.wx_page) = true'
# Ratios that no busy machine has a part in.
ratio() { echo "(.results[]|select(.strategy == \"lean\").ratio) = {base: \"coreclr\", median: $1, ci_low: $1, ci_high: $1, n: 6, noise: 0.05}"; }
jq "$(ratio 0.1)" "$scratch/base.json" >"$scratch/steady.json" && mv "$scratch/steady.json" "$scratch/base.json"
slow=$(ratio 0.12)
claim a_time_is_told changed "$slow"
claim and_how_to_gate_on_it grep -q '1 slower by more than twice the noise; with --gate-times that is worse' "$scratch/table"
claim a_time_gates_where_that_is_wanted worse "$slow" --gate-times
claim a_time_within_twice_the_noise_is_the_same changed "$(ratio 0.105)" --gate-times
refused another_kernel_is_refused 'measured with another kernel: expected the same' \
  sh -c 'jq ".context.kernel = \"5.0\"" "$1" >"$1.other" && "$0" compare "$1" "$1.other"' "$wxbench" "$scratch/new.json"

in_turns() {
  "$wxbench" compare --against "$wxbench" --quick --rounds 3 --workload block_cycle --strategy lean --json "$scratch/patch.json" >"$scratch/table"
}
claim two_programs_are_run_in_turns in_turns
claim counters_and_times_of_both_are_there of '[.results[]|select(.strategy == "lean")|.metric] | contains(["retained_bytes", "syscalls.total", "time_ns.cycle"])'
claim times_are_ratios_of_pairs of '[.results[]|select(.metric == "time_ns.cycle")|.ratio > 0 and .noise >= 0] | length == 2 and all'
refused another_program_is_named '/bin/true cannot be measured' "$wxbench" compare --against /bin/true --quick
refused one_that_is_not_there_is_named 'cannot start /no/where' "$wxbench" compare --against /no/where
refused files_and_a_program_are_too_much '--against takes no files' "$wxbench" compare --against "$wxbench" a b
refused what_is_of_a_program_needs_one 'are of --against' "$wxbench" compare --quick a b

# ---- Formats with readers of their own ----

tap_is_read() { "$wxbench" report "$scratch/base.json" --format tap >"$scratch/base.tap" && prove -e cat "$scratch/base.tap" >"$scratch/table" 2>&1; }
tap_tells() {
  changed '(.results[]|select(.strategy == "rwx").retained_bytes) += 4096' --format tap
  grep -v '^wxbench' "$scratch/table" >"$scratch/bad.tap" && ! prove -e cat "$scratch/bad.tap" >"$scratch/table" 2>&1 && grep -q 'Failed 1/' "$scratch/table"
}
if type -P prove >/dev/null; then
  claim tap_is_read_by_prove tap_is_read
  claim a_failure_is_one_for_prove tap_tells
else
  skip tap_is_read_by_prove 'no prove here (perl)'
fi
bencher_is_as_described() {
  "$wxbench" report "$scratch/base.json" --format bencher | jq -e 'type == "object" and length == 4 and all(.[]; type == "object" and
    all(.[]; (.value|type) == "number" and (keys - ["value", "lower_value", "upper_value"] == []) and
      ((has("lower_value") | not) or (.lower_value <= .value and .value <= .upper_value))))' >/dev/null
}
claim bencher_has_a_value_for_each_measure bencher_is_as_described

refused an_unknown_peer_names_a_near_one "unknown peer 'libfi'; did you mean 'libffi'" bench --peer libfi
refused an_unknown_strategy_names_a_near_one "unknown strategy 'laen'; did you mean 'lean'" bench --strategy laen
refused an_unknown_workload_names_a_near_one "unknown workload or part 'pacth'; did you mean 'patch'" bench --workload pacth
tap_end
