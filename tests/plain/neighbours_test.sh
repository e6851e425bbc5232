#!/usr/bin/env bash
# `wxbench reclaim --all` beside others: who is left out, and that hostile neighbours cost a bounded amount and keep nobody
# from being served. In a PID namespace of its own: all processes there are the test's.
# shellcheck disable=SC2317 # the functions are called through claim and refused
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
scratch=${WX_NEIGHBOURS:-}
if [ -z "$scratch" ]; then
  refused unknown_criterion_is_one_line "'usr=app' begins with no criterion; expected command=, user= or cgroup=" "$wxbench" reclaim --all --only usr=app
  refused criterion_without_a_value_is_one_line "'command=' has no value" "$wxbench" reclaim --all --except command=
  refused unknown_user_is_one_line 'there is no user of that name' "$wxbench" reclaim --all --only user=nobody-here
  refused only_needs_all '--only and --except need --all' "$wxbench" reclaim --pid 1 --only user=root
  refused except_needs_all '--only and --except need --all' "$wxbench" reclaim --except user=root -- true
  help_names_each_criterion() { for each in command user cgroup; do "$wxbench" reclaim --help | tr -s ' \n' ' ' | grep -q "$each=" || return; done; }
  claim help_names_each_criterion help_names_each_criterion
  if ! unshare --pid --fork --mount-proc --kill-child true 2>/dev/null; then
    skip neighbours "no PID namespace can be made"
    tap_end
  fi
  scratch=$(mktemp -d)
  chmod 755 "$scratch"
  trap 'rm -rf "$scratch"' EXIT
  WX_NEIGHBOURS=$scratch unshare --pid --fork --mount-proc --kill-child "$0"
  exit "$((tap_failed | $?))"
fi

stranger=(setpriv --reuid=65534 --clear-groups)
started=()
# start COMMAND...: a program that says `ready`, with an input that does not end; its number is in $pid.
start() {
  mkfifo "$scratch/in.${#started[@]}" "$scratch/out"
  "$@" <>"$scratch/in.${#started[@]}" >"$scratch/out" &
  pid=$!
  started+=("$pid")
  read -r _ <"$scratch/out"
  rm "$scratch/out"
}
end_all() {
  kill -KILL "${started[@]}"
  wait "${started[@]}"
  started=()
  rm -f "$scratch"/in.* "$scratch"/out.*
} 2>/dev/null
allocated() { echo $(($(stat -L -c %b "/proc/$1/fd/3") * 512)); }
until_allocated() { # until_allocated PID BYTES
  for _ in $(seq 1200); do
    [ "$(allocated "$1")" = "$2" ] && return
    sleep 0.05
  done
  return 1
}
# once OPTION...: reclaims from all, once. The result is in $scratch/once.json, what was said in $scratch/said.
once() { "$wxbench" reclaim --all --max-pause 50 --json "$scratch/once.json" "$@" >"$scratch/said" 2>&1; }
limited=()
# begin_sidecar: begins to reclaim from all; its number is in $sidecar, what it says in $scratch/said.
begin_sidecar() {
  "${limited[@]}" "$wxbench" reclaim --all --every 0.2 --above 0 --max-pause 50 --json "$scratch/all.json" >/dev/null 2>"$scratch/said" &
  sidecar=$!
}
ends_well() { kill -TERM "$sidecar" && wait "$sidecar"; }
mib=$((1 << 20))

# ---- Who is meant ----
cp build/tests/subject "$scratch/app"
cp build/tests/subject "$scratch/dotnet-counters"
start "$scratch/app" retain 1 && app=$pid
start "${stranger[@]}" "$scratch/app" retain 1 && of_stranger=$pid
start "$scratch/dotnet-counters" retain 1 && counters=$pid
# remain PID...: these still hold their MiB, and all others hold nothing.
remain() {
  local each expected
  for each in "$app" "$of_stranger" "$counters"; do
    expected=0
    [[ " $* " != *" $each "* ]] || expected=$mib
    [ "$(allocated "$each")" = "$expected" ] || { cat "$scratch/said" && return 1; }
  done
}
only_one_user() { once --only user=65534 && remain "$app" "$counters"; }
claim only_the_processes_of_a_user_are_served only_one_user
except_a_command() { once --except command='dotnet-*' && remain "$counters"; }
claim all_but_the_processes_of_a_command_are_served except_a_command
nobody_is_left() { once --only command=nothing-of-that-name && grep -q 'No process' "$scratch/said"; }
claim nobody_may_be_meant nobody_is_left
group=$(sed -n 's/^0:://p; /:memory:/s/.*:memory://p' "/proc/$counters/cgroup" | tail -n 1)
by_group() { once --only cgroup="$group" --except user=root && remain "$counters" && once --only cgroup="${group%/*}/*" && remain; }
claim processes_of_a_control_group_are_served by_group
end_all

