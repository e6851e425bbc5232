#!/usr/bin/env bash
# The .NET workloads run on every runtime that is here, compute the same with W^X on and off, and follow the step protocol.
# shellcheck disable=SC2317 # the functions are called through claim and refused
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
# shellcheck source=scripts/dotnet.sh
. scripts/dotnet.sh

# What is made of packages alone has no SDK.
muxer=$(sdk_muxer) || muxer=$(compgen -G 'build/runtimes/*/dotnet' | tail -n 1)
if [ -z "$muxer" ]; then
  skip workloads "$(sdk_lack): $sdk_advice"
  exit 77
fi
scripts/build-workloads || exit
program=build/workloads/wxworkload.dll
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
workloads=(asm keep dyn alc regex expr native heap pressure hello)

# run MUXER W^X WORD...: one run; prints what it printed.
run() {
  local muxer=$1 wx=$2
  shift 2
  DOTNET_EnableWriteXorExecute=$wx "$muxer" "$program" "$@"
}
same_result_in_both_modes() {
  local on off
  on=$(run "$2" 1 "$1" count=5 rounds=2 drift=3 2>/dev/null) && off=$(run "$2" 0 "$1" count=5 rounds=2 drift=3 2>/dev/null) || return
  [[ $on =~ ^"$1 checksum "[0-9a-f]{16}$ ]] && [ "$on" = "$off" ]
}
for workload in "${workloads[@]}"; do
  claim "${workload}_computes_the_same_with_wx_on_and_off" same_result_in_both_modes "$workload" "$muxer"
done

# The versions that scripts/runtimes laid out run the same program and get the same result.
older=$(compgen -G 'build/runtimes/*/dotnet' | sort)
for other in $older; do
  version=$(basename "$(dirname "$other")")
  same_as_installed() { [ "$(run "$muxer" 1 asm count=2)" = "$(DOTNET_ROOT=$(dirname "$other") run "$other" 1 asm count=2)" ]; }
  claim "asm_computes_the_same_on_$version" same_as_installed
done
[ -n "$older" ] || skip asm_computes_the_same_on_other_versions "none laid out by scripts/runtimes"

table_is_complete() { [ "$(run "$muxer" 1 --list | cut -f 1)" = "$(printf '%s\n' "${workloads[@]}")" ]; }
claim list_names_every_workload table_is_complete
drift_starts_in_round_two() {
  [ "$(run "$muxer" 1 dyn count=2 rounds=1)" = "$(run "$muxer" 1 dyn count=2 rounds=1 drift=5)" ] &&
    [ "$(run "$muxer" 1 dyn count=2 rounds=2)" != "$(run "$muxer" 1 dyn count=2 rounds=2 drift=5)" ]
}
claim drift_starts_in_round_two drift_starts_in_round_two

refused no_workload_is_refused 'workloads: asm, keep' run "$muxer" 1
refused unknown_workload_is_refused "no workload 'nope'" run "$muxer" 1 nope
refused unknown_parameter_is_refused "'speed=1': expected" run "$muxer" 1 asm speed=1
refused zero_is_refused "count='0'" run "$muxer" 1 asm count=0
refused text_is_refused "size='4k'" run "$muxer" 1 asm size=4k
refused endless_drift_is_refused 'size grows to' run "$muxer" 1 asm rounds=1000 drift=1000
WXBENCH_STEP_FDS=90,91 refused closed_descriptors_are_refused 'WXBENCH_STEP_FDS' run "$muxer" 1 hello
WXBENCH_STEP_FDS=three refused malformed_descriptors_are_refused "'three'" run "$muxer" 1 hello

# observe ANSWERS WORD...: answers that many steps, then hangs up. Writes "STEP RSS_SHMEM_KB" lines to $scratch/seen.
observe() {
  local answers=$1 seen=0 line child
  shift
  rm -f "$scratch"/{steps,answers,seen}
  mkfifo "$scratch/steps" "$scratch/answers"
  WXBENCH_STEP_FDS=3,4 DOTNET_EnableWriteXorExecute=1 "$muxer" "$program" "$@" \
    3<"$scratch/answers" 4>"$scratch/steps" >"$scratch/out" &
  child=$!
  exec 6>"$scratch/answers" 5<"$scratch/steps"
  while read -r line <&5; do
    echo "$line $(awk '/^RssShmem/ { print $2 }' "/proc/$child/status")" >>"$scratch/seen"
    [ $((seen += 1)) -le "$answers" ] || break
    echo >&6
  done
  exec 5<&- 6>&-
  wait "$child"
}
steps_come_in_order() {
  observe 99 hello rounds=2 || return
  [ "$(cut -d ' ' -f 1-4 "$scratch/seen")" = "$(
    printf 'step %s -\n' '0 start' {1,2}\ {generated,dropped,collected} '2 end'
  )" ]
}
claim steps_come_in_order steps_come_in_order
program_ends_with_3_when_the_observer_leaves() {
  observe 2 hello
  [ $? = 3 ] && [ ! -s "$scratch/out" ]
}
claim program_ends_with_3_when_the_observer_leaves program_ends_with_3_when_the_observer_leaves

# shared_kib STEP: the shared memory that the program had mapped and touched at that step of the last observation.
shared_kib() { awk -v step="$1" '$3 == step { print $5 }' "$scratch/seen"; }
code_goes_away() {
  observe 99 "$1" rounds=1 "${@:2}" || return
  [ $(($(shared_kib collected) - $(shared_kib start))) -lt $((($(shared_kib generated) - $(shared_kib start)) / 2)) ]
}
# RssShmem counts a page that is also seen through a writable view twice, and such views come and go: a tenth is left for them.
code_stays() {
  observe 99 keep rounds=1 count=50 || return
  local start generated collected
  start=$(shared_kib start) generated=$(shared_kib generated) collected=$(shared_kib collected)
  [ "$generated" -gt "$start" ] && [ $(((collected - start) * 10)) -ge $(((generated - start) * 9)) ]
}
claim asm_code_is_collected code_goes_away asm count=50
claim dyn_code_is_collected code_goes_away dyn count=200
claim alc_code_is_collected code_goes_away alc count=50
claim keep_code_stays code_stays

build_is_incremental() { [ -z "$(scripts/build-workloads 2>&1)" ]; }
claim second_build_does_nothing build_is_incremental
refused runtime_that_is_no_version_is_refused "'latest' is not a version" scripts/runtimes latest
without_an_sdk() {
  local name output
  mkdir "$scratch/bin" || return
  for name in bash env dirname uname readlink sed; do ln -s "$(command -v "$name")" "$scratch/bin" || return; done
  output=$(env -u DOTNET_ROOT PATH="$scratch/bin" scripts/runtimes 9.0.999 2>&1)
  [ $? = 77 ] && [[ $output =~ ^SKIP:.*9\.0\.999.*DOTNET_ROOT= ]] && [ "$(wc -l <<<"$output")" = 1 ]
}
claim without_an_sdk_runtimes_says_what_it_wants without_an_sdk
tap_end
