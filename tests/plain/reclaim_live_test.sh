#!/usr/bin/env bash
# `wxbench reclaim --pid PID | --all`: the running process goes on unchanged, its orphaned pages come back.
# shellcheck disable=SC2317 # the functions are called through claim and refused
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
subject=build/tests/subject
scratch=$(mktemp -d)
subjects=()

# The open end of a subject's input: it ends with it.
cleanup() {
  for pid in "${subjects[@]}"; do kill -KILL "$pid" 2>/dev/null; done
  rm -rf "$scratch"
}
trap cleanup EXIT

# start MODE MIB: a subject; its pid is in $pid.
start() {
  mkfifo "$scratch/in.$1.$2" "$scratch/out.$1.$2"
  "$subject" "$1" "$2" <>"$scratch/in.$1.$2" >"$scratch/out.$1.$2" &
  subjects+=($!)
  exec 7<"$scratch/out.$1.$2"
  read -r _ pid <&7
}
allocated() { echo $(($(stat -L -c %b "/proc/$1/fd/3") * 512)); }
figure() { sed -nE "s/.*\"$1\": ([0-9]+).*/\1/p" "$2" | head -n 1; }

refused no_such_process_is_one_line 'no process 4194303' "$wxbench" reclaim --pid 4194303
refused process_without_the_memfd_is_one_line 'no memfd:doublemapper' "$wxbench" reclaim --pid $$
refused pid_that_is_no_number_is_one_line "'me' is not a whole number" "$wxbench" reclaim --pid me
refused pid_0_is_one_line 'out of range' "$wxbench" reclaim --pid 0
refused pid_and_all_exclude_each_other 'exclude' "$wxbench" reclaim --pid 1 --all
refused pid_and_command_exclude_each_other 'exclude' "$wxbench" reclaim --pid 1 -- true
refused above_needs_every 'needs --every' "$wxbench" reclaim --pid 1 --above 1MiB
refused dry_run_and_every_exclude_each_other 'exclude' "$wxbench" reclaim --pid 1 --dry-run --every 1
refused unknown_freezer_is_one_line 'expected ptrace, cgroup or stop' "$wxbench" reclaim --pid 1 --freeze ice
refused bound_above_all_is_one_line 'out of range' "$wxbench" reclaim --pid 1 --every 1 --above 101%
refused bound_with_a_decimal_unit_is_one_line "1MB" "$wxbench" reclaim --pid 1 --every 1 --above 1MB
refused no_pause_is_one_line 'more than 0' "$wxbench" reclaim --pid 1 --max-pause 0
refused command_takes_no_live_option 'COMMAND takes none' "$wxbench" reclaim --mapped -- true

start retain 16
# told FILE: shows a result that is not as it must be.
told() {
  echo "exit status $?, $(allocated "$pid") allocated" && cat "$1"
  return 1
}
dry_run_touches_nothing() {
  "$wxbench" reclaim --pid "$pid" --dry-run --max-pause 50 --json "$scratch/dry.json" -q &&
    [ "$(figure punched_bytes "$scratch/dry.json")" = $((16 << 20)) ] &&
    [ "$(figure count "$scratch/dry.json")" -gt 0 ] && [ "$(allocated "$pid")" = $((16 << 20)) ] || told "$scratch/dry.json"
}
claim dry_run_says_what_would_come_back_and_touches_nothing dry_run_touches_nothing

if [ "$(id -u)" = 0 ]; then
  impossible stranger_is_told_what_to_do 'run as its user' setpriv --reuid=65534 --clear-groups "$PWD/$wxbench" reclaim --pid "$pid"
else
  skip stranger_is_told_what_to_do "only root can become somebody else"
fi

