#!/usr/bin/env bash
# What is missing from a saved file, or comes another way than a file does, turns no verdict round; and what a file does show is
# told as of the living.
set -u
. tests/support/tap.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

result() { "$wxbench" audit "$@" --json - --quiet 2>/dev/null | jq -c '.results[0]'; }
verdict() { result "$@" | jq -r '.verdict.code'; }

# entry START-END FLAGS OFFSET DEVICE INODE NAME RSS ANONYMOUS: of smaps.
entry() {
  printf '%s %s %s %s %s   %s\nRss: %d kB\nPss: %d kB\nAnonymous: %d kB\nSwap: 0 kB\nVmFlags: rd mr mw me\n' "$1" "$2" "$3" "$4" "$5" "$6" "$7" "$7" "$8"
}
program='560000000000-560000001000 r-xp 00000000 103:02 100   /srv/app'
memfd='7f2900010000-7f2900014000 r-xs 00161000 00:01 4711   /memfd:doublemapper (deleted)'
library='7f2a00000000-7f2a00400000 r-xp 00000000 103:02 9   /usr/lib/x86_64-linux-gnu/libc.so.6'
stack='7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0   [stack]'

printf '%s\n' "$library" "$stack" >"$work/tail"
claim a_list_without_its_beginning_gives_no_verdict [ "$(verdict --maps "$work/tail")" = unknown ]
claim a_list_without_its_beginning_has_no_figure_of_the_double_mapper \
  [ "$(result --maps "$work/tail" | jq .doublemapper.mapped_va_bytes)" = null ]
printf '%s\n' "$program" "$library" "$stack" >"$work/whole"
claim a_list_with_its_beginning_is_whole [ "$(verdict --maps "$work/whole")" = not-affected ]
{
  entry 7f2a00000000-7f2a00400000 r-xp 00000000 103:02 9 /usr/lib/libc.so.6 3000 0
  entry 7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0 '[stack]' 16 16
} >"$work/tail.smaps"
claim a_smaps_without_its_beginning_gives_no_verdict [ "$(verdict --smaps "$work/tail.smaps")" = unknown ]
claim sums_of_a_part_are_none_of_the_process [ "$(result --smaps "$work/tail.smaps" | jq .process.rss_bytes)" = null ]
{
  entry 560000000000-560000001000 r-xp 00000000 103:02 100 /srv/app 4 0
  for i in {10..25}; do entry "7e${i}00010000-7e${i}00014000" rw-p 00000000 00:00 0 '' 999999999999999 999999999999999; done
  entry 7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0 '[stack]' 16 16
} >"$work/huge.smaps"
claim sums_that_no_figure_can_hold_are_not_known \
  [ "$(result --smaps "$work/huge.smaps" | jq -c '[.process | .rss_bytes, .rss_anon_bytes, .rss_shmem_bytes]')" = '[null,null,0]' ]

# Through a pipe, as from ssh or kubectl exec.
printf '%s\n' "$program" "$memfd" "$library" "$stack" >"$work/maps"
has_double_mapper() { [ "$(jq -c '.results[0].doublemapper | [.mapped_va_bytes, .mappings.rx]')" = '[16384,1]' ]; }
sed 's/memfd/\x1b[01;31m\x1b[K&\x1b[m\x1b[K/' "$work/maps" >"$work/coloured"
sed 's/^/> /' "$work/maps" >"$work/quoted"
for kind in maps coloured quoted; do
  "$wxbench" audit --maps - --json - --quiet < <(cat "$work/$kind") 2>/dev/null | has_double_mapper
  claim "what_comes_through_a_pipe_has_its_double_mapper_$kind" [ $? = 0 ]
done
grown() { "$wxbench" audit --diff "$1" "$2" --json - --quiet | jq -c '[.results[0].owners[] | select(.change.address_space_bytes != 0 and .change.address_space_bytes != null) | .owner]'; }
claim two_pipes_are_compared [ "$(grown <(cat "$work/whole") <(cat "$work/maps"))" = '["own"]' ]
refused a_core_through_a_pipe_is_refused "cannot be read from a pipe" "$wxbench" audit --core <(cat "$work/maps")

# A document of an older version, or of a kill, has no list of owners: nothing grew from nothing.
"$wxbench" audit --maps "$work/whole" --json "$work/new.json" --quiet
jq 'del(.results[0].owners)' "$work/new.json" >"$work/old.json"
claim a_document_without_owners_says_nothing_of_them [ "$(grown "$work/old.json" "$work/whole")" = '[]' ]
"$wxbench" audit --oom tests/fixtures/oom/v2.log --json "$work/oom.json" --quiet
refused the_report_of_a_kill_is_no_process_to_compare_with "no process in common" "$wxbench" audit --diff "$work/oom.json" "$work/whole"

# Another runtime's compiler, and memory files, as of the living.
jit='7f2900000000-7f2900010000 rw-s 04dc0000 00:01 4711   /memfd:jitcode (deleted)
7f2900010000-7f2900014000 r-xs 03200000 00:01 4711   /memfd:jitcode (deleted)'
printf '%s\n' "$program" "$jit" "$library" "$stack" >"$work/jit"
claim an_executable_memfd_in_a_file_is_told_under_its_own_name \
  [ "$(result --maps "$work/jit" | jq -c '[.verdict.code, (.verdict.text | test("memfd:jitcode")), .doublemapper.mapped_va_bytes, .w_xor_x]')" = '["unknown",true,81920,null]' ]
{
  entry 560000000000-560000001000 r-xp 00000000 103:02 100 /srv/app 4 0
  entry 7f2900000000-7f2910000000 rw-s 00000000 00:01 4711 '/memfd:/dotnet_1f (deleted)' 262144 0
  entry 7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0 '[stack]' 16 16
} >"$work/mapped.smaps"
claim memory_files_in_a_smaps_are_the_largest_owner [ "$(verdict --smaps "$work/mapped.smaps")" = other-shmem ]
grep ' [r-][w-][x-][sp] ' "$work/mapped.smaps" >"$work/mapped.maps"
claim memory_files_in_maps_may_be_the_largest_owner [ "$(verdict --maps "$work/mapped.maps")" = unknown ]

# Sums of smaps are those of /proc/PID/status: a file's private pages that were written, a file on a disk that is shared.
{
  entry 560000000000-560000001000 r-xp 00000000 103:02 100 /srv/app 4 0
  entry 7f2900000000-7f2910000000 rw-p 00000000 103:02 101 /srv/private 2048 2000
  entry 7f2910000000-7f2920000000 rw-s 00000000 103:02 102 /srv/shared 4096 0
  entry 7f2920000000-7f2930000000 rw-s 00000000 00:19 103 '/dev/shm/one' 512 0
  entry 7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0 '[stack]' 16 16
} >"$work/files.smaps"
claim the_sums_of_a_smaps_are_those_of_status \
  [ "$(result --smaps "$work/files.smaps" | jq -c '.process | [.rss_anon_bytes, .rss_shmem_bytes] | map(. / 1024)')" = '[2016,512]' ]
tap_end
