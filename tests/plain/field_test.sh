#!/usr/bin/env bash
# What people paste and save, as in public reports: each small input has one right answer.
set -u
. tests/support/tap.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fixtures=tests/fixtures/field

values() { sed -n "s/.*\"$1\": \"\([^\"]*\)\".*/\1/p" | paste -sd, -; }
has() {
  local file=$1 text
  shift
  for text in "$@"; do grep -qF -- "$text" "$file" || { echo "no '$text' in $file" && return 1; }; done
}
# Nothing where it gives none.
verdict() { "$wxbench" audit "$@" --json - --quiet 2>/dev/null | jq -r '.results[0].verdict.code'; }

# arenas COUNT: a smaps with so many arenas of 25 MiB resident, a collector of 20 MiB, a double mapper of 1 MiB.
arenas() {
  awk -v count="$1" '
    function entry(start, end, kind, kib, flags) {
      printf "%s-%s %s\nSize: 4 kB\nRss: %d kB\nPss: %d kB\nSwap: 0 kB\nVmFlags: %s\n", start, end, kind, kib, kib, flags
    }
    BEGIN {
      entry("7e0000000000", "7e0001400000", "rw-p 00000000 00:00 0 ", 20480, "rd wr mr mw me dd sd")
      entry("7e0001400000", "7e4000000000", "---p 00000000 00:00 0 ", 0, "mr mw me dd sd")
      for (i = 0; i < count; ++i) {
        entry(sprintf("7f00%02x000000", 4 * i), sprintf("7f00%02x900000", 4 * i + 1), "rw-p 00000000 00:00 0 ", 25600, "rd wr mr mw me nr sd")
        entry(sprintf("7f00%02x900000", 4 * i + 1), sprintf("7f00%02x000000", 4 * i + 4), "---p 00000000 00:00 0 ", 0, "mr mw me nr sd")
      }
      entry("7f8000000000", "7f80000a0000", "r-xs 00010000 00:01 4711 /memfd:doublemapper (deleted)", 512, "rd ex sh mr mw me ms sd")
      entry("7f8010000000", "7f8010400000", "r-xp 00000000 103:02 77 /usr/lib/dotnet/libcoreclr.so", 3000, "rd ex mr mw me sd")
      entry("7f8060000000", "7f8060080000", "rw-s 000b0000 00:01 4711 /memfd:doublemapper (deleted)", 512, "rd wr sh mr mw me ms sd")
    }'
}

owners=$("$wxbench" explain --json - <"$fixtures/rows.txt" | values owner)
claim rows_of_maps_are_told_by_the_file_that_they_name [ "$owners" = "double-mapper,double-mapper,double-mapper,file" ]

"$wxbench" explain --json "$work/perf.json" --quiet <"$fixtures/perf.txt"
claim a_row_of_perf_script_is_one_address_of_the_double_mapper \
  [ "$(jq -c '.results[] | [.start, .end, .owner]' "$work/perf.json")" = '["7fc8177aa120",null,"double-mapper"]' ]

owners=$("$wxbench" explain --json - <"$fixtures/kinds.txt" | jq -r '.results[] | "\(.owner) \(.heaps)"' | paste -sd, -)
claim rows_with_a_memory_kind_are_told_by_it [ "$owners" = "gc 0,gc 0,loader-heap 0,stack 3" ]

"$wxbench" audit --maps "$fixtures/cut.maps" >"$work/cut.txt"
claim lines_that_were_left_out_give_no_verdict has "$work/cut.txt" 'VERDICT unknown' 'at line 7' 'there is a double mapper'
sed 's/^\.\.\.$/x560000006000-560000007000 r--p 00000000 103:02 106 \/srv\/x/' "$fixtures/cut.maps" >"$work/bad"
"$wxbench" audit --maps "$work/bad" >"$work/bad.txt" 2>"$work/bad.err"
claim a_line_with_one_bad_character_exits_2 [ $? = 2 ]
claim a_line_with_one_bad_character_is_named_and_the_others_are_read has "$work/bad.txt" 'VERDICT unknown' 'line 7' 'there is a double mapper'

