#!/usr/bin/env bash
# scripts/measure-model: what it measures of a real runtime, and that it notices a model that is not the runtime's.
# shellcheck disable=SC2317 # the functions are called through claim
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
refused an_unknown_option_is_refused "unknown option '--nothing'" scripts/measure-model --nothing
impossible a_runtime_that_is_not_here_is_said 'no runtime 7.0.999 is laid out' scripts/measure-model 7.0.999
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# 40 assemblies with 5 views each: none of it is the program's own.
own_part() {
  zstd -dcq scenarios/traces/asm-11.0.0.wxt.zst >"$scratch/trace" && "$wxbench" replay --list "$scratch/trace" >"$scratch/list" &&
    awk -v cuts=400 -f scripts/measure-model.d/own.awk "$scratch/list" >"$scratch/own" &&
    [ "$(awk '$2 == "units-views" { n += $3 } END { print n }' "$scratch/own")" = 200 ] &&
    grep -qx '1 reserves:64 26' "$scratch/own" && grep -qx '2 reserves:64 4' "$scratch/own" && grep -qx '1 pairs 5' "$scratch/own" &&
    grep -qx '1 low:140 1' "$scratch/own" && grep -qx '1 written:140 385024' "$scratch/own" && ! grep -q '^2 pairs' "$scratch/own"
}
own_part_is_whole() {
  [ "$(awk '$2 ~ /^(views|units-views|pairs)$/ { n += $3 } END { print n }' "$scratch/own")" = "$(grep -c ' map_rw ' "$scratch/list")" ]
}
# Of three runs two have 20 pages (one takes 22 and gives back 2), and the third has 36: the middle is 28. What a run does not list
# counts as 0.
rows() {
  printf '%s\n' '1 asm first high 20' '2 asm first high 36' '3 asm first high 22' '3 asm first high -2' '1 asm first high:2 6' \
    {1..3}' asm first low 12' {1..3}' asm first pairs 4' {1..3}' asm first pair-blocks 2' {1..3}' asm first code 4096' |
    awk -v runs=3 -v model=net12 -v version=12.0.0 -v jitted=88 -f scripts/measure-model.d/rows.awk >"$scratch/rows" &&
    grep -q '^const WxClrPrograms wx_clr_programs_net12 = {$' "$scratch/rows" &&
    [ "$(grep -c -e '{WX_CLR_HIGH, 28 \* PAGE, SMALL, 0}' -e '{WX_CLR_HIGH, 3, 8 \* KIB, 0}' -e '{WX_CLR_CALL_COUNTS, 2 \* PAIR, 24, 0}' \
      -e '{WX_CLR_PRECODES, 2 \* PAIR, 24, 0}' -e 'STEP_WITHOUT_STUBS(4)' -e '{WX_CLR_LOW, 12 \* PAGE, SMALL, 0}' "$scratch/rows")" = 6 ]
}
if command -v zstd >/dev/null; then
  claim what_a_program_takes_is_told_from_what_units_take own_part
  claim every_view_of_a_recording_is_in_it_once own_part_is_whole
else
  skip what_a_program_takes_is_told_from_what_units_take 'zstd is not installed (scripts/bootstrap test)'
fi
claim the_table_of_a_version_is_written rows
# shellcheck source=tests/support/real.sh
. tests/support/real.sh

# shellcheck disable=SC2154 # runtimes is that of real.sh
newest=$(basename "${runtimes[0]}")
same_calls() {
  scripts/measure-model --sequences "$newest" >"$scratch/same" && [ "$(grep -c '^  net[0-9]* makes the same [0-9]* calls' "$scratch/same")" = 5 ]
}
claim the_model_makes_the_calls_of_the_runtime same_calls

table() {
  scripts/measure-model --table "$newest" >"$scratch/table" && [ "$(grep -cE '^\| [^|]+ \| [^|]+ \|$' "$scratch/table")" = 17 ] &&
    grep -q '^| writable views kept at the end | 3 |$' "$scratch/table"
}
claim every_fact_has_a_figure table

# 8 under the number of a version that no model knows is held against the newest model, which it is not.
old=
for runtime in "${runtimes[@]}"; do [[ $(basename "$runtime") != 8.* ]] || old=$runtime; done
if [ -z "$old" ]; then
  skip a_runtime_that_differs_is_noticed 'no .NET 8 is laid out: scripts/runtimes 8'
  tap_end
fi
mkdir -p "$scratch/runtimes"
ln -s "$PWD/build/workloads" "$scratch/workloads"
cp -r "$old" "$scratch/runtimes/99.0.0"
for folder in "$scratch"/runtimes/99.0.0/{shared/Microsoft.NETCore.App,host/fxr}; do mv "$folder/$(basename "$old")" "$folder/99.0.0"; done
differs() {
  WXBENCH_BUILD=$scratch scripts/measure-model --sequences 99.0.0 >"$scratch/other"
  [ $? = 1 ] && grep -q '^  net[0-9]* DIFFERS, ' "$scratch/other"
}
claim a_runtime_that_differs_is_noticed differs
tap_end
