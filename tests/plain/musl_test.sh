#!/usr/bin/env bash
# The real .NET runtime for musl beside this machine's C++ library: what holds of it with W^X on and off, and of what the preload
# library, the recorder and a look from outside do to it.
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
program=build/workloads/wxworkload.dll
mapfile -t runtimes < <(printf '%s\n' build/runtimes-linux-musl-x64/*/ | sort -rV)

lacks() {
  [ -f "$program" ] || { echo 'no workloads (scripts/build-workloads)' && return; }
  [ -x "${runtimes[0]}dotnet" ] || { echo 'no runtime (scripts/runtimes --rid linux-musl-x64)' && return; }
  [ -e /lib/ld-musl-x86_64.so.1 ] || echo 'no musl (scripts/bootstrap test)'
}
reason=$(lacks)
[ -z "$reason" ] || { echo "SKIP: $reason" && exit 77; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# There is no ICU for musl here.
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
# shellcheck source=tests/support/other_kind.sh
. tests/support/other_kind.sh
# With musl there are 7 % more mappings with W^X on than off (1,021 and 955), with glibc as many.
set_aside=mappings_peak
check "$PWD/build/runtimes-linux-musl-x64/$(basename "${runtimes[0]}")" 1 asm rounds=1 count=120
tap_end
