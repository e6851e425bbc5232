#!/usr/bin/env bash
# `wxbench replay`: a recorded trace on the runtime's own strategy comes out as recorded; damage and bad input are said.
set -u
. tests/support/tap.sh
. tests/support/trace.sh
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
command -v zstd >/dev/null || { echo "SKIP: the program zstd is not installed" && exit 77; }
traces=scenarios/traces

# ---- The recorded traces ----
as_recorded() {
  "$wxbench" replay -q "$1" --strategy coreclr --json "$folder/json" &&
    [ "$(grep -c '"ok": *true' "$folder/json")" = 3 ] && ! grep -q '"ok": *false' "$folder/json"
}
# free_bytes FILE: the blocks that were filled, released and not used again, by the events alone.
free_bytes() {
  "$wxbench" replay "$1" --list |
    awk '$3 == "reserve" { delete free[$5] } $3 == "release" && / mark/ { free[$5] = $7 }
      END { for (block in free) sum += free[block]; print sum + 0 }'
}
# What the recorded program kept, not what the replay itself releases at its own end.
retains_as_recorded() { [ "$(jq '.results[0].metrics.retained_bytes' "$folder/json")" = "$(free_bytes "$1")" ]; }
for file in "$traces"/*.zst; do
  name=$(basename "$file" .wxt.zst)
  claim "${name}_replays_as_recorded" as_recorded "$file"
  claim "${name}_retains_what_the_program_kept" retains_as_recorded "$file"
  [[ $name != keep-* ]] || claim "${name}_retains_nothing" [ "$(free_bytes "$file")" = 0 ]
done
sample=$(ls "$traces"/asm-10*.zst)

figure() { # figure STRATEGY KEY: a metric of a replay of the sample
  "$wxbench" replay -q "$sample" --strategy "$1" --json - | tr -d ' \n' | grep -o "\"$2\":[-0-9a-z]*" | head -n 1 | cut -d: -f2
}
retains() { [ "$(figure coreclr retained_bytes)" -gt 3500000 ]; }
claim coreclr_retains_what_was_released retains
for strategy in coreclr+punch coreclr-off rwx; do
  retains_nothing() { [ "$(figure "$strategy" retained_bytes)" = 0 ]; }
  claim "${strategy}_retains_nothing" retains_nothing
done

# nodes STRATEGY VERB: how many nodes of its lists the imitated runtime passes (docs/times.md).
nodes() { "$wxbench" replay -q "$sample" --strategy "$1" --json - | jq ".results[0].metrics.list_nodes.$2"; }
off_passes_more() {
  [ "$(nodes coreclr-off commit)" -gt $((5 * $(nodes coreclr total))) ] && [ "$(nodes coreclr commit)" = 0 ] &&
    [ "$(nodes coreclr-off total)" = "$(nodes coreclr-off total)" ]
}
claim with_wx_off_each_commit_passes_the_list_of_what_is_live off_passes_more

# ---- The system calls, as strace sees them ----
"$wxbench" replay "$sample" --list >/dev/null # The cache of the file.
strace -f -qq -o "$folder/strace" -e trace=memfd_create,mmap,munmap,mprotect -e signal=none \
  "$wxbench" replay -q "$sample" --strategy coreclr
of_strace "$folder/strace" >"$folder/replayed"
zstd -dcq "$sample" >"$folder/sample"
of_trace "$folder/sample" | grep -vE ' (file|extents) ' >"$folder/recorded"
of_kind() { grep -E "^[0-9]+ $2 " "$1" | sed 's/ mark$//' | sort; }
same_calls() { diff <(of_kind "$folder/replayed" "$1") <(of_kind "$folder/recorded" "$1"); }
for kind in reserve commit map_rw; do
  claim "strace_sees_each_recorded_${kind}_of_its_size" same_calls "$kind"
done
# At the end everything that is still live is released: as many of a size as were ever reserved.
as_many() { diff <(of_kind "$folder/replayed" "$1" | sed "s/ $1 / /") <(of_kind "$folder/recorded" "$2" | sed "s/ $2 / /"); }
claim strace_sees_a_release_for_each_reserve as_many release reserve
claim strace_sees_an_unmap_for_each_map as_many unmap_rw map_rw

# ---- Recorded while memory was given back ----
"$wxbench" record -q -o "$folder/beside" -- "$wxbench" reclaim -q -- build/tests/imitation releases >/dev/null
beside_the_preload() {
  [ "$("$wxbench" replay "$folder/beside" --json "$folder/json" | grep -c '^Recorded beside libwxreclaim.so')" = 1 ] && # Once for all.
    jq -e '.results | map({key: .strategy, value: .}) | from_entries | .coreclr.recorded.given_back_by == "preload" and
      (.coreclr.expectations | length == 1) and .["coreclr+punch"].metrics.retained_bytes == 0 and
      (.["coreclr+punch"].expectations | map(.ok) == [true, true])' "$folder/json" >/dev/null
}
claim recording_beside_the_preload_is_recognised beside_the_preload
by_nobody() { "$wxbench" replay -q "$sample" --strategy coreclr --json - | jq -e '.results[0].recorded.given_back_by == null' >/dev/null; }
claim recording_without_it_is_none by_nobody

# ---- Rounds and other ways ----
twice() {
  local once two
  once=$(figure coreclr retained_bytes)
  two=$("$wxbench" replay -q "$sample" --strategy coreclr --rounds 2 --json - | tr -d ' \n' | grep -o '"retained_bytes":[0-9]*' | head -n 1)
  [ "$two" = "\"retained_bytes\":$once" ]
}
claim second_round_reuses_what_the_first_released twice
ends_well() { "$@" >/dev/null; }
claim paced_replay_ends_well ends_well "$wxbench" replay -q "$(ls "$traces"/expr-10*.zst)" --strategy coreclr --paced
claim replay_with_walks_ends_well ends_well "$wxbench" replay -q "$sample" --strategy coreclr --walks

measures() {
  "$wxbench" replay -q "$(ls "$traces"/expr-10*.zst)" --overhead --rounds 7 --json - |
    jq -e '.results[0].overhead.ratio | .n == 7 and .ci_low <= .median and .median <= .ci_high' >/dev/null
}
claim overhead_is_measured_in_pairs measures

# ---- What a program that was killed leaves ----
"$wxbench" record -q -o "$folder/killed" -- build/tests/imitation is_killed >/dev/null
not_known() {
  "$wxbench" replay "$folder/killed" --strategy coreclr --json "$folder/json" | grep -q 'what is retained is not known' &&
    grep -q '"retained_bytes": *null' "$folder/json"
}
claim retained_is_not_known_without_the_end not_known
"$wxbench" record -q -o "$folder/forked" -- build/tests/imitation forks >/dev/null
child=$(ls "$folder"/forked.*)
left_out() { "$wxbench" replay "$child" --strategy rwx | grep -q '1 events were left out'; }
claim blocks_of_a_forked_child_s_parent_are_left_out left_out

# ---- Damage ----
size=$(stat -c %s "$folder/sample")
up_to_the_damage() {
  head -c 9000 "$folder/sample" >"$folder/cut"
  "$wxbench" replay "$folder/cut" --strategy coreclr --json "$folder/cut.json" >"$folder/cut.txt" 2>"$folder/error"
  [ $? = 2 ] && [ "$(wc -l <"$folder/error")" = 1 ] &&
    grep -q 'ends inside a chunk at byte 128; everything before it was replayed' "$folder/error" &&
    grep -q 'The trace ends inside a chunk at byte 128' "$folder/cut.txt" && [ -s "$folder/cut.json" ]
}
claim cut_off_trace_is_replayed_up_to_the_damage up_to_the_damage
"$wxbench" record -q -o "$folder/long" -- build/tests/imitation threads >/dev/null
head -c 100000 "$folder/long" >"$folder/cut"
damaged_listing() {
  "$wxbench" replay "$folder/cut" --list >"$folder/listed" 2>"$folder/error"
  [ $? = 2 ] && [ "$(wc -l <"$folder/error")" = 1 ] && [ "$(wc -l <"$folder/listed")" -gt 5000 ] &&
    grep -q 'ends inside a chunk at byte 65536' "$folder/error"
}
claim damaged_trace_is_listed_up_to_the_damage damaged_listing
cp "$folder/sample" "$folder/flipped"
printf 'x' | dd of="$folder/flipped" bs=1 seek=1000 conv=notrunc status=none
flipped() { "$wxbench" replay "$folder/flipped" --strategy coreclr | grep -q 'the checksum of a chunk is wrong at byte 128'; }
claim flipped_byte_is_found flipped

# ---- Bad input ----
refused missing_trace_is_one_line "cannot read '/no/such/trace': No such file" "$wxbench" replay /no/such/trace
refused other_file_is_one_line "is no trace" "$wxbench" replay build/wxbench
refused empty_file_is_one_line "too short" "$wxbench" replay /dev/null
cp "$folder/sample" "$folder/newer"
printf '\011' | dd of="$folder/newer" bs=1 seek=8 conv=notrunc status=none
refused newer_version_is_one_line "version 9, expected 1" "$wxbench" replay "$folder/newer"
cp "$folder/sample" "$folder/not.zst"
refused file_that_is_not_compressed_is_one_line "not.zst. cannot be uncompressed" "$wxbench" replay "$folder/not.zst"
impossible without_the_uncompressor_is_one_line "program zstd is not installed" env PATH=/nowhere "$wxbench" replay "$sample"
refused unknown_strategy_names_the_near_one "did you mean 'coreclr'" "$wxbench" replay "$sample" --strategy corclr
refused missing_file_is_one_line "expected one FILE" "$wxbench" replay
refused two_files_are_one_line "expected one FILE, got 2" "$wxbench" replay a b
[ "$size" -gt 9000 ] || not_ok sample_is_long_enough
tap_end
