#!/usr/bin/env bash
# The real .NET runtime for 64-bit ARM, emulated: what it keeps with W^X on, nothing with W^X off, and what the preload library,
# the recorder and a look from outside do to it. A short cut on the newest version; all of it: make test-arm64.
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
program=build/workloads/wxworkload.dll
cross=/usr/aarch64-linux-gnu
mapfile -t runtimes < <(printf '%s\n' build/runtimes-linux-arm64/*/ | sort -rV)

lacks() {
  command -v qemu-aarch64 >/dev/null || { echo 'no qemu-aarch64 (scripts/bootstrap test)' && return; }
  [ -e "$cross/lib/libstdc++.so.6" ] || { echo "no libstdc++ in $cross (scripts/bootstrap test)" && return; }
  [ -f build/aarch64/libwxreclaim.so ] || { echo 'no preload library for it (make aarch64)' && return; }
  [ -f "$program" ] || { echo 'no workloads (scripts/build-workloads)' && return; }
  [ -x "${runtimes[0]}dotnet" ] || echo 'no runtime (scripts/runtimes --rid linux-arm64)'
}
reason=$(lacks)
[ -z "$reason" ] || { echo "SKIP: $reason" && exit 77; }
scratch=$(mktemp -d)
folder=$scratch
trap 'rm -rf "$folder"' EXIT
# There is no ICU in the emulator's root.
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1

# shellcheck source=tests/support/other_kind.sh
. tests/support/other_kind.sh

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
exec qemu-aarch64 -L $cross "\${options[@]}" $PWD/${1}dotnet "\$@"
END
  chmod +x "$emulated/dotnet"
}

everything=${WXBENCH_ARM64_ALL-}
if [ -z "$everything" ]; then
  emulate "${runtimes[0]}"
  check "$emulated" 1.8 asm rounds=1 count=20 size=60
  tap_end
fi
# All versions at once: an emulated program is busy with one processor.
check_all() {
  emulate "$1"
  check "$emulated" 1.8 asm rounds=1 count=40 size=60
  check "$emulated" 1.8 alc rounds=2 count=40 size=8
  check "$emulated" 1.8 dyn rounds=4 count=40 size=2000 drift=4000
  check "$emulated" 1.8 regex rounds=2 count=30
  check "$emulated" 1.8 expr rounds=2 count=60
  tap_end
}
for runtime in "${runtimes[@]}"; do
  scratch=$folder/of-$(basename "$runtime")
  mkdir "$scratch"
  (trap - EXIT && check_all "$runtime") >"$scratch/said" 2>&1 &
done
status=0
for _ in "${runtimes[@]}"; do wait -n || status=1; done
cat "$folder"/of-*/said
exit "$status"
