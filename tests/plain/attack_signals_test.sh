#!/usr/bin/env bash
# No signal, stop, continuation or exit status is lost, doubled or reordered by pauses, and nothing stays held: in every
# kind of blocking call, whatever holds the target, and whoever of the tool is killed or stopped in mid-pause.
# shellcheck disable=SC2317 # the functions are called through claim
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
# shellcheck source=tests/support/arena.sh
. tests/support/arena.sh
limit=60 # Seconds, on a busy machine.
storm=(threads=35 rate=5000 pages=256)

# shellcheck disable=SC2016 # for the inner shell
join=(sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"') # FOLDER COMMAND...: runs it in a control group.
# sidecar NAME OPTION...: beside $pid. The pages come back while the target lives.
sidecar() {
  local name=$1
  shift
  timeout "$limit" "$wxbench" reclaim --pid "$pid" --every 0.005 --above 0 "$@" -q >"$scratch/$name.said" 2>&1 &
  sidecar=$!
}
# account_for NAME WHAT...: each account of NAME is 0.
account_for() {
  local name=$1 what
  shift
  for what; do claim "${name}_has_no_${what}" is_account "$name" "$what" 0; done
}
all_accounts=(signals_lost signals_doubled signals_reordered signals_altered calls_wrong children_wrong)

# weathers NAME CHILDREN COMMAND... -- OPTION...: a storm beside a sidecar.
weathers() {
  local name=$1 children=$2 command=()
  shift 2
  while [ "$1" != -- ]; do command+=("$1") && shift; done
  start "$name" "${command[@]}" "$attacks/victim" "${storm[@]}" children="$children" refills=1 least=10 seconds="$limit"
  sidecar "$name" "${@:2}"
  finish "$name" || cat "$scratch/$name.err"
  wait "$sidecar"
  account_for "$name" "${all_accounts[@]}"
  claim "${name}_is_reclaimed_from" [ "$(account "$name" refills)" -gt 0 ]
}
weathers storm_under_ptrace 1 --
group=/sys/fs/cgroup/freezer/$ATTACK_GROUP-target
if mkdir "$group" 2>/dev/null; then
  weathers storm_under_the_freezer 1 "${join[@]}" "$group" -- --freeze cgroup
else
  skip storm_under_the_freezer "no freezer of version 1"
fi
# This way holds nobody while processes or threads are born.
storm+=(calm=1)
weathers storm_under_stop 0 -- --freeze stop

# Whoever of the tool is struck, while signals are on their way into tasks that it holds. Pauses are long, so that they
# are hit.
struck() { # struck NAME GROUP|- OPTION... -- STRIKE...
  local name=$1 command=() options=() status
  [ "$2" = - ] || command=("${join[@]}" "$2")
  shift 2
  while [ "$1" != -- ]; do options+=("$1") && shift; done
  start "$name" "${command[@]}" "$attacks/victim" threads=64 calm=1 rate=30000 pages=16384
  timeout 120 "$attacks/strike" target="$pid" rounds=8 seconds=60 after=2000 "${@:2}" -- "$(realpath "$wxbench")" reclaim --pid "$pid" \
    --every 0.005 --above 0 --max-pause 100 "${options[@]}" >"$scratch/$name.strike" 2>"$scratch/$name.err"
  status=$?
  end "$name"
  if [ "$status" = 77 ]; then
    skip "$name" "$(tail -n 1 "$scratch/$name.err")"
    return
  fi
  claim "${name}_leaves_nothing_held_and_no_process" is_clean "$scratch/$name.strike"
  account_for "$name" "${all_accounts[@]}"
}
is_clean() {
  awk '$1 == "struck" { struck = $2 } $1 == "held" { held = $2 } $1 == "left" { left = $2 }
    END { exit !(struck > 0 && held == 0 && left == 0) }' "$1" || { cat "$1" && false; }
}
for who in worker tool both; do struck "killing_$who" - -- who="$who"; done
struck killing_the_group - -- who=both how=group
struck stopping_both - -- who=both how=stop
# By `stop` and the freezer the target stays held if both are killed in one moment (docs/reclaim.md).
for who in worker tool; do
  struck "killing_${who}_under_stop" - --freeze stop -- who="$who"
  if [ -d "$group" ]; then struck "killing_${who}_under_the_freezer" "$group" --freeze cgroup -- who="$who" freezer="$group"; fi
done

# The target is stopped by its parent, which is told of each stop and each continuation.
start stopped timeout "$limit" "$attacks/stopper" 40 "$attacks/victim" busy=1 threads=35 calm=1 rate=2000
sidecar stopped
finish stopped
wait "$sidecar"
account_for stopped stops_wrong exits_wrong "${all_accounts[@]}"

# One that was stopped before stays stopped.
start before "$attacks/victim" threads=8 calm=1
stays_stopped() {
  kill -STOP "$pid"
  until all_are T; do sleep 0.01; done
  "$wxbench" reclaim --pid "$pid" --max-pause 50 -q
  until ! all_are t; do sleep 0.01; done
  all_are T
}
all_are() { ! awk '{ sub(/.*\) /, ""); print $1 }' "/proc/$pid/task/"*/stat | grep -qv "$1"; }
claim target_that_was_stopped_before_stays_stopped stays_stopped
kill -CONT "$pid"
end before
account_for before "${all_accounts[@]}"
tap_end
