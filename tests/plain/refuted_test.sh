#!/usr/bin/env bash
# Explanations that were given and are wrong, each held against real runtimes: docs/refuted.md has the figures.
# shellcheck disable=SC2317,SC2016 # functions are called through claim; what stands in single quotes is for awk or jq
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
# shellcheck source=tests/support/real.sh
. tests/support/real.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# look RUNTIME WORD...: runs a workload and writes, for each of its steps, "STEP MAPPINGS DELETED WRITABLE": how many mappings of the
# memfd there are, and how many of them are called deleted, and are writable and not executable.
look() {
  local child line ended=0
  app "$@"
  rm -f "$scratch"/{steps,answers,seen}
  mkfifo "$scratch/steps" "$scratch/answers"
  WXBENCH_STEP_FDS=3,4 DOTNET_EnableWriteXorExecute=1 "${app[@]}" 3<"$scratch/answers" 4>"$scratch/steps" >/dev/null &
  child=$!
  exec 6>"$scratch/answers" 5<"$scratch/steps"
  while read -r line <&5; do
    awk -v step="$(cut -d' ' -f3 <<<"$line")" '/memfd:doublemapper/ { all++; gone += /\(deleted\)$/; rw += $2 ~ /^rw-/ } END { print step, all, gone, rw }' \
      "/proc/$child/maps" >>"$scratch/seen"
    echo >&6
  done
  exec 5<&- 6>&-
  wait "$child" || ended=$?
  return "$ended"
}
at() { awk -v step="$1" -v column="$2" '$1 == step { value = $column } END { print value }' "$scratch/seen"; }

deleted_from_the_start() {
  look "$1" hello || return
  [ "$(at start 2)" -gt 0 ] && [ "$(at start 3)" = "$(at start 2)" ] && [ "$(at end 3)" = "$(at end 2)" ]
}
# However much was made and released, as much is mapped at the end. The program's own code is compiled meanwhile, for up to 41 mappings
# beside a load; of 180 assemblies more not one mapping for every other is left, and each had nine and three writable views.
few_and_many() {
  look "$1" asm rounds=1 count=20 || return
  few_mapped=$(at end 2) few_views=$(at end 4)
  look "$1" asm rounds=1 count=200 || return
  echo "at the end, mappings and writable views: $few_mapped, $few_views with 20 assemblies; $(at end 2), $(at end 4) with 200, which had $(at generated 2), $(at generated 4)"
}
nothing_is_left_mapped() { few_and_many "$1" && [ "$(at generated 2)" -gt $(($(at end 2) + 400)) ] && [ $(($(at end 2) - few_mapped)) -le 90 ]; }
no_view_is_left() { [ "$(at generated 4)" -gt $(($(at end 4) + 100)) ] && [ $(($(at end 4) - few_views)) -le 90 ]; }
# Each view that was made for a write has been removed again, but for as many as there are whatever the work is.
views() {
  "$wxbench" record -q -o "$scratch/$2.wxt" -- "${app[@]}" >/dev/null && "$wxbench" replay "$scratch/$2.wxt" --list |
    awk '{ n[$3]++ } END { print n["map_rw"] - n["unmap_rw"], n["release"] }'
}
views_do_not_grow_with_the_work() {
  local few many
  app "$1" asm rounds=1 count=20
  few=$(views "$1" few) || return
  app "$1" asm rounds=1 count=80
  many=$(views "$1" many) || return
  echo "views left, releases: $few with 20 assemblies, $many with 80"
  [ $((${many% *} - ${few% *})) -le 8 ] && [ $((${many#* } - ${few#* })) -ge 120 ]
}
for runtime in "${runtimes[@]}"; do
  version=$(basename "$runtime")
  claim "deleted_is_no_sign_of_a_leak_$version" deleted_from_the_start "$runtime"
  claim "no_munmap_is_lost_$version" nothing_is_left_mapped "$runtime"
  claim "no_writable_view_is_leaked_$version" no_view_is_left
  claim "views_do_not_grow_with_the_work_$version" views_do_not_grow_with_the_work "$runtime"
done

# The expectations stand in scenarios/workloads/{asm,native,heap}.yaml.
judged() { "$wxbench" validate -q --workload "$1" --mode on --mode off --json "$scratch/judged.json" "${@:2}"; }
mappings_are_the_same() {
  judged asm --set count=100 && jq -e '.results | group_by(.runtime) | all((map(.metrics.mappings_peak) | max / min) < 1.05)' "$scratch/judged.json" >/dev/null
}
claim how_many_mappings_there_are_does_not_depend_on_wx mappings_are_the_same
grows_as_before() {
  judged "$1" && jq -e '.results | group_by(.runtime) | all((map(select(.mode == "off"))[0].samples[-1].rss_bytes / map(select(.mode == "on"))[0].samples[-1].rss_bytes) > 0.9)' \
    "$scratch/judged.json" >/dev/null
}
claim switching_wx_off_changes_nothing_where_malloc_grows grows_as_before native
claim switching_wx_off_changes_nothing_where_the_collector_grows grows_as_before heap
tap_end
