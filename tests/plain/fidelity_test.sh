#!/usr/bin/env bash
# wxbench validate --fidelity: the model against real runtimes, and what happens where there is no model.
# shellcheck disable=SC2317 # the functions are called through claim and refused
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

refused 'no_real_run_is_refused' 'expected 1 to 100' "$wxbench" validate --fidelity=0
refused 'another_mode_is_refused' 'expected no --mode' "$wxbench" validate --fidelity --mode off

# made_up VERSION: a runtime that ends before its first step, $scratch/VERSION.
made_up() {
  mkdir -p "$scratch/$1/shared/Microsoft.NETCore.App/$1"
  printf '#!/bin/sh\nexit 3\n' >"$scratch/$1/dotnet"
  : >"$scratch/$1/shared/Microsoft.NETCore.App/$1/libcoreclr.so"
  chmod +x "$scratch/$1/dotnet"
}
made_up 11.9.9
mkdir -p "$scratch/home/build/workloads"
ln -s "$PWD/scenarios" "$scratch/home/scenarios"
: >"$scratch/home/build/workloads/wxworkload.dll"
WXBENCH_HOME=$scratch/home "$wxbench" validate --fidelity=1 --runtime "$scratch/11.9.9" --workload asm --json "$scratch/failed.json" >"$scratch/failed"
claim 'a_real_run_that_fails_is_a_failure' [ $? = 1 ]
claim 'that_says_how' grep -q '^NOT FINISHED: asm, on, 11.9.9: exit status 3 before its first step' "$scratch/failed"

compare() { TMPDIR=$scratch "$wxbench" validate --fidelity=1 --runtime "$1" --workload "$2" --set count=20 --json "$scratch/$2.json" \
  --quiet --format markdown >"$scratch/$2.md" 2>"$scratch/$2.err"; }
exact_rows_hold() { grep -q '| exact *| yes' "$scratch/$1.md" && ! grep '| exact *| NO' "$scratch/$1.md"; }
has_two_results() { [ "$(grep -c '"samples"' "$scratch/$1.json")" = 2 ] && grep -q '"fidelity"' "$scratch/$1.json"; }
nothing_is_left() { [ -z "$(find "$scratch" -name 'wxbench-*')" ]; }

# The newest runtime of which there is a model.
models=$("$wxbench" list models --format csv | sed -n 's/^[^,]*,net\([0-9]*\),.*/-e ^[^,]*,\1\\./p')
# shellcheck disable=SC2086 # a list of options
version=$("$wxbench" list runtimes --format csv 2>/dev/null | grep -m 1 $models | cut -d , -f 2)
if [ -z "$version" ] || [ ! -f build/workloads/wxworkload.dll ]; then
  skip 'the_model_is_compared_with_a_real_runtime' 'no .NET runtime with a model or no workload program is here (scripts/runtimes)'
  tap_end
fi
compare "$version" asm
claim 'the_model_releases_exactly_what_the_real_runtime_releases' exact_rows_hold asm
claim 'the_document_has_the_real_run_and_the_model' has_two_results asm
claim 'no_recording_is_left_behind' nothing_is_left
claim 'its_recording_is_replayed_exactly' grep -q '| replays: peak of memory as recorded *| 1 *| 1 *| 0.00 *| exact' "$scratch/asm.md"

compare "$version" regex
claim 'what_has_no_model_is_replayed_exactly' exact_rows_hold regex
claim 'and_says_so' grep -q '^regex, replays against .*: there is no model of this workload' "$scratch/regex.md"
claim 'nothing_else_is_judged_of_it' [ "$(grep -c '| exact *| yes' "$scratch/regex.md")" = 3 ]
one_result_has_them() { jq -e '(.results | length) == 1 and (.results[0] | .mode == "on" and (.expectations | length) == 3 and
  (has("model_stands_in") | not))' "$scratch/regex.json" >/dev/null; }
claim 'they_are_expectations_of_the_real_run' one_result_has_them

# Of a version before 6 there is no model, and nothing is recorded.
made_up 5.0.17
impossible 'where_no_version_has_a_model_nothing_is_possible' 'there is no model of this version' \
  "$wxbench" validate --fidelity=1 --runtime "$scratch/5.0.17" --workload asm
"$wxbench" validate --fidelity=1 --runtime "$scratch/5.0.17" --runtime "$version" --workload regex >"$scratch/note" 2>&1
claim 'beside_one_with_a_model_it_is_a_sentence' [ $? = 0 ]
claim 'that_says_why' grep -q '^SKIP regex, 5\.0\.17: there is no model of this version' "$scratch/note"
tap_end