gives_back() {
  "$wxbench" reclaim --pid "$pid" --max-pause 50 --json "$scratch/live.json" -q &&
    [ "$(figure punched_bytes "$scratch/live.json")" = $((16 << 20)) ] && [ "$(allocated "$pid")" = 0 ]
}
claim_where_idle orphaned_pages_come_back gives_back
# The scheduler shares by session first: there, too, a worker is what its nice value says, where the processors are busy.
is_favoured() {
  local pid burners=() processor
  start retain 4 || return
  for ((processor = 0; processor < 2 * $(nproc); ++processor)); do
    (while :; do :; done) &
    burners+=($!)
  done
  strace -f -qq -e trace=openat,write -o "$scratch/favoured" "$wxbench" reclaim --pid "$pid" --max-pause 50 -q
  kill -KILL "$pid" "${burners[@]}"
  grep -A1 '/proc/self/autogroup' "$scratch/favoured" | grep -q 'write([0-9]*, "-20", 3) *= 3'
}
if [ "$(id -u)" = 0 ] && [ -e /proc/self/autogroup ] && command -v strace >/dev/null; then
  claim worker_goes_first_also_among_sessions is_favoured
else
  skip worker_goes_first_also_among_sessions "it takes root, strace and a kernel that shares by session"
fi
claim a_second_time_there_is_nothing_to_do "$wxbench" reclaim --pid "$pid" -q

start sealed 1
impossible sealed_memfd_is_one_line 'sealed against writing' "$wxbench" reclaim --pid "$pid"

# The smallest 32-bit program: pause() for ever.
printf '\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x03\0\x01\0\0\0\x54\x80\x04\x08\x34\0\0\0\0\0\0\0\0\0\0\0\x34\0\x20\0\x01\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0\x80\x04\x08\0\x80\x04\x08\x5d\0\0\0\x5d\0\0\0\x05\0\0\0\0\x10\0\0\xb8\x1d\0\0\0\xcd\x80\xeb\xf7' >"$scratch/narrow"
chmod +x "$scratch/narrow"
"$scratch/narrow" 2>/dev/null &
narrow=$!
subjects+=("$narrow")
if [ "$(readlink "/proc/$narrow/exe")" = "$scratch/narrow" ]; then
  impossible narrow_target_is_one_line '32-bit' "$wxbench" reclaim --pid "$narrow"
else
  skip narrow_target_is_one_line "the kernel runs no 32-bit programs"
fi

# A sidecar: it acts again whenever pages are orphaned, says one line an action, ends well by SIGTERM.
start refills 8
exec 6>"$scratch/in.refills.8"
until_allocated() { # until_allocated PID BYTES
  for _ in $(seq 400); do
    [ "$(allocated "$1")" = "$2" ] && return
    sleep 0.05
  done
  return 1
}
"$wxbench" reclaim --pid "$pid" --every 0.02 --above 0 --max-pause 50 --json "$scratch/every.json" -q 2>"$scratch/every.log" &
sidecar=$!
refilled_and_given_back() {
  until_allocated "$pid" 0 || return
  for _ in 1 2 3; do
    echo again >&6 && read -r _ <&7 && until_allocated "$pid" 0 || return
  done
}
claim sidecar_acts_whenever_pages_are_orphaned refilled_and_given_back
ends_well() {
  kill -TERM "$sidecar" && wait "$sidecar" && [ "$(figure punched_bytes "$scratch/every.json")" -ge $((32 << 20)) ] ||
    told "$scratch/every.json"
}
claim sigterm_ends_a_sidecar_with_its_result ends_well
idle_cycle_asks_the_file_only() {
  timeout 5 strace -f -o "$scratch/trace" "$wxbench" reclaim --pid "$pid" --every 0.05 -q 2>/dev/null
  # After the first look: it is proven to be the same file and asked what it holds; looks are rare.
  [ "$(tail -n +2 "$scratch/trace" | grep -cE 'newfstatat|fstat|statx')" -gt 20 ] &&
    [ "$(grep -c 'openat.*maps' "$scratch/trace")" -lt 300 ]
}
if command -v strace >/dev/null; then
  claim idle_cycle_reads_no_mappings idle_cycle_asks_the_file_only
else
  skip idle_cycle_reads_no_mappings "no strace"
fi
"$wxbench" reclaim --pid "$pid" --every 0.02 -q &
sidecar=$!
sleep 0.3
survives_the_end() { kill -KILL "$pid" && wait "$sidecar"; }
claim sidecar_ends_well_with_its_target survives_the_end
start retain 1024
"$wxbench" reclaim --pid "$pid" --every 0.02 --max-pause 1 -q &
sidecar=$!
has_begun() {
  for _ in $(seq 2000); do
    [ "$(allocated "$pid")" -lt $((1024 << 20)) ] && return
    sleep 0.01
  done
  return 1
}
ends_between_two_pauses() { kill -TERM "$sidecar" && wait "$sidecar" && [ "$(allocated "$pid")" -gt 0 ]; }
if has_begun || [ "$(id -u)" = 0 ]; then
  claim sigterm_ends_a_sidecar_between_two_pauses ends_between_two_pauses
