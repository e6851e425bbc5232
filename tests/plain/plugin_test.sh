#!/usr/bin/env bash
# Plug-ins as a stranger makes them: from what `make install` puts down, outside of the tree. And those that break their word:
# each is a row that failed, and the others are measured.
# shellcheck disable=SC2317 # the functions are called through claim
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cc=${CC:-gcc}
type -P "${cc%% *}" >/dev/null || { echo 'no C compiler' && exit 77; }

DESTDIR=$scratch PREFIX=/usr PARTS='program data' packaging/install install || exit 1
installed=$scratch/usr/bin/wxbench
header=$scratch/usr/include/wxbench_plugin.h
mkdir "$scratch/stranger" && cp examples/* "$scratch/stranger"
# built NAME OPTIONS...: lib NAME.so, from NAME.c or another source.
# shellcheck disable=SC2086 # CC may be two words
built() { $cc -std=c17 -O2 -Wall -Wextra -Wpedantic -Werror -shared -fPIC -I"${header%/*}" -o "$scratch/stranger/$1.so" "${@:2}"; }
example() { (cd "$scratch/stranger" && built "$1" "$1.c"); }
claim the_example_with_blocks_is_built_outside_of_the_tree example plugin_blocks
claim the_example_with_functions_is_built_outside_of_the_tree example plugin_functions
claim the_header_is_below_100_lines test "$(wc -l <"$header")" -lt 100
claim the_header_needs_no_other_but_those_of_the_language test "$(grep -o '#include.*' "$header" | sort | tr '\n' ' ')" = \
  '#include <stddef.h> #include <stdint.h> '
as_cxx() { echo '#include "wxbench_plugin.h"' | clang++ -fsyntax-only -Wall -Wextra -Werror -I"${header%/*}" -x c++ -; }
if type -P clang++ >/dev/null; then claim the_header_is_cxx_too as_cxx; else skip the_header_is_cxx_too 'no clang here'; fi

# outside COMMAND...: the installed program, where the plug-ins are.
outside() { (cd "$scratch/stranger" && "$installed" "$@"); }
# of FILTER: whether it holds of the last document.
of() { jq -e "$1" "$scratch/last.json" >/dev/null || { jq -c '.results[]|del(.samples,.samples_ns)' "$scratch/last.json" && false; }; }
bench() { outside bench strategies --quick --rounds 2 --json "$scratch/last.json" "$@" >"$scratch/out" 2>&1 || { cat "$scratch/out" && false; }; }
blocks=plugin:./plugin_blocks.so functions=plugin:plugin_functions.so

claim blocks_and_functions_are_measured bench --workload block_cycle --workload patch --workload writers_2 --workload second_thread \
  --workload mixed_sizes --workload fine_grained --workload fork \
  --strategy "$blocks" --strategy "$functions"
claim a_plugin_with_blocks_does_all_work of "[.results[]|select(.strategy==\"$blocks\")|.workload] ==
  [\"block_cycle\",\"writers_2\",\"patch\",\"second_thread\",\"mixed_sizes\",\"fine_grained\",\"fork\"]"
claim what_it_permits_is_found of "[.results[]|select(.strategy==\"$blocks\")|.security] | unique ==
  [{wx_page:false, writable_alias:\"always\", reprotect:true}]"
claim one_that_punches_holds_nothing of "[.results[]|select(.strategy==\"$blocks\" and .workload==\"block_cycle\")|.retained_bytes] == [0]"
claim a_plugin_with_functions_does_what_it_can of "[.results[]|select(.strategy==\"$functions\" and .time_ns)|.workload] == [\"fine_grained\"]"
claim and_why_not_the_rest_is_said of "[.results[]|select(.strategy==\"$functions\")|.skipped // empty] | unique == [\"it has functions, no blocks\"]"
claim its_pages_are_found of "[.results[]|select(.strategy==\"$functions\" and .time_ns)|.security] == [{wx_page:true, writable_alias:\"always\", reprotect:true}]"
claim what_it_keeps_is_found of "[.results[]|select(.strategy==\"$functions\" and .time_ns)|.retained_bytes > 100000] == [true]"

runs() { outside run -q block_cycle drifting_sizes --strategy "$1" --strategy rwx --json "$scratch/last.json" >"$scratch/out" || { cat "$scratch/out" && false; }; }
claim a_plugin_runs_scenarios runs "$blocks"
claim its_system_calls_are_not_known of '[.results[]|[.strategy, (.metrics.syscalls.total != null)]] | unique ==
  [["plugin:./plugin_blocks.so", false], ["rwx", true]]'
claim its_mappings_are_counted of '[.results[]|select(.strategy != "rwx")|.metrics.mappings_peak >= 2] | unique == [true]'
trace=$(find scenarios/traces -name '*.wxt*' | sort | head -n 1)
replays() { "$installed" replay "$trace" --strategy "plugin:$scratch/stranger/plugin_blocks.so" --json "$scratch/last.json" >"$scratch/out" 2>&1; }
if [ -n "$trace" ]; then
  claim a_plugin_replays_a_trace replays
  claim its_memory_is_found of '.results[0].metrics | .allocated_peak_bytes > 1000000 and .retained_bytes == 0'
fi

# ---- Those that break their word ----

bad() { built "$1" -Wno-unused-function -DVERSION="${3-1}" -DWAY="$2" "${@:4}" tests/fixtures/plugin_bad.c; }
# row WAY WHERE TEXT [OPTION...]: the row of the one that does so ends as said, and the rows of the others are there.
row() {
  local way=$1 pattern=$3 name status where
  read -ra where <<<"$2"
  name=plugin:./$way.so
  bad "$way" "${way^^}" 1 "${@:4}" || return
  outside "${where[@]}" --strategy "$name" --strategy rwx --json "$scratch/last.json" >"$scratch/out" 2>&1
  status=$?
  [ "$status" = 1 ] || { echo "exit $status" && cat "$scratch/out" && return 1; }
  of "[.results[]|select(.strategy==\"$name\")|.ended.text // \"no end\"] | (length == 1 and (.[0]|test(\"$pattern\")))" &&
    of '[.results[]|select(.strategy=="rwx")|(.time_ns // .metrics)] | length == 1 and .[0] != null' &&
    grep -q "NOT FINISHED: .*$name: " "$scratch/out" || grep -q "NOT FINISHED: .* on $name: " "$scratch/out"
}
benched='bench strategies --quick --rounds 2 --limit 3s --workload block_cycle'
claim one_that_crashes_is_a_row row crashes "$benched" 'signal 11'
claim one_that_crashes_when_it_is_loaded_is_a_row row crashes_when_loaded "$benched" 'signal 11'
claim one_that_crashes_when_it_is_opened_is_a_row row crashes_at_open "$benched" 'signal 11'
claim one_that_hangs_is_a_row row hangs "$benched" 'time limit'
claim one_that_hangs_at_its_end_is_a_row row hangs_at_close "$benched" 'time limit'
claim overlapping_blocks_are_a_row row overlaps "${benched/block_cycle/live_100}" 'overlaps what is in use'
claim wrong_code_is_a_row row wrong_code "$benched" 'its code returned a wrong value'
claim one_that_ends_its_process_is_a_row row ends "$benched" 'ended its process before its work was done'
claim a_positive_number_is_a_row row positive "$benched" 'neither 0 nor a negative errno'
claim an_address_inside_of_a_page_is_a_row row crooked "$benched" 'no multiple of the page size'
claim no_view_is_a_row row no_view "$benched" 'map_rw returned no view'
claim one_that_fails_is_a_row row fails "$benched" 'No space left'
claim code_of_others_that_is_spoilt_is_a_row row spoils "${benched/block_cycle/live_100}" 'its code returned a wrong value'
fine=${benched/block_cycle/fine_grained}
claim functions_that_crash_are_a_row row crashes "$fine" 'signal 11' -DFUNCTIONS
claim functions_that_overlap_are_a_row row overlaps "$fine" 'overlaps what is in use' -DFUNCTIONS
claim functions_with_wrong_code_are_a_row row wrong_code "$fine" 'its code returned a wrong value' -DFUNCTIONS
claim functions_at_odd_addresses_are_a_row row crooked "$fine" 'no multiple of 16' -DFUNCTIONS
ran='run release_retains --limit 3s'
claim in_a_scenario_one_that_crashes_is_a_row row crashes "$ran" 'signal 11'
claim in_a_scenario_one_that_hangs_is_a_row row hangs "$ran" 'time limit'
claim in_a_scenario_overlapping_blocks_are_a_row row overlaps "$ran" 'overlaps what is in use'
prints() {
  bad prints PRINTS && outside run -q block_cycle --strategy plugin:./prints.so --json - >"$scratch/last.json" 2>"$scratch/out" &&
    of '.schema == "wxbench/1"'
}
claim what_it_prints_is_in_no_document prints

echo 'int nothing;' >"$scratch/nothing.c" && built nothing "$scratch/nothing.c"
bad newer FINE 2
refused one_of_a_newer_version_is_refused "plugin:./newer.so': is of version 2; expected 1 to 1" outside run block_cycle --strategy plugin:./newer.so
refused a_library_that_is_none_is_refused "nothing.so': exports no object .wxbench_plugin." outside run block_cycle --strategy plugin:./nothing.so
refused a_file_that_is_no_library_is_refused "plugin_blocks.c': .*invalid ELF header" outside bench strategies --strategy plugin:plugin_blocks.c
refused one_that_is_not_there_is_refused "none.so': cannot open shared object file" outside replay /dev/null --strategy plugin:none.so
refused functions_are_no_blocks "has functions, no blocks" outside run block_cycle --strategy "$functions"
static=build/static/$(uname -m)/wxbench
if [ -x "$static" ]; then
  impossible a_static_program_says_that_it_cannot 'is one static file, which loads no library' "$static" run block_cycle \
    --strategy "plugin:$scratch/stranger/plugin_blocks.so"
else
  skip a_static_program_says_that_it_cannot 'it is not built'
fi
tap_end
