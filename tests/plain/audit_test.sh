#!/usr/bin/env bash
# The verb `audit`, as a user types it.
set -u
. tests/support/tap.sh
work=$(mktemp -d)
sleep 300 &
target=$!
trap 'kill $target 2>/dev/null; rm -rf "$work"' EXIT
until grep -q '\[heap\]' "/proc/$target/maps" && [ "$(cat "/proc/$target/comm")" = sleep ]; do sleep 0.01; done

# has FILE TEXT...: the file contains each of the texts.
has() {
  local file=$1 text
  shift
  for text in "$@"; do grep -qF -- "$text" "$file" || { echo "no '$text' in $file"; return 1; }; done
}

"$wxbench" audit "$target" --json "$work/live.json" >"$work/live.txt"
claim audit_of_a_process_ends_well [ $? = 0 ]
claim audit_json_has_the_members_of_the_contract has "$work/live.json" '"schema": "wxbench/1"' '"kind": "audit"' \
  '"pid"' '"source": "live"' '"doublemapper"' '"inodes": 0' '"allocated_bytes": 0' '"mapped_bytes"' '"orphaned_bytes"' \
  '"mapped_va_bytes"' '"rx"' '"rw"' '"none"' '"span_bytes"' '"clrmd_span_bytes"' '"glibc"' '"arenas"' '"heaps"' \
  '"committed_bytes"' '"reserved_bytes"' '"proof"' '"main_arena": true' '"rss_bytes"' '"rss_anon_bytes"' \
  '"rss_shmem_bytes"' '"mappings"' '"span_parts"' '"regions"' '"verdict"' '"code"' '"text"'
claim audit_begins_and_ends_with_the_verdict_and_the_next_step \
  [ "$(head -n 2 "$work/live.txt" | cut -d' ' -f1 | paste -sd,)" = VERDICT,Next: -a "$(head -n 2 "$work/live.txt")" = "$(tail -n 2 "$work/live.txt")" ]
claim audit_says_that_another_program_is_not_affected has "$work/live.txt" 'VERDICT not-affected'

cp "/proc/$target/maps" "$work/maps"
cp "/proc/$target/smaps" "$work/smaps"
"$wxbench" audit --maps "$work/maps" --json "$work/maps.json" --quiet
claim audit_of_saved_maps_says_null_for_what_it_cannot_know has "$work/maps.json" '"source": "maps"' \
  '"allocated_bytes": null' '"orphaned_bytes": null' '"maps do not say it"'
"$wxbench" audit --smaps "$work/smaps" --sort size >"$work/smaps.txt"
claim audit_of_saved_smaps_has_residency has "$work/smaps.txt" 'Summary by kind' '[TOTAL]'

# An interval of 2 GiB with 300 MiB of others' memory: a file cannot say whether more is held.
printf '%s\n' '7f0000000000-7f0000100000 rw-s 00000000 00:01 7 /memfd:doublemapper (deleted)' \
  '7f0010001000-7f0022c01000 rw-p 00000000 00:00 0 ' \
  '7f0080000000-7f0080100000 r-xs 00100000 00:01 7 /memfd:doublemapper (deleted)' >"$work/artefact"
"$wxbench" audit --maps "$work/artefact" --json "$work/artefact.json" >"$work/artefact.txt"
claim audit_of_a_file_sends_an_artefact_to_the_live_process has "$work/artefact.txt" 'VERDICT artefact' 'Next: Audit the live process'
claim audit_of_a_file_says_so_in_json has "$work/artefact.json" '"code": "artefact"' '"next": "Audit the live process'

# Of 64 MiB that are reserved a dump has made all resident.
printf '7f0000000000-7f0004000000 %s 00000000 00:00 0 \nSize: 65536 kB\nRss: 65536 kB\nPss: 65536 kB\nVmFlags: mr mw me \n' \
  ---p >"$work/dumped"
"$wxbench" audit --smaps "$work/dumped" >"$work/dumped.txt"
claim audit_says_how_much_a_dump_has_made_resident has "$work/dumped.txt" 'may be the effect of a dump' '64.0 MiB of private reserved memory are resident'
sed 's/---p/rw-p/' "$work/dumped" >"$work/used"
"$wxbench" audit --smaps "$work/used" >"$work/used.txt"
claim audit_takes_no_used_memory_for_the_effect_of_a_dump test -z "$(grep 'may be the effect of a dump' "$work/used.txt")"