arenas 15 >"$work/smaps"
claim arenas_in_a_saved_smaps_are_mallocs [ "$(verdict --smaps "$work/smaps")" = malloc ]
claim arenas_in_a_smaps_given_as_maps_are_mallocs [ "$(verdict --maps "$work/smaps")" = malloc ]
{ echo '```' && sed 's/^/> /' "$work/smaps" && echo '```'; } >"$work/quoted"
claim arenas_in_a_quoted_smaps_are_mallocs [ "$(verdict --smaps "$work/quoted")" = malloc ]
whole_or_unknown() {
  local lines line code
  lines=$(wc -l <"$1")
  for ((line = 1; line < lines; line += 3)); do
    head -n "$line" "$1" >"$work/head"
    code=$(verdict --smaps "$work/head")
    [ -z "$code" ] || [ "$code" = malloc ] || [ "$code" = unknown ] || { echo "# $line lines: $code" && return 1; }
  done
}
claim a_smaps_cut_behind_any_line_gives_its_verdict_or_none whole_or_unknown "$work/smaps"

arenas 20 >"$work/later"
"$wxbench" audit --diff "$work/smaps" "$work/later" --json "$work/diff.json" --quiet >/dev/null
claim the_difference_of_two_smaps_names_the_owner_that_grew_first \
  [ "$(jq -c '.results[0].owners[0] | [.owner, .change.memory_bytes, .change.mappings]' "$work/diff.json")" = '["glibc_committed",131072000,5]' ]
grep -- '-.* [r-][w-][x-][sp] ' "$work/later" >"$work/maps"
"$wxbench" audit --diff "$work/smaps" "$work/maps" --json "$work/diff.json" --quiet >/dev/null
claim the_difference_to_maps_knows_address_space_only \
  [ "$(jq -c '.results[0].owners[0] | [.owner, .change.memory_bytes, .change.address_space_bytes]' "$work/diff.json")" = '["glibc_reserved",null,204472320]' ]
"$wxbench" audit --smaps "$work/smaps" --json "$work/smaps.json" --quiet >/dev/null
"$wxbench" audit --diff "$work/smaps.json" "$work/later" --json "$work/diff.json" --quiet >/dev/null
claim the_difference_of_a_document_and_a_smaps_is_that_of_two_smaps \
  [ "$(jq '.results[0].owners[0].change.memory_bytes' "$work/diff.json")" = 131072000 ]
"$wxbench" audit --diff "$work/smaps" $$ --json "$work/diff.json" --quiet >/dev/null
claim the_difference_to_a_living_process_knows_what_is_orphaned \
  [ "$(jq -c '.results[0].owners[] | select(.owner == "orphaned") | [.base.memory_bytes, .new.memory_bytes]' "$work/diff.json")" = '[null,0]' ]
