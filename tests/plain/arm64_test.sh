#!/usr/bin/env bash
# The real .NET runtime for 64-bit ARM, emulated: what it keeps with W^X on, nothing with W^X off, and what the preload library,
# the recorder and a look from outside do to it. A short cut on the newest version; all of it: make test-arm64.
# shellcheck disable=SC2317 # the functions are called through claim
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
program=build/workloads/wxworkload.dll
root=/usr/aarch64-linux-gnu
mapfile -t runtimes < <(printf '%s\n' build/runtimes-linux-arm64/*/ | sort -rV)

lacks() {
  command -v qemu-aarch64 >/dev/null || { echo 'no qemu-aarch64 (scripts/bootstrap test)' && return; }
  [ -e "$root/lib/libstdc++.so.6" ] || { echo "no libstdc++ in $root (scripts/bootstrap test)" && return; }
  [ -f build/aarch64/libwxreclaim.so ] || { echo 'no preload library for it (make aarch64)' && return; }
  [ -f "$program" ] || { echo 'no workloads (scripts/build-workloads)' && return; }
  [ -x "${runtimes[0]}dotnet" ] || echo 'no runtime (scripts/runtimes --rid linux-arm64)'
}
reason=$(lacks)
[ -z "$reason" ] || { echo "SKIP: $reason" && exit 77; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# There is no ICU in the emulator's root.
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1

# emulate RUNTIME: a folder as DOTNET_ROOT names it, in $emulated, whose `dotnet` is emulated. What is to be preloaded is so in
# the emulated process, from its own libraries: the emulator itself must not load one.
emulate() {
  emulated=$scratch/$(basename "$1")
  mkdir -p "$emulated"
  ln -sfn "$PWD/${1}shared" "$PWD/${1}host" "$emulated"
  cat >"$emulated/dotnet" <<END
#!/bin/bash
preload= options=()
for library in \${LD_PRELOAD//:/ }; do preload+=\${preload:+:}$PWD/build/aarch64/\${library##*/}; done
[ -z "\$preload" ] || options=(-E "LD_PRELOAD=\$preload")
unset LD_PRELOAD
exec qemu-aarch64 -L $root "\${options[@]}" $PWD/${1}dotnet "\$@"
END
  chmod +x "$emulated/dotnet"
}

# row MODE TEST: whether the result of that mode of $document is so.
row() { jq -e --arg mode "$1" ".results[] | select(.mode == \$mode) | $2" "$document" >/dev/null; }
peak='([.samples[].live_bytes] | max)'
at_the_end='.samples[-1].allocated_bytes'

runs_in_every_mode() {
  "$wxbench" validate -q --runtime "$emulated" --workload "${work[0]}" "${settings[@]}" "${modes[@]}" --json "$document" ||
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
on_retains() { row on ".metrics.retained_bytes >= 1.8 * $peak"; }
replays_exactly() {
  "$wxbench" record -q -o "$scratch/trace" -- "$emulated/dotnet" exec --fx-version "$version" "$program" "${work[@]}" \
    >"$scratch/recorded" && grep -q "^${work[0]} checksum [0-9a-f]*$" "$scratch/recorded" &&
    "$wxbench" replay -q "$scratch/trace" --strategy coreclr --strategy coreclr+punch --json "$scratch/replay.json" &&
    jq -e '[.results[0].expectations[].ok] == [true, true, true] and .results[1].metrics.retained_bytes == 0' \
      "$scratch/replay.json" >/dev/null
}
# What the recorded program computed is what it computes without a recorder.
recorded_the_same() {
  [ "$(cat "$scratch/recorded")" = "$("$emulated/dotnet" exec --fx-version "$version" "$program" "${work[@]}")" ]
}

# check RUNTIME WORKLOAD KEY=VALUE...
check() {
  local name settings=() modes=(--mode on --mode off --mode preload) word
  version=$(basename "$1") work=("${@:2}")
  name=${work[0]}_${version//./_}
  document=$scratch/$name.json
  [ "${work[0]}" != asm ] || modes+=(--mode live)
  for word in "${work[@]:1}"; do settings+=(--set "$word"); done
  emulate "$1"
  claim "${name}_runs_in_every_mode" runs_in_every_mode
  claim "${name}_computes_the_same_in_every_mode" computes_the_same
  claim "${name}_has_no_memfd_with_wx_off" off_has_none
  claim "${name}_keeps_nothing_with_the_preload" preload_gives_back
  if [ "${work[0]}" = asm ]; then
    claim "${name}_retains_a_multiple_of_what_was_live" on_retains
    claim "${name}_is_reclaimed_from_outside" live_gives_back
  fi
  claim "${name}_replays_as_recorded" replays_exactly
  [ -z "$everything" ] || claim "${name}_computes_the_same_while_recorded" recorded_the_same
}

everything=${WXBENCH_ARM64_ALL-}
if [ -z "$everything" ]; then
  check "${runtimes[0]}" asm rounds=1 count=20 size=60
  tap_end
fi
for runtime in "${runtimes[@]}"; do
  check "$runtime" asm rounds=1 count=40 size=60
  check "$runtime" alc rounds=2 count=20 size=8
  check "$runtime" dyn rounds=3 count=40 size=2000 drift=4000
  check "$runtime" regex rounds=2 count=30
  check "$runtime" expr rounds=2 count=60
done
tap_end