# ---- wxbench's own ----
cp build/tests/subject "$scratch/wxbench"
start "$scratch/wxbench" retain 1 && simulator=$pid
cp "$(command -v bash)" "$scratch/above" && mkdir "$scratch/bin" && mv "$scratch/above" "$scratch/bin/wxbench"
# shellcheck disable=SC2016 # for the inner shell
start "$scratch/bin/wxbench" -c '"$1" retain 1; exit' - "$scratch/app" && above=$pid
measured=$(cat "/proc/$above/task/$above/children") && measured=${measured// /}
start "$scratch/app" retain 1 && app=$pid
own_ones_are_left_out() {
  once && [ "$(allocated "$simulator")" = "$mib" ] && [ "$(allocated "$measured")" = "$mib" ] && [ "$(allocated "$app")" = 0 ] &&
    grep -q "2 of wxbench's own processes are left out" "$scratch/said"
}
claim programs_of_wxbench_and_what_they_run_are_left_out own_ones_are_left_out
by_number_they_are_not() { "$wxbench" reclaim --pid "$simulator" -q --max-pause 50 && [ "$(allocated "$simulator")" = 0 ]; }
claim by_its_number_any_process_is_served by_number_they_are_not
kill -KILL "$measured"
end_all
run_is_not_disturbed() {
  local figures='s/.*"(retained_bytes|orphaned_bytes|allocated_peak_bytes)": ([0-9]+).*/\1 \2/p' status=0
  "$wxbench" run release_retains drifting_sizes -q --strategy coreclr --json "$scratch/alone.json" || return
  begin_sidecar
  for _ in 1 2 3; do
    if ! "$wxbench" run release_retains drifting_sizes -q --strategy coreclr --json "$scratch/beside.json" ||
      ! diff <(sed -nE "$figures" "$scratch/alone.json") <(sed -nE "$figures" "$scratch/beside.json"); then
      status=1
    fi
  done
  ends_well && return "$status"
}
claim run_beside_measures_what_it_measures_alone run_is_not_disturbed

# ---- Hostile neighbours ----
# descriptors PID: the most that it has open in a number of looks.
descriptors() {
  local most=0 now
  for _ in $(seq 20); do
    now=$(find "/proc/$1/fd" -mindepth 1 2>/dev/null | wc -l)
    [ "$now" -le "$most" ] || most=$now
    sleep 0.02
  done
  echo "$most"
}
served_beside() { # served_beside: the victim's memory comes back, again and again
  for _ in 1 2 3; do
    until_allocated "$victim" 0 || { tail -n 5 "$scratch/said" && return 1; }
    echo again >&6 && read -r _ <&7 || return
  done
  until_allocated "$victim" 0
}
# victim [COMMAND...]: a process that fills its memfd (with 2 MiB) whenever it is told to.
victim() {
  [ $# -gt 0 ] || set -- build/tests/subject refills 2
  mkfifo "$scratch/in.victim" "$scratch/out.victim"
  "$@" <>"$scratch/in.victim" >"$scratch/out.victim" &
  victim=$!
  started+=("$victim")
  exec 6>"$scratch/in.victim" 7<"$scratch/out.victim"
  read -r _ <&7
}
start "${stranger[@]}" build/tests/hoard 600 1
victim
limited=(prlimit --nofile=256:256)
begin_sidecar
limited=()
claim many_memfds_of_one_program_keep_nobody_from_being_served served_beside
few() { [ "$(descriptors "$sidecar")" -lt 100 ]; }
claim many_memfds_of_one_program_take_few_descriptors few
claim they_are_said_once test "$(grep -c 'too many memfds' "$scratch/said")" = 1
claim watching_many_memfds_ends_well ends_well
end_all

start "${stranger[@]}" build/tests/hoard 4 300 sealed
victim
begin_sidecar
claim many_refused_processes_keep_nobody_from_being_served served_beside
claim many_refused_processes_take_few_descriptors few
refused_with_reason() { grep -q 'left alone: .*sealed.*next attempt in' "$scratch/said" && ! grep -qE 'left alone: *(;|$)' "$scratch/said"; }
claim each_is_refused_with_its_own_reason refused_with_reason
claim lines_that_are_too_many_are_counted grep -qE '[0-9]+ more lines of this cycle are left out' "$scratch/said"
claim watching_many_refused_processes_ends_well ends_well
served_once() {
  once && [ "$(allocated "$victim")" = 0 ] && grep -q 'memfds at least are left out: more than 4 of a process, or 1024 in all' "$scratch/said"
}
echo again >&6 && read -r _ <&7
claim once_serves_others_beside_many_refused_processes served_once
end_all

# What was refused is served when it can be: a debugger has gone.
if command -v strace >/dev/null; then
  victim
  strace -o /dev/null -p "$victim" 2>"$scratch/strace" &
  debugger=$!
  until grep -q attached "$scratch/strace"; do sleep 0.02; done
  begin_sidecar
  until [ -s "$scratch/said" ] && grep -q 'next attempt' "$scratch/said"; do sleep 0.02; done
  kill -TERM "$debugger" && wait "$debugger" 2>/dev/null
  claim target_that_was_traced_is_served_when_the_debugger_has_gone until_allocated "$victim" 0
  claim watching_it_ends_well ends_well
  end_all
else
  skip target_that_was_traced_is_served_when_the_debugger_has_gone "no strace"
fi

# The limit of descriptors is raised as far as it may be.
victim
prlimit --nofile=64:2048 "$wxbench" reclaim --all --every 0.2 -q &
sidecar=$!
limit_is_raised() { for _ in $(seq 200); do grep -q 'Max open files *2048 *2048' "/proc/$sidecar/limits" && return; sleep 0.02; done; return 1; }
claim limit_of_descriptors_is_raised limit_is_raised
claim sidecar_with_a_raised_limit_ends_well ends_well
end_all

# ---- A limit that is near ----
# shellcheck source=tests/support/group.sh
. tests/support/group.sh
advice='memory group had [0-9.]+ MiB left of 64.0 MiB, and the memfd grew by 2[0-9.]* MiB between two looks.*wxbench reclaim -- COMMAND'
# fill COUNT [PATTERN]: the victim fills its memfd so often, or until that was said, each time after it was given back. A look may come in the middle.
fill() {
  for _ in $(seq "$1"); do
    until_allocated "$victim" 0 && echo again >&6 && read -r _ <&7 || return
    ! grep -qE "${2:-^$}" "$scratch/said" || return 0
  done
  until_allocated "$victim" 0
}
if make_group $((64 << 20)); then
  enter build/tests/subject retain 22
  start "${entered[@]}" && beside=$pid
  enter build/tests/subject refills 24
  victim "${entered[@]}"
  "$wxbench" reclaim --pid "$victim" --every 0.5 --max-pause 50 -q --json "$scratch/all.json" 2>"$scratch/said" &
  sidecar=$!
  fill 2
  claim quiet_sidecar_advises_nothing test ! -s "$scratch/said"
  ends_well
  "$wxbench" reclaim --pid "$victim" --every 0.5 --max-pause 50 --json "$scratch/all.json" >/dev/null 2>"$scratch/said" &
  sidecar=$!
  fill 40 "$advice"
  fill 3
  advised_once() { [ "$(grep -cE "$advice" "$scratch/said")" = 1 ] || { cat "$scratch/said" && false; }; }
  claim preload_is_advised_once_where_the_limit_is_near advised_once
  ends_well
  echo again >&6 && read -r _ <&7
  once_advises() { "$wxbench" reclaim --pid "$victim" --max-pause 50 >"$scratch/said" && grep -q 'less than came back.*wxbench reclaim -- COMMAND' "$scratch/said"; }
  claim once_advises_the_preload_too once_advises
  kill -KILL "$beside" && wait "$beside" 2>/dev/null
  echo again >&6 && read -r _ <&7
  far_says_nothing() { "$wxbench" reclaim --pid "$victim" --max-pause 50 >"$scratch/said" && ! grep -q COMMAND "$scratch/said"; }
  claim limit_that_is_far_is_not_mentioned far_says_nothing
  end_all
  remove_group
else
  skip preload_is_advised_once_where_the_limit_is_near "no memory control group without swap can be made"
fi
tap_end