head -n -3 "$work/later" >"$work/part"
"$wxbench" audit --diff "$work/smaps" "$work/part" --json "$work/diff.json" --quiet >/dev/null
claim of_half_a_file_no_difference_is_said [ "$(jq -c '[.results[0].owners[].change.memory_bytes] | unique' "$work/diff.json")" = '[null]' ]
refused the_difference_to_what_is_not_there_is_refused "No such file" "$wxbench" audit --diff "$work/smaps" "$work/absent"
# What tools and editors make of a saved file: the double mapper stays in it.
whole='7f2900010000-7f2900014000 r-xs 00161000 00:01 4711                       /memfd:doublemapper (deleted)
7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0                          [stack]'
has_double_mapper() { [ "$("$wxbench" audit --maps "$1" --json - --quiet 2>/dev/null | jq -c '.results[0].doublemapper | [.mapped_va_bytes, .mappings.rx]')" = '[16384,1]' ]; }
printf '\xef\xbb\xbf%s\n' "$whole" >"$work/mark"
printf '%s\n' "$whole" | iconv -f ascii -t utf-16 >"$work/utf-16"
sed 's/double/\x1b[01;31m\x1b[K&\x1b[m\x1b[K/' <<<"$whole" >"$work/coloured"
sed 's/^\([0-9a-f]*\)-/\1\xe2\x80\x93/; s/ /\xc2\xa0/g' <<<"$whole" >"$work/typeset"
sed 's/(deleted)/&   <- 16 kB, is this it?/' <<<"$whole" >"$work/remarked"
sed 's/ (deleted)//' <<<"$whole" >"$work/undeleted"
sed 's/^/> /; s/$/\r/' <<<"$whole" >"$work/quoted"
printf '%s\n%s\n' "$whole" "$whole" >"$work/twice"
sed 's/$/<br>/' <<<"$whole" >"$work/tagged"
sed 's/ /\&nbsp;/g' <<<"$whole" >"$work/escaped"
sed 's/  */,/g' <<<"$whole" >"$work/comma-separated"
sed 's/$/   /' <<<"$whole" >"$work/padded"
sed 's/$/ \\/' <<<"$whole" >"$work/continued"
tr '\n' ' ' <<<"$whole" >"$work/joined"
sed '1a --Type <RET> for more, q to quit, c to continue without paging--' <<<"$whole" >"$work/paged"
printf '%s\n' '    7f2900010000 r-xs 00161000 00:01 4711 16 4 4 4 4 0 0 0 0 0 rd ex sh mr mw me ms memfd:doublemapper (deleted)' \
  '    7ffd00000000 rw-p 00000000 00:00 0 132 4 4 4 4 0 0 0 0 0 rd wr mr mw me gd ac [stack]' '      ==== === =' '     148 8 8 KB' >"$work/pmap-XX"
for kind in mark utf-16 coloured typeset remarked undeleted quoted twice tagged escaped comma-separated padded continued joined paged pmap-XX; do
  claim "a_saved_file_that_is_${kind}_has_its_double_mapper" has_double_mapper "$work/$kind"
done
# Each of them may have left the double mapper out.
for chooser in 'rg memfd' 'ag memfd' 'findstr memfd' 'Select-String memfd' 'tail -5'; do
  { echo "❯ cat /proc/1/maps | $chooser" && echo "$whole" | grep -v memfd; } >"$work/chosen"
  claim "lines_that_${chooser%% *}_chose_give_no_verdict" [ "$(verdict --maps "$work/chosen")" = unknown ]
