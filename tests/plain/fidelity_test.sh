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
"$wxbench" validate --fidelity=1 --runtime "$version" --workload hello >"$scratch/note" 2>&1
claim 'where_no_workload_has_a_model_nothing_is_possible' [ $? = 77 ]
claim 'and_says_why' grep -q 'hello, .*: there is no model of this workload' "$scratch/note"
"$wxbench" validate --fidelity=1 --runtime "$version" --workload hello --workload dyn >"$scratch/note" 2>&1
claim 'beside_one_with_a_model_it_is_a_sentence' [ $? -le 1 ]
claim 'that_says_why' grep -q '^SKIP hello' "$scratch/note"
tap_end