# Damage: what stands before it is reported, one line names it, exit 2.
{ head -n 7 "$work/maps" && sed -n 8p "$work/maps" | head -c 9; } >"$work/cut"
lines=7
"$wxbench" audit --maps "$work/cut" --json "$work/cut.json" >"$work/cut.txt" 2>"$work/cut.err"
claim audit_of_damaged_maps_exits_2 [ $? = 2 ]
claim audit_of_damaged_maps_names_the_line has "$work/cut.err" "line $((lines + 1)): the last line is cut short"
claim audit_of_damaged_maps_reports_what_could_be_read has "$work/cut.json" "\"mappings\": $lines"
refused audit_of_empty_maps_says_nothing_of_nothing "the file is empty; expected lines of /proc/PID/maps" "$wxbench" audit --maps /dev/null
refused audit_of_empty_smaps_says_nothing_of_nothing "the file is empty; expected lines of /proc/PID/smaps" "$wxbench" audit --smaps /dev/null
"$wxbench" audit --smaps "$work/smaps" >"$work/as-smaps.txt"
"$wxbench" audit --maps "$work/smaps" >"$work/as-maps.txt"
claim audit_of_smaps_as_maps_is_that_of_smaps cmp -s "$work/as-smaps.txt" "$work/as-maps.txt"
"$wxbench" audit --maps "$work/maps" >"$work/as-maps.txt"
"$wxbench" audit --smaps "$work/maps" >"$work/as-smaps.txt"
claim audit_of_maps_as_smaps_is_that_of_maps cmp -s "$work/as-smaps.txt" "$work/as-maps.txt"
refused audit_of_a_core_that_is_none_says_what_was_expected "offset 0: expected an ELF file" "$wxbench" audit --core "$work/maps"

claim audit_of_damaged_maps_judges_nothing_by_half_a_file has "$work/cut.txt" 'VERDICT unknown'
head -n 7 "$work/maps" >"$work/half"
"$wxbench" audit --maps "$work/half" >"$work/half.txt"
claim audit_of_the_first_lines_of_maps_does_not_say_that_there_is_no_double_mapper has "$work/half.txt" 'VERDICT unknown'
"$wxbench" audit --maps "$work/maps" >"$work/whole.txt"
claim audit_of_whole_maps_says_that_there_is_no_double_mapper has "$work/whole.txt" 'VERDICT not-affected'

# A group of version 2 beside those of version 1 (hybrid): the one that has the memory controller counts.
group=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)/wxbench-audit-$$
if mkdir "$group" 2>/dev/null && echo "$target" >"$group/cgroup.procs" 2>/dev/null; then
  version=1
  grep -qw memory "$group/cgroup.controllers" && version=2
  "$wxbench" audit "$target" --fast --json "$work/group.json" --quiet
  if [ "$version" = 2 ] || grep -q '^[0-9]*:[^:]*\bmemory\b' "/proc/$target/cgroup"; then
    claim "audit_reads_the_group_that_counts_memory_where_a_group_of_version_2_is_real" \
      has "$work/group.json" "\"version\": $version" '"usage_bytes": '
  else
    claim audit_says_that_no_memory_group_is_visible has "$work/group.json" "no memory control group is visible"
  fi
  echo "$target" >"$(dirname "$group")/cgroup.procs"
else
  skip audit_reads_the_group_that_counts_memory_where_a_group_of_version_2_is_real "no group of version 2 can be made here"
fi
rmdir "$group" 2>/dev/null

refused audit_without_a_target_says_what_is_expected "expected one of PID" "$wxbench" audit
refused audit_refuses_two_targets "expected one of PID" "$wxbench" audit "$target" --all
refused audit_refuses_a_pid_that_is_none "expected a process number" "$wxbench" audit abc
refused audit_of_a_process_that_is_gone_says_so "no such process" "$wxbench" audit 2147483646
if [ "$(id -u)" = 0 ]; then
  impossible audit_tells_a_stranger_what_to_do 'not permitted to look at process .*: run as its user, or as root' \
    setpriv --reuid=65534 --clear-groups "$PWD/$wxbench" audit "$target"
else
  impossible audit_tells_a_stranger_what_to_do 'not permitted to look at process .*: run as its user, or as root' "$wxbench" audit 1
fi
refused audit_of_a_file_that_is_not_there_says_so "No such file" "$wxbench" audit --maps "$work/none"
refused audit_of_a_folder_says_that_it_is_one "Is a directory" "$wxbench" audit --core "$work"
refused audit_refuses_watching_a_file "needs a PID" "$wxbench" audit --maps "$work/maps" --watch 1
refused audit_refuses_an_order_that_is_none "expected kind or size" "$wxbench" audit "$target" --sort x

"$wxbench" audit "$target" --prom >"$work/prom"
claim audit_prom_has_only_lines_of_the_text_format \
  test -z "$(grep -vE '^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+\{pid="[0-9]+",command="[^"]*"(,code="[a-z-]+")?\} -?[0-9]+)$' "$work/prom")"
claim audit_prom_names_the_verdict has "$work/prom" "wxbench_verdict{pid=\"$target\",command=\"sleep\",code=\"not-affected\"} 1"
"$wxbench" audit "$target" --prom="$work/prom.file" && claim audit_prom_writes_a_file cmp -s "$work/prom.file" "$work/prom.file"

"$wxbench" audit "$target" --watch 0.01 --samples 3 >"$work/watch"
claim audit_watch_prints_a_line_a_sample [ "$(grep -c ' orphaned 0.0 MiB .* mappings [0-9]*/[0-9]* not-affected$' "$work/watch")" = 3 ]

"$wxbench" audit --all >"$work/all"
claim audit_of_all_says_whom_it_skipped grep -qiE 'skipped for lack of permission' "$work/all"

