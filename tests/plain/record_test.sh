#!/usr/bin/env bash
# `wxbench record`: the trace holds each call that the program makes for its executable memory, and the program does
# not notice. The programs are tests/fixtures/imitation.c and, where there is one, the real runtime.
set -u
. tests/support/tap.sh
. tests/support/trace.sh
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trace=$folder/trace
imitation=build/tests/imitation

# record CASE: records the imitation quietly.
record() { "$wxbench" record -q -o "$trace" -- "$imitation" "$@"; }
fresh() { rm -f "$trace" "$trace".*; }

# seen: what the trace holds. How often the whole file was looked at depends on which thread comes first.
seen() { of_trace "$trace" | sed -E 's/^[0-9]+ (extents of 1)$/1 \1/'; }

# has NAME PROGRAM CASE EXPECTED-OUTPUT LINE...: the case prints that, and its trace is exactly those lines.
has() {
  local name=$1 imitation=$2 case=$3 output=$4 actual
  shift 4
  fresh
  actual=$(record "$case")
  if [ "$actual" = "$output" ] && [ "$(seen)" = "$(printf '%s\n' "$@" | sort -k2)" ]; then ok "$name"; else
    echo "printed: $actual"
    diff <(seen) <(printf '%s\n' "$@" | sort -k2)
    not_ok "$name"
  fi
}

# ---- The library itself ----
library=build/libwxrecord.so
needs_nothing() { ! readelf -d "$library" | grep -q NEEDED && ! nm -D --undefined-only "$library" | grep -qv ' w '; }
claim library_needs_no_other_library_and_no_symbol needs_nothing
exports_only_its_calls() {
  [ "$(nm -D --defined-only "$library" | awk '{print $3}' | sort | xargs)" = \
    "_Exit _exit ftruncate ftruncate64 mmap mmap64 mprotect munmap" ]
}
claim library_exports_nothing_but_the_calls_it_stands_in_for exports_only_its_calls

# ---- Each call ----
programs=("$imitation")
[ ! -x build/tests/imitation-musl ] || programs+=(build/tests/imitation-musl)
for program in "${programs[@]}"; do
  system=${program#"$imitation"}
  has "each_call_is_recorded$system" "$program" releases_part "8 68" \
    "1 file value 1099511627776" "2 reserve 65536" "2 commit 4096 protection r-x" "2 map_rw 4096" "2 unmap_rw 4096" \
    "1 release 65536 mark" "1 extents of 0" "1 extents of 1" "1 extents of 2"
  has "no_event_of_eight_threads_is_lost$system" "$program" threads "0 512" \
    "1 file value 1099511627776" "3200 reserve 65536" "3200 commit 4096 protection r-x" "3200 map_rw 4096" \
    "3200 unmap_rw 4096" "3200 release 65536 mark" "3200 extents of 0" "1 extents of 1" "1 extents of 2"
  has "thunks_are_recorded$system" "$program" thunks "0 0" "1 file value 1099511627776" "1 reserve 65536" \
    "1 template_data 65536" "1 template_code 32768" "1 release 65536" "1 extents of 2"
  has "calls_the_runtime_does_not_make_are_recorded_as_such$system" "$program" odd_calls "0 0" \
    "1 file value 1099511627776" "1 reserve 65536" "1 extents of 0" "1 extents of 1" "1 map_rw 4096" \
    "1 other 65536 protection rw- value 0" "1 other 65536 protection r-- value 0" \
    "1 other 4096 protection r-- value 2" "1 other 4096 protection r-- value 0" "1 extents of 2"
  has "other_files_are_not_recorded$system" "$program" other_file "68 1028" \
    "1 file value 1099511627776"
  has "end_without_atexit_is_recorded$system" "$program" ends_at_once "8 68" \
    "1 file value 1099511627776" "2 reserve 65536" "2 commit 4096 protection r-x" "2 map_rw 4096" "2 unmap_rw 4096" \
    "1 release 65536 mark" "1 extents of 0" "1 extents of 1" "1 extents of 2"
done

# ---- What the trace says of the memory ----
fresh
record releases >/dev/null
allocated_at_exit() {
  "$wxbench" replay "$1" --list | awk '$3 == "extents" && / value 2 / { n = split($NF, part, ",")
    for (i = 1; i <= n; i++) { split(part[i], extent, "+"); sum += extent[2] } } END { print sum / 1024 }'
}
grown() { "$wxbench" replay "$1" --list | awk '{ for (i = 4; i < NF; i++) if ($i == "grew") sum += $(i + 1) } END { print sum / 1024 }'; }
says_all() { [ "$(allocated_at_exit "$trace")" = 1024 ] && [ "$(grown "$trace")" = 1024 ]; }
claim extents_and_growth_add_up_to_what_the_file_holds says_all
each_release_filled_a_block() {
  [ "$("$wxbench" replay "$trace" --list | grep -c 'release .* grew 61440$')" = 16 ] &&
    [ "$("$wxbench" replay "$trace" --list | grep -c 'extents .* value 0 extents [0-9]*+4096$')" = 16 ]
}
claim extents_before_a_release_say_what_was_used each_release_filled_a_block