done
{ echo "$whole" | grep -v memfd | sed '1a ---8<---'; } >"$work/cut-out"
claim lines_that_scissors_cut_out_give_no_verdict [ "$(verdict --maps "$work/cut-out")" = unknown ]
sed 's/ kB$/ KiB/' "$work/smaps" >"$work/other-unit"
claim sizes_in_kib_are_those_in_kb [ "$(verdict --smaps "$work/other-unit")" = malloc ]
gzip -c <<<"$whole" >"$work/packed.gz"
refused what_is_compressed_is_said_to_be "gunzip it first" "$wxbench" audit --maps "$work/packed.gz"
cut -c 1-84 <<<"$whole" >"$work/narrow"
claim a_name_that_a_terminal_cut_off_gives_no_verdict [ "$(verdict --maps "$work/narrow")" = unknown ]
printf '%s\n' '7f2900010000-7ffd00021000 ---p 00000000 00:00 0                          [rollup]' 'Rss:               20000 kB' >"$work/rollup"
refused sums_without_mappings_are_no_smaps "smaps_rollup has sums only" "$wxbench" audit --smaps "$work/rollup"
# A .NET process, and what it looks like without one of its parts, which nobody marked.
cat >"$work/dotnet" <<'END'
55a040d80000-55a040d9b000 r-xp 00000000 fe:00 101 /usr/lib/dotnet/dotnet
55a06e405000-55a06e52f000 rw-p 00000000 00:00 0 [heap]
7f1680000000-7f1680400000 rw-p 00000000 00:00 0
7f1680400000-7f1690000000 ---p 00000000 00:00 0
7f1690010000-7f1690014000 r-xs 00000000 00:01 4711 /memfd:doublemapper (deleted)
7f1690014000-7f1690018000 rw-s 00004000 00:01 4711 /memfd:doublemapper (deleted)
7f1691000000-7f1693000000 r-xp 00000000 fe:00 102 /usr/lib/dotnet/libcoreclr.so
7f1693400000-7f1693600000 r-xp 00000000 fe:00 103 /usr/lib/libc.so.6
7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0 [stack]
END
without() { grep -v -- "$1" "$work/dotnet" >"$work/lost" && [ "$(verdict --maps "$work/lost")" = unknown ]; }
claim a_whole_list_of_dotnet_is_clean [ "$(verdict --maps "$work/dotnet")" = clean ]
claim without_the_code_of_the_runtime_there_is_no_verdict without doublemapper
claim without_the_range_of_the_collector_there_is_no_verdict without '^7f1680'
claim without_the_main_heap_there_is_no_verdict without heap
# Wine and Mono map files of that name, too, and have no double mapper.
cat >"$work/wine" <<'END'
140000000-140001000 r--p 00000000 fe:00 100 /home/u/.wine/drive_c/app/app.exe
170000000-170050000 r-xp 00001000 fe:00 101 /usr/lib/wine/x86_64-windows/kernel32.dll
55a040d80000-55a040d9b000 r-xp 00000000 fe:00 102 /usr/lib/wine/wine64
55a06e405000-55a06e52f000 rw-p 00000000 00:00 0 [heap]
7f1691000000-7f1693000000 r-xp 00000000 fe:00 103 /usr/lib/wine/x86_64-unix/ntdll.so
7f1693400000-7f1693600000 r-xp 00000000 fe:00 104 /usr/lib/libc.so.6
7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0 [stack]
END
sed 's,/usr/lib/wine/x86_64-windows/kernel32,/usr/lib/mono/4.5/mscorlib,; s,/usr/lib/wine/x86_64-unix/ntdll.so,/usr/bin/mono-sgen,; s,wine,app,g' "$work/wine" >"$work/mono"
claim a_whole_list_of_wine_is_not_affected [ "$(verdict --maps "$work/wine")" = not-affected ]
claim a_whole_list_of_mono_is_not_affected [ "$(verdict --maps "$work/mono")" = not-affected ]
grep -v ntdll "$work/wine" >"$work/who"
claim a_list_with_dlls_of_nobody_else_gives_no_verdict [ "$(verdict --maps "$work/who")" = unknown ]
# A list as long as a real one, and what it looks like without rows that nobody marked: they leave holes.
{
  head -n 2 "$work/dotnet"
  printf '%s\n' '7f167fdff000-7f167fe00000 ---p 00000000 00:00 0 ' '7f167fe00000-7f1680000000 rw-p 00000000 00:00 0 '
  sed -n '3,6p' "$work/dotnet"
  echo '7f1690018000-7f1693000000 r-xp 00000000 fe:00 102 /usr/lib/dotnet/libcoreclr.so'
  for ((i = 0; i < 80; ++i)); do printf '7f16930%02x000-7f16930%02x000 r-xp 00000000 fe:00 %d /usr/lib/lib%d.so\n' "$i" $((i + 1)) $((200 + i)) "$i"; done
  echo '7f1693050000-7f1693600000 r-xp 00000000 fe:00 103 /usr/lib/libc.so.6'
  echo '7f1693600000-7f1693630000 r-xp 00000000 fe:00 104 /usr/lib/ld-linux-x86-64.so.2'
  tail -n 1 "$work/dotnet"
} >"$work/long"
claim a_long_list_of_dotnet_is_clean [ "$(verdict --maps "$work/long")" = clean ]
moved() {
  sed "$1" "$work/long" >"$work/moved"
  "$wxbench" audit --maps "$work/moved" --json "$work/moved.json" --quiet
  jq -e '.results[0].verdict | .code == "unknown" and (.text | contains("rows of the list may be lost there"))' "$work/moved.json" >/dev/null
}
claim where_rows_of_the_double_mapper_may_be_lost_there_is_no_verdict moved '/memfd/ s/7f1690/7f168f/g; s/7f1690000000/7f168f000000/'
claim where_rows_of_malloc_may_be_lost_there_is_no_verdict moved 's/7f167fe00000/7f1671e00000/g; s/7f167fdff000/7f1671dff000/; s/-7f1680000000/-7f1672000000/'
# Below the kernel's own, where that lies among the libraries.
sed 's/^7f1693600000-7f1693630000/7f1699600000-7f1699630000/; /ld-linux/i 7f1699040000-7f1699044000 r--p 00000000 00:00 0 [vvar]' "$work/long" >"$work/vvar"
claim where_rows_below_the_kernels_own_may_be_lost_there_is_no_verdict [ "$(verdict --maps "$work/vvar")" = unknown ]
grep -v ld-linux "$work/long" >"$work/unloaded"
claim without_what_loads_its_libraries_there_is_no_verdict [ "$(verdict --maps "$work/unloaded")" = unknown ]
# pmap -x does not name the main heap.
{
  echo '4711:   dotnet app.dll' && echo 'Address           Kbytes     RSS   Dirty Mode  Mapping'
  printf '%s\n' '000055a040d80000     108     108       0 r-x-- dotnet' '000055a06e405000  262144  262144  262144 rw---   [ anon ]' \
    '00007f1680000000    4096    4096    4096 rw---   [ anon ]' '00007f1680400000  258048       0       0 -----   [ anon ]' \
    '00007f1690010000      16      16       0 r-xs- memfd:doublemapper (deleted)' '00007f1690014000    4096    4096       0 r-x-- libcoreclr.so' \
    '00007ffd00000000     132     132     132 rw---   [ stack ]'
} >"$work/pmap"
claim a_large_heap_that_pmap_does_not_name_is_not_clean [ "$(verdict --maps "$work/pmap")" = unknown ]
sed -i 's/  262144  262144  262144/    1024    1024    1024/' "$work/pmap"
claim a_small_heap_that_pmap_does_not_name_is_clean [ "$(verdict --maps "$work/pmap")" = clean ]
grep -v '^000055a06e405000' "$work/pmap" >"$work/heapless"
claim without_the_main_heap_pmap_gives_no_verdict [ "$(verdict --maps "$work/heapless")" = unknown ]
jq -Rr '{log: (. + "\n"), stream: "stdout"} | tojson' <<<"$whole" >"$work/log"
owners=$("$wxbench" explain --json - <"$work/log" | values owner)
claim rows_in_a_log_of_json_are_told_by_the_file_that_they_name [ "$owners" = double-mapper,stack ]
# What a container's log, the journal and a logger make of a row: the name that is shown is the file's.
row='7f2900010000-7f2900014000 r-xp 00161000 103:02 815 /srv/app/one.so'
{
  echo "2026-11-29T12:00:00.123456789Z $row"
  jq -Rc '{_PID: "1", MESSAGE: ., PRIORITY: "6"}' <<<"$row"
  jq -Rc '{MESSAGE: (. | explode), _PID: "1"}' <<<"$row"
  jq -Rc '{log: ({level: "info", message: .} | tojson)}' <<<"$row"
} >"$work/log"
told=$("$wxbench" explain --json - <"$work/log" | jq -r '.results[] | .text' | sort | uniq -c | sed 's/^ *//')
claim a_row_out_of_a_log_has_the_name_of_its_file_and_no_more [ "$told" = '4 a mapping of a file: /srv/app/one.so' ]
tap_end
