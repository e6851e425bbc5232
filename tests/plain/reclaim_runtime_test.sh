#!/usr/bin/env bash
# Real .NET runtimes compute the same while a sidecar reclaims from them.
# shellcheck disable=SC2317 # the functions are called through claim and refused
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
# shellcheck source=tests/support/live.sh
. tests/support/live.sh
# shellcheck source=tests/support/real.sh
. tests/support/real.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

same_result() {
  app "$1" "${@:2}"
  "${app[@]}" >"$scratch/alone" && live "$scratch/beside" "${app[@]}" && [ -s "$scratch/alone" ] &&
    cmp "$scratch/alone" "$scratch/beside"
}
newest=${runtimes[0]}
for runtime in "${runtimes[@]}"; do
  version=$(basename "$runtime")
  claim "asm_computes_the_same_under_reclaim_on_$version" same_result "$runtime" asm count=60 rounds=12
  claim_where_idle "asm_gives_pages_back_on_$version" gave_back
  claim "dyn_computes_the_same_under_reclaim_on_$version" same_result "$runtime" dyn count=60
done
for workload in alc regex expr keep hello; do
  claim "${workload}_computes_the_same_under_reclaim" same_result "$newest" "$workload" count=30
done

tap_end