# ---- Ends ----
exits_with() {
  local expected=$1 status
  shift
  fresh
  "$@" >/dev/null 2>"$folder/error"
  status=$?
  [ "$status" = "$expected" ] || { echo "exit $status: $(<"$folder/error")" && false; }
}
claim exit_status_is_the_command_s exits_with 7 "$wxbench" record -o "$trace" -- sh -c 'exit 7'
claim killed_command_is_128_and_the_signal exits_with 137 "$wxbench" record -o "$trace" -- "$imitation" is_killed
says_that_it_was_ended() { grep -q "was ended" "$folder/error" && [ "$(wc -l <"$folder/error")" = 1 ]; }
claim killed_command_is_said says_that_it_was_ended
nothing_was_lost() { [ "$(of_trace "$trace" | awk '{ sum += $1 } END { print sum }')" = 98 ] && of_trace "$trace" | grep -qx '16 release 65536 mark'; }
claim killed_command_loses_no_event nothing_was_lost
not_taken_for_the_end() {
  exits_with 137 "$wxbench" record -o "$trace" -- "$imitation" child_ends && says_that_it_was_ended
}
claim end_of_a_vforked_child_is_not_the_program_s not_taken_for_the_end
claim terminating_the_recorder_terminates_the_command exits_with 143 timeout -s TERM --preserve-status 1 \
  "$wxbench" record -o "$trace" -- sleep 20
claim command_without_a_runtime_is_not_recorded exits_with 0 "$wxbench" record -o "$trace" -- true
is_said_and_leaves_no_file() { grep -q "nothing was recorded" "$folder/error" && [ ! -e "$trace" ]; }
claim that_nothing_was_recorded_is_said is_said_and_leaves_no_file

# ---- More than one process ----
fresh
"$wxbench" record -q -o "$trace" -- sh -c "cd / && '$PWD/$imitation' releases && '$PWD/$imitation' reuses" >/dev/null
two_traces() { [ "$(of_trace "$trace" | grep -c '16 release')" = 1 ] && [ "$(of_trace "$trace".* | grep -c '16 release')" = 1 ]; }
claim second_process_writes_a_file_of_its_own two_traces
fresh
output=$(record forks)
a_trace_each() {
  [ "$output" = "8 128" ] && of_trace "$trace" | grep -qx '1 release 65536 mark' &&
    of_trace "$trace".* | grep -qE '^1 fork value [0-9]+$' && of_trace "$trace".* | grep -qx '1 release 65536 mark'
}
claim forked_child_begins_a_trace_with_a_fork_event a_trace_each

# ---- With the other preload library ----
fresh
output=$("$wxbench" record -q -o "$trace" -- "$wxbench" reclaim -- "$imitation" releases)
both_work() { [ "$output" = "64 0" ] && [ "$(grown "$trace")" = 0 ] && of_trace "$trace" | grep -qx '16 release 65536 mark'; }
claim records_a_program_that_is_reclaimed both_work

