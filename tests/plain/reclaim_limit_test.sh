#!/usr/bin/env bash
# A memory limit of 200 MiB, in which releasing 1000 assemblies kills the unmodified runtime, is enough without W^X and
# where the pages are given back. Runs alone (ALONE_TESTS): what a sidecar gives back in time depends on what else runs.
# shellcheck disable=SC2317 # the functions are called through claim and refused
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
# shellcheck source=tests/support/live.sh
. tests/support/live.sh
# shellcheck source=tests/support/real.sh
. tests/support/real.sh
scratch=$(mktemp -d)
group=
cleanup() {
  [ -z "$group" ] || rmdir "$group" 2>/dev/null
  rm -rf "$scratch"
}
trap cleanup EXIT

limit=$((200 << 20))
make_group() {
  if [ -e /sys/fs/cgroup/memory/memory.limit_in_bytes ]; then
    group=/sys/fs/cgroup/memory/wxbench-test-$$
    mkdir "$group" && echo "$limit" >"$group/memory.limit_in_bytes"
  else
    group=/sys/fs/cgroup/wxbench-test-$$
    mkdir "$group" && echo "$limit" >"$group/memory.max" && [ -e "$group/memory.swap.max" ] && echo 0 >"$group/memory.swap.max"
  fi 2>/dev/null
}
# enter COMMAND...: the command line that runs it in the group, in $entered.
enter() { entered=(sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$group" "$@"); }
exits_with() { # ends_with STATUS COMMAND...
  local wanted=$1 status
  enter "${@:2}"
  "${entered[@]}" >/dev/null 2>&1
  status=$?
  [ "$status" = "$wanted" ] || { echo "exit $status" && false; }
}
is_enough_live() {
  enter "${app[@]}"
  live /dev/null "${entered[@]}"
}
swap=$(awk 'NR > 1' /proc/swaps | wc -l)
if [ "$swap" = 0 ] && make_group; then
  app "${runtimes[0]}" asm rounds=1 count=1000
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
