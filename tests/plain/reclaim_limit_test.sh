#!/usr/bin/env bash
# A memory limit of 200 MiB, in which releasing 1,250 assemblies kills the unmodified runtime, is enough without W^X and
# where the pages are given back. Runs alone (ALONE_TESTS): what a sidecar gives back in time depends on what else runs.
# shellcheck disable=SC2317 # the functions are called through claim and refused
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
# shellcheck source=tests/support/live.sh
. tests/support/live.sh
# shellcheck source=tests/support/real.sh
. tests/support/real.sh
# shellcheck source=tests/support/group.sh
. tests/support/group.sh
scratch=$(mktemp -d)
cleanup() {
  remove_group
  rm -rf "$scratch"
}
trap cleanup EXIT

exits_with() { # exits_with STATUS COMMAND...
  local wanted=$1 status
  enter "${@:2}"
  "${entered[@]}" >/dev/null 2>&1
  status=$?
  [ "$status" = "$wanted" ] || { echo "exit $status" && false; }
}
# A sidecar does not bound the peak within one unload (docs/reclaim.md): here it gets there as a rule, and the limit kills
# the program without it each time.
is_enough_live() {
  local try
  enter "${app[@]}"
  for try in 1 2 3 4 5; do
    live /dev/null "${entered[@]}" && return
    echo "attempt $try"
  done
  return 1
}
if make_group $((200 << 20)); then
  cache_files "${runtimes[0]}"
  app "${runtimes[0]}" asm rounds=1 count=1250
  claim limit_kills_the_unmodified_runtime_while_it_releases exits_with 137 "${app[@]}"
  claim limit_is_enough_with_wx_off exits_with 0 env DOTNET_EnableWriteXorExecute=0 "${app[@]}"
  claim limit_is_enough_with_the_preload_library exits_with 0 "$PWD/$wxbench" reclaim -- "${app[@]}"
  claim limit_is_enough_under_live_reclaim is_enough_live
else
  for name in limit_kills_the_unmodified_runtime_while_it_releases limit_is_enough_with_wx_off limit_is_enough_with_the_preload_library limit_is_enough_under_live_reclaim; do
    skip "$name" "no memory control group without swap can be made"
  done
fi
tap_end