# ---- Full disk ----
disk=$folder/disk
mkdir "$disk"
if mount -t tmpfs -o size=100k none "$disk" 2>/dev/null; then
  output=$("$wxbench" record -o "$disk/trace" -- "$imitation" threads 2>"$folder/error")
  status=$?
  lost=$(sed -nE 's/.* ([0-9]+) lost: No space left on device.*/\1/p' "$folder/error")
  read -r written looks damage < <("$wxbench" replay "$disk/trace" --list 2>&1 |
    awk '/ extents .* value 1 / { ++looks } END { print NR, looks + 0 }')
  cat "$folder/error"
  umount "$disk"
  # 8 threads x 400 x (reserve, commit, map, unmap, extents, release), the file, the scan at the end (lost), and the looks
  # at the whole file, which are early, while it grows: how many depends on which thread comes first.
  is_complete() { [ "$status" = 0 ] && [ "$output" = "0 512" ] && [ $((lost + written)) = $((19202 + looks)) ] && [ "$looks" -ge 1 ] && [ -z "$damage" ]; }
  claim full_disk_is_not_noticed_and_says_what_was_lost is_complete
else
  skip full_disk "cannot mount a small file system"
fi

# ---- Bad usage ----
fresh
refused unknown_command_is_one_line "no-such-program.*No such file" env PATH=/usr/bin:/bin "$wxbench" record -o "$trace" -- no-such-program
leaves_no_file() { [ ! -e "$trace" ]; }
claim unknown_command_leaves_no_file leaves_no_file
refused missing_output_is_one_line "expected -o FILE" "$wxbench" record -- true
refused missing_command_is_one_line "expected -- COMMAND" "$wxbench" record -o "$trace"
refused folder_as_output_is_one_line "cannot write '$folder'" "$wxbench" record -o "$folder" -- true
refused device_as_output_is_one_line "cannot write '/dev/null'" "$wxbench" record -o /dev/null -- true
refused unwritable_output_is_one_line "cannot write '/no/such/trace'" "$wxbench" record -o /no/such/trace -- true

# ---- The emulated aarch64 ----
if [ -x build/tests/imitation-aarch64 ] && command -v qemu-aarch64 >/dev/null; then
  fresh
  output=$(QEMU_SET_ENV="LD_PRELOAD=$PWD/build/aarch64/libwxrecord.so,WXRECORD=$trace" \
    qemu-aarch64 -L /usr/aarch64-linux-gnu build/tests/imitation-aarch64 threads)
  arm_is_complete() { [ "$output" = "0 512" ] && of_trace "$trace" | grep -qx '3200 release 65536 mark'; }
  claim no_event_is_lost_on_aarch64 arm_is_complete
else
  skip aarch64 "qemu-user or the cross compiler is not installed"
fi

# ---- The real runtime ----
# ---- What had the name before ----
only() { [ "$(ls "$folder/old")" = kept.wxt ]; }
mkdir "$folder/old"
echo before >"$folder/old/kept.wxt"
kept() { "$wxbench" record -q -o "$folder/old/kept.wxt" -- "$@"; [ "$(cat "$folder/old/kept.wxt")" = before ] && only; }
claim a_file_is_kept_where_nothing_was_recorded kept true
claim a_file_is_kept_where_nothing_could_be_started kept "$folder/none" 2>/dev/null
replaced() {
  "$wxbench" record -q -o "$folder/old/kept.wxt" -- "$imitation" releases_part >/dev/null &&
    "$wxbench" replay --list "$folder/old/kept.wxt" >/dev/null && only
}
claim a_file_is_replaced_where_something_was replaced
refused a_folder_is_refused 'Is a directory' "$wxbench" record -o "$folder/old" -- true

workload=build/workloads/wxworkload.dll
same_as_strace() {
  fresh
  strace -f -qq -o "$folder/strace" -e trace=memfd_create,mmap,munmap,mprotect -e signal=none \
    "$wxbench" record -q -o "$trace" -- "$muxer" "$workload" asm count=20 rounds=2 >/dev/null
  diff <(of_strace "$folder/strace") <(of_trace "$trace" | grep -vE ' (file|extents) ' | sort -k2)
}
# Of .NET 10, which is laid out where any is; an installed one will do.
muxer=$(compgen -G 'build/runtimes/10.*/dotnet' | tail -n 1)
[ -n "$muxer" ] || muxer=$(command -v dotnet)
if [ -n "$muxer" ] && [ -e "$workload" ]; then
  claim real_runtime_every_call_that_strace_sees_is_recorded same_as_strace
else
  skip real_runtime "no .NET runtime or no $workload is here (scripts/runtimes 10, scripts/build-workloads)"
fi
tap_end