claim audit_of_all_speaks_of_one_process_as_of_one test -z "$(grep -E '(^|[^0-9])1 (processes|files)' "$work/all")"
if [ "$(id -u)" = 0 ]; then
  claim audit_of_all_does_not_tell_root_to_be_root test -z "$(grep 'run as root' "$work/all")"
fi

SECRET=hunter2 "$wxbench" audit "$target" --bundle "$work/bundle" >"$work/bundle.txt"
claim audit_bundle_says_what_was_written_and_that_it_is_redacted grep -q "^Wrote maps, .* to $work/bundle: .* are redacted" "$work/bundle.txt"
claim audit_bundle_has_what_an_issue_needs [ -s "$work/bundle/maps" -a -s "$work/bundle/smaps" -a -s "$work/bundle/status" -a -s "$work/bundle/audit.json" ]
claim audit_bundle_redacts_the_environment test -z "$(grep -vE '=<redacted>$|^(MALLOC_|GLIBC_TUNABLES|DOTNET_)|^[^=]*$' "$work/bundle/environ")"
refused audit_bundle_does_not_overwrite_a_folder "cannot make the folder" "$wxbench" audit "$target" --bundle "$work/bundle"

"$wxbench" audit "$target" --bundle "$work/bundle" >"$work/refused" 2>/dev/null
claim audit_bundle_refuses_before_anything_is_printed [ ! -s "$work/refused" ]
"$wxbench" audit 2147483646 --bundle "$work/gone" 2>/dev/null
claim audit_bundle_of_a_process_that_is_gone_leaves_no_folder [ ! -e "$work/gone" ]
"$wxbench" audit "$target" --bundle "$work/whole" --unredacted | grep '^Wrote' >"$work/whole.txt"
claim audit_bundle_says_that_nothing_is_redacted has "$work/whole.txt" 'audit.txt' 'nothing is redacted'

# A process with files and variables of its own: what must be gone from the whole bundle, and what must stay.
mkdir "$work/private"
cp "$(command -v sleep)" "$work/private/private-tool"
env -i API_KEY=hunter2 DOTNET_GCName="$work/private/gc.so" MALLOC_ARENA_MAX=73 "$work/private/private-tool" 300 &
own=$!
trap 'kill $target $own 2>/dev/null; rm -rf "$work"' EXIT
until [ "$(cat "/proc/$own/comm")" = private-tool ]; do sleep 0.01; done
"$wxbench" audit "$own" --bundle "$work/published" --quiet
left=
for text in "$work/private" hunter2 gc.so private-tool; do grep -rqF -- "$text" "$work/published" && left+=" $text"; done
claim audit_bundle_holds_nothing_of_the_users test -z "$left"
missing=
for text in /redacted-1 API_KEY= DOTNET_GCName= MALLOC_ARENA_MAX=73 libc.so.6 '[heap]' 'VmRSS:' '"rss_bytes"' 'Threads:'; do
  grep -rqF -- "$text" "$work/published" || missing+=" $text"
done
claim audit_bundle_holds_all_of_the_systems test -z "$missing"

"$wxbench" audit "$target" --json "$work/later.json" --quiet
"$wxbench" audit --diff "$work/live.json" "$work/later.json" >"$work/diff"
claim audit_diff_shows_before_and_now has "$work/diff" 'before' 'change' 'Verdict: not-affected, now not-affected.'
"$wxbench" explain 7f4000000000-7f4007ff6000 --json "$work/explain.json" --quiet
refused audit_diff_refuses_another_kind "expected an audit" "$wxbench" audit --diff "$work/explain.json" "$work/live.json"

"$wxbench" audit --oom tests/fixtures/oom/v1.log --json "$work/oom.json" >"$work/oom.txt"
claim audit_of_a_kill_says_what_is_mapped_nowhere has "$work/oom.txt" 'VERDICT retained (certainty: medium)' '91.6 MiB are mapped nowhere'
claim audit_of_a_kill_is_one_result [ "$(jq '.results | length' "$work/oom.json")" = 1 ]
claim audit_of_a_kill_has_json has "$work/oom.json" '"source": "oom"' '"shmem_unmapped_bytes": 96092160' '"kernel_bytes": null'
"$wxbench" audit --oom - <tests/fixtures/oom/malloc.log >"$work/oom-malloc.txt"
claim audit_of_a_kill_reads_stdin has "$work/oom-malloc.txt" 'VERDICT malloc' 'W^X off cannot help'
refused audit_of_a_kill_refuses_a_text_without_one "no line of it is of a kernel's report" "$wxbench" audit --oom tests/plain/audit_test.sh
refused audit_of_a_kill_refuses_what_is_not_there "No such file" "$wxbench" audit --oom "$work/nothing"
refused audit_of_a_kill_has_no_metrics "goes without --prom" "$wxbench" audit --oom tests/fixtures/oom/v1.log --prom
refused audit_of_a_kill_goes_alone "expected one of PID" "$wxbench" audit 1 --oom tests/fixtures/oom/v1.log
tap_end
