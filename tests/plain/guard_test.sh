#!/usr/bin/env bash
# What tests run under leaves nothing of them behind, whatever they start and however they end.
# shellcheck disable=SC2016,SC2317 # for inner shells; the functions are called through claim
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
guard=build/tests/guard
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# guarded STATUS SECONDS SCRIPT: the script, run by bash under the guard, ends with that status, and no process that wrote its
# number into $scratch/pids is left.
guarded() {
  local expected=$1 seconds=$2 status pid
  : >"$scratch/pids"
  PIDS=$scratch/pids "$guard" "$seconds" bash -c "$3" >"$scratch/out" 2>&1
  status=$?
  [ "$status" = "$expected" ] || { echo "exit $status" && cat "$scratch/out" && return 1; }
  while read -r pid; do
    [ ! -e "/proc/$pid" ] || { echo "process $pid is left" && return 1; }
  done <"$scratch/pids"
}
wait_for='until [ "$(wc -l <"$PIDS")" = 1 ]; do sleep 0.02; done;'
sleeper='bash -c "echo \$\$ >>\"\$PIDS\"; exec sleep 1000"'

claim status_of_the_program_is_kept guarded 3 60 'exit 3'
claim signal_of_the_program_is_kept guarded 143 60 'kill $$'
claim program_that_cannot_be_started_is_127 test "$("$guard" 60 /nonexistent 2>/dev/null; echo $?)" = 127
inherits_three() { "$guard" 60 sh -c 'cd /proc/$$/fd && [ -e 2 ] && [ ! -e 5 ] && [ ! -e 77 ]' 5</dev/null 77</dev/null; }
claim program_inherits_the_three_usual_descriptors_only inherits_three
claim child_left_behind_is_ended_and_a_failure guarded 125 60 "$sleeper & $wait_for exit 0"
claim it_is_named grep -qE '^left behind: process [0-9]+, sleep$' "$scratch/out"
claim child_in_a_session_of_its_own_is_ended_too guarded 125 60 "setsid $sleeper & $wait_for exit 0"
claim grandchild_is_ended_too guarded 125 60 "(setsid $sleeper & exit 0); $wait_for exit 0"
claim child_that_ends_by_itself_soon_is_none guarded 0 60 'sleep 0.2 & exit 0'
claim child_of_a_skipped_program_is_a_failure_too guarded 125 60 "$sleeper & $wait_for exit 77"
claim failure_of_the_program_stays_its_own guarded 1 60 "$sleeper & $wait_for exit 1"
claim program_that_does_not_end_is_ended guarded 124 1 "trap '' TERM; setsid $sleeper & sleep 1000"

# The guard is told to end, or whoever started it is killed: a test runner that was interrupted.
ends_with_its_starter() {
  : >"$scratch/pids"
  PIDS=$scratch/pids bash -c '"$1" 1000 bash -c "echo \$\$ >>\"\$PIDS\"; setsid sleep 1000 & echo \$! >>\"\$PIDS\"; wait" & wait' - \
    "$guard" &
  local starter=$! pid
  until [ "$(wc -l <"$scratch/pids")" = 2 ]; do sleep 0.02; done
  kill -KILL "$starter"
  wait "$starter" 2>/dev/null
  for _ in $(seq 1000); do
    pid=$(while read -r each; do [ ! -e "/proc/$each" ] || echo "$each"; done <"$scratch/pids")
    [ -n "$pid" ] || return 0
    sleep 0.02
  done
  echo "process $pid is left"
  return 1
}
claim nothing_outlives_a_runner_that_was_killed ends_with_its_starter
tap_end