else
  kill -TERM "$sidecar"
  skip sigterm_ends_a_sidecar_between_two_pauses "the processors are busy, and this user may not run before others"
fi
kill -KILL "$pid"
# Another process holds the file on, and there is nothing left to be given back.
ends_with_the_last_holder() {
  start retain 2 || return
  mkfifo "$scratch/last"
  sh -c 'exec 8<>"/proc/$0/fd/3" && read -r _ <"$1"' "$pid" "$scratch/last" &
  local holder=$! sidecar
  until [ -e "/proc/$holder/fd/8" ]; do sleep 0.01; done
  timeout -k 1 30 "$wxbench" reclaim --pid "$pid" --every 0.02 --max-pause 50 >/dev/null 2>"$scratch/last.log" &
  sidecar=$!
  until_allocated "$pid" 0 || { kill "$pid" "$holder" "$sidecar" && cat "$scratch/last.log" && return 1; }
  kill -KILL "$pid"
  sleep 0.2
  kill -0 "$sidecar" || return
  echo >"$scratch/last"
  wait "$sidecar"
}
claim_where_idle sidecar_ends_well_with_the_last_that_holds_the_file ends_with_the_last_holder

# In a PID namespace of its own: all processes there are the test's, and the first one ignores SIGSTOP from inside.
in_namespace() { unshare --pid --fork --mount-proc --kill-child "$@"; }
if in_namespace true 2>/dev/null; then
  export subject scratch wxbench
  mkfifo "$scratch/first"
  # shellcheck disable=SC2016 # for the inner shell
  in_namespace bash -c '
    (until "$wxbench" reclaim --pid 1 --dry-run -q 2>/dev/null; do sleep 0.02; done
     "$wxbench" reclaim --pid 1 --freeze stop 2>"$scratch/stop.err"; echo $? >"$scratch/stop.status"
     "$subject" retain 4 < <(sleep 60) >/dev/null & "$subject" retain 2 < <(sleep 60) >/dev/null &
     sleep 1
     "$wxbench" reclaim --all --max-pause 50 --json "$scratch/all.json" -q
     echo end >"$scratch/first") &
    exec "$subject" retain 8 < <(read -r < "$scratch/first") >/dev/null'
  first_is_detected() { [ "$(cat "$scratch/stop.status")" = 77 ] && grep -q 'ignores SIGSTOP from inside' "$scratch/stop.err"; }
  claim first_process_of_its_namespace_is_detected_and_said first_is_detected
  all_were_found() { [ "$(grep -c '"inode"' "$scratch/all.json")" = 3 ] && [ "$(grep -oE '"punched_bytes": [0-9]+' "$scratch/all.json" | awk '{ sum += $2 } END { print sum }')" = $((14 << 20)) ]; }
  claim all_processes_of_the_namespace_are_done_also_the_first all_were_found
else
  skip first_process_of_its_namespace_is_detected_and_said "no PID namespace can be made"
  skip all_processes_of_the_namespace_are_done_also_the_first "no PID namespace can be made"
fi
if in_namespace true 2>/dev/null; then
  mkfifo "$scratch/inner"
  unshare --pid --fork --mount-proc --kill-child "$subject" retain 4 <>"$scratch/inner" >/dev/null &
  outer=$!
  subjects+=("$outer") # By SIGKILL only: unshare blocks SIGTERM while its child runs.
  until inner=$(cat "/proc/$outer/task/$outer/children" 2>/dev/null) && inner=${inner// /} && [ -n "$inner" ] &&
    "$wxbench" reclaim --pid "$inner" --dry-run -q 2>/dev/null; do sleep 0.02; done
  works_from_the_host() { "$wxbench" reclaim --pid "$inner" --freeze "$1" --max-pause 50 -q && [ "$(allocated "$inner")" = 0 ]; }
  claim works_from_the_host_for_the_first_process_of_a_container_by_signal works_from_the_host stop
fi
tap_end
