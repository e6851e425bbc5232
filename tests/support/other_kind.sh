# shellcheck shell=bash
# What holds of the real runtime on every kind of machine: what it keeps with W^X on, nothing with W^X off, and what the preload
# library, the recorder and a look from outside do to it. Sourced with $program and $scratch set.
# shellcheck disable=SC2154,SC2317 # what the test sets, and the functions are called through claim

# row MODE TEST: whether the result of that mode of $document is so.
row() { jq -e --arg mode "$1" ".results[] | select(.mode == \$mode) | $2" "$document" >/dev/null; }
peak='([.samples[].live_bytes] | max)'
at_the_end='.samples[-1].allocated_bytes'

# Every expectation holds, but for those whose names match $set_aside, if it is set.
runs_in_every_mode() {
  "$wxbench" validate -q --runtime "$root" --workload "${work[0]}" "${settings[@]}" "${modes[@]}" --json "$document" || [ $? = 1 ] || return
  jq -e --arg aside "${set_aside-^$}" 'all(.results[]; (.ended | not) and (.skipped | not)) and
    ([.results[].expectations[] | select((.ok | not) and (.name | test($aside) | not))] == [])' "$document" >/dev/null ||
    { jq -c '.results[] | [.mode, .ended.text, .expectations]' "$document" && false; }
}
# The output of each run is the checksum of what the generated code computed: it must be that of the first mode.
computes_the_same() {
  jq -e '[.results[] | select(.mode != "on") | .expectations[] | select(.name == "output") | .ok] == [true, true, true][:$n]' \
    --argjson n "$((${#modes[@]} / 2 - 1))" "$document" >/dev/null
}
off_has_none() { row off '.metrics.allocated_peak_bytes == 0 and .metrics.retained_bytes == 0'; }
preload_gives_back() { row preload "$at_the_end <= 8388608 and .metrics.retained_bytes == 0"; }
live_gives_back() { row live "$at_the_end <= 8388608 and .metrics.retained_bytes == 0"; }
on_retains() { row on ".metrics.retained_bytes >= $multiple * $peak"; }
replays_exactly() {
  "$wxbench" record -q -o "$scratch/trace" -- "$root/dotnet" exec --fx-version "$version" "$program" "${work[@]}" \
    >"$scratch/recorded" && grep -q "^${work[0]} checksum [0-9a-f]*$" "$scratch/recorded" &&
    "$wxbench" replay -q "$scratch/trace" --strategy coreclr --strategy coreclr+punch --json "$scratch/replay.json" &&
    jq -e '[.results[0].expectations[].ok] == [true, true, true] and .results[1].metrics.retained_bytes == 0' \
      "$scratch/replay.json" >/dev/null
}
# What the recorded program computed is what it computes without a recorder: on this machine's own runtime of that version where
# it is laid out, since the code that is generated computes the same on every machine, and that takes no emulator.
recorded_the_same() {
  local own=build/runtimes/$version
  [ -x "$own/dotnet" ] || own=$root
  [ "$(cat "$scratch/recorded")" = "$("$own/dotnet" exec --fx-version "$version" "$program" "${work[@]}")" ]
}

# check ROOT MULTIPLE WORKLOAD KEY=VALUE...: ROOT is a DOTNET_ROOT named by its version; `asm` retains MULTIPLE times its live peak.
check() {
  local name settings=() modes=(--mode on --mode off --mode preload) word
  root=$1 multiple=$2 work=("${@:3}")
  version=$(basename "$root")
  name=${work[0]}_${version//./_}
  document=$scratch/$name.json
  [ "${work[0]}" != asm ] || modes+=(--mode live)
  for word in "${work[@]:1}"; do settings+=(--set "$word"); done
  claim "${name}_runs_in_every_mode" runs_in_every_mode
  claim "${name}_computes_the_same_in_every_mode" computes_the_same
  claim "${name}_has_no_memfd_with_wx_off" off_has_none
  claim "${name}_keeps_nothing_with_the_preload" preload_gives_back
  if [ "${work[0]}" = asm ]; then
    claim "${name}_retains_a_multiple_of_what_was_live" on_retains
    claim "${name}_is_reclaimed_from_outside" live_gives_back
  fi
  claim "${name}_replays_as_recorded" replays_exactly
  [ -z "${everything-}" ] || claim "${name}_computes_the_same_while_recorded" recorded_the_same
}
