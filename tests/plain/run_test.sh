#!/usr/bin/env bash
# wxbench run: the figures of the shipped scenarios, its counters against strace, its system calls against the
# specification, what it does without a memfd, and what it says about bad input.
# shellcheck disable=SC2317 # the functions are called through claim and refused
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
unset DOTNET_EnableWriteXorExecute COMPlus_EnableWriteXorExecute WXBENCH_HOME
ulimit -c 0

# run FILE WORD...: one run whose document goes to FILE; its status is that of wxbench.
run() {
  local file=$1
  shift
  "$wxbench" run --quiet --json "$file" "$@"
}
# holds FILE FILTER: whether the jq filter holds of the results, by strategy, with their metrics.
holds() {
  jq -e "[.results[] | {key: .strategy, value: (. + .metrics)}] | from_entries | $2" "$1" >/dev/null ||
    { jq -c '.results[] | [.strategy, .metrics]' "$1"; return 1; }
}

### What the shipped scenarios show

claim every_shipped_scenario_meets_its_expectations "$wxbench" run --quiet
retains() {
  run "$scratch/retains.json" release_retains --set blocks="$1" --set block_size="$2" || return
  holds "$scratch/retains.json" ".coreclr.retained_bytes == $1 * $3" &&
    holds "$scratch/retains.json" '[.rwx, .["coreclr-off"], .["coreclr+punch"] | .retained_bytes] == [0, 0, 0]' &&
    holds "$scratch/retains.json" ".coreclr | .samples[-1].orphaned_bytes == $1 * $3 and .live_peak_bytes == $1 * 4096"
}
claim coreclr_retains_blocks_times_block_size_and_others_nothing retains 256 64KiB 65536
claim a_larger_block_retains_as_much_as_it_is_large retains 32 512KiB 524288
grows_for_coreclr_only() {
  run "$scratch/drifts.json" drifting_sizes || return
  # One sample a round, after its release: the sums of all block sizes so far for coreclr, a constant for the others.
  local series='[.samples[] | select(.step == "collected") | .allocated_bytes]'
  holds "$scratch/drifts.json" ".coreclr | $series == [range(1; 9) | . * (. + 1) / 2 * 32 * 65536]" &&
    holds "$scratch/drifts.json" "[.rwx, .[\"coreclr-off\"], .[\"coreclr+punch\"] | $series | unique] == [[0], [0], [0]]"
}
claim drifting_sizes_grow_each_round_for_coreclr_only grows_for_coreclr_only
steady_is_bounded() {
  run "$scratch/steady.json" steady || return
  holds "$scratch/steady.json" '.coreclr | [.samples[] | select(.step == "collected") | .allocated_bytes] | unique == [128 * 65536]'
}
claim equal_rounds_do_not_grow_after_the_first steady_is_bounded
each_call_is_timed() {
  run "$scratch/timed.json" release_retains --set blocks=256 || return
  holds "$scratch/timed.json" '.coreclr.time_ns | [keys[], .reserve.n, .commit.n, .release.n]
    == ["commit", "map_rw", "release", "reserve", "unmap_rw", 256, 256, 256]' &&
  holds "$scratch/timed.json" '.coreclr.time_ns | all(.ci_low > 0 and .ci_low <= .median and .median <= .ci_high)'
}
claim each_call_of_a_verb_is_timed each_call_is_timed
repeats() {
  local exact='[.results[] | [.strategy, .metrics.retained_bytes, .metrics.mappings_peak, .metrics.syscalls]]'
  run "$scratch/first.json" release_retains drifting_sizes --set seed=5 &&
    run "$scratch/second.json" release_retains drifting_sizes --set seed=5 || return
  diff <(jq "$exact" "$scratch/first.json") <(jq "$exact" "$scratch/second.json") || return
  # Faults include those of the C library's own pages, which may differ by very few.
  jq -en --slurpfile a "$scratch/first.json" --slurpfile b "$scratch/second.json" \
    '[$a[0].results, $b[0].results | map(.metrics.minor_faults)] | transpose
     | all((.[0] - .[1] | fabs) <= .[0] / 100 + 1)' >/dev/null
}
claim the_same_seed_gives_the_same_counters_twice repeats

### As an ordinary user

# A folder that any user can read, with the program and what it needs; it is left as it is by this one.
readable=$scratch/readable
mkdir -p "$readable/build" && cp "$wxbench" "$readable/build/wxbench" && cp -r scenarios "$readable/" && chmod -R a+rX "$scratch"
as_user() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
[ "$(id -u)" = 0 ] || as_user() { "$@"; }
# table COMMAND...: what `run` prints of the main scenarios without what differs from run to run: faults, by a few, and times.
table() {
  "$@" "$readable/build/wxbench" run release_retains drifting_sizes steady close_without_munmap --json - |
    jq -c '.results[] | [.scenario, .strategy, (.metrics | .retained_bytes, .allocated_peak_bytes, .mappings_peak),
      [.expectations[].ok], [.samples[] | [.step, .allocated_bytes, .mapped_bytes, .orphaned_bytes]]]'
}
same_tables() {
  table as_user >"$scratch/user" && table env >"$scratch/root" && [ "$(wc -l <"$scratch/user")" = 14 ] &&
    ! grep -q null "$scratch/user" && diff "$scratch/user" "$scratch/root"
}
if as_user true 2>/dev/null; then
  claim an_ordinary_user_gets_the_same_figures same_tables
  # Half of so few descriptors is less than the scenario has files: their figures cannot be known.
  unknown_is_said() {
    (ulimit -n 100 && as_user "$readable/build/wxbench" run close_without_munmap --json - >"$scratch/unknown.json") &&
      jq -e '.results[0] | .metrics.retained_bytes == null and ([.expectations[] | .ok] == [true, true, null]) and
        (.expectations[2].reason | test("closed the file"))' "$scratch/unknown.json" >/dev/null &&
      "$wxbench" report "$scratch/unknown.json" --format junit | grep -q '<skipped message="orphaned_bytes is not known: ' &&
      "$wxbench" report "$scratch/unknown.json" | grep -q '^NOT JUDGED: close_without_munmap on close-without-munmap: orphaned_bytes eq: '
  }
  claim what_cannot_be_known_is_skipped_with_its_reason unknown_is_said
else
  skip an_ordinary_user_gets_the_same_figures "setpriv cannot become another user here"
fi

### Counters against strace

# per_kind COUNT WORD...: how often strace saw each kind of call in a run of so many blocks.
# The C library must not map memory of its own meanwhile, so it takes all from brk.
per_kind() {
  local count=$1
  shift
  MALLOC_MMAP_THRESHOLD_=1073741824 MALLOC_TOP_PAD_=67108864 strace -f -c -o "$scratch/counts" \
    -e trace=mmap,munmap,mprotect,madvise,fallocate,memfd_create,ftruncate \
    "$wxbench" run --quiet --json "$scratch/count.json" "$@" --set blocks="$count" || return
  awk '$1 ~ /^[0-9.]+$/ && $NF != "total" { print $NF, $4 }' "$scratch/counts" | sort
}
# per_block STRATEGY EXPECTED VERBS WORD...: a run of twice the blocks makes so many calls more for each block: by kind as
# strace counts them, by verb as wxbench does.
per_block() {
  local strategy=$1 expected=$2 verbs=$3 blocks=64 seen
  shift 3
  per_kind "$blocks" runtime_switch --strategy "$strategy" "$@" >"$scratch/once" && mv "$scratch/count.json" "$scratch/once.json" &&
    per_kind $((2 * blocks)) runtime_switch --strategy "$strategy" "$@" >"$scratch/twice" || return
  seen=$(join -a 2 -e 0 -o 0,1.2,2.2 "$scratch/once" "$scratch/twice" |
    awk -v n="$blocks" '$3 != $2 { printf "%s%s %g", s, $1, ($3 - $2) / n; s = ", " }')
  [ "$seen" = "$expected" ] || { echo "strace saw for each block: $seen"; return 1; }
  seen=$(jq -rn --slurpfile a "$scratch/once.json" --slurpfile b "$scratch/count.json" --argjson n "$blocks" \
    '[$a[0], $b[0] | .results[0].metrics.syscalls] | . as [$a, $b]
     | ["reserve", "commit", "map_rw", "unmap_rw", "release", "total"] | map(($b[.] - $a[.]) / $n) | join(" ")')
  [ "$seen" = "$verbs" ] || { echo "wxbench counted for each block: $seen"; return 1; }
}
if ! strace -f -o /dev/null true 2>/dev/null; then
  skip counters_against_strace "strace cannot trace here"
else
  # With a cache the view of a block is unmapped by the map_rw of a later one, without it by unmap_rw.
  claim coreclr_counts_what_strace_counts \
    per_block coreclr 'mmap 3, mprotect 1, munmap 2' '1 1 2 0 2 6'
  claim coreclr_without_a_cache_counts_what_strace_counts \
    per_block coreclr 'mmap 3, mprotect 1, munmap 2' '1 1 1 1 2 6' --set cache=0
  claim punch_counts_what_strace_counts \
    per_block coreclr+punch 'fallocate 1, mmap 2, mprotect 1, munmap 2' '1 1 2 0 2 6'
  claim off_counts_what_strace_counts per_block coreclr-off 'madvise 1, mprotect 1, munmap 1' '0 2 0 0 1 3'
  claim rwx_counts_what_strace_counts per_block rwx 'mmap 1, munmap 1' '1 0 0 0 1 2'
fi

### The calls of one cycle

# cycle STRATEGY: the calls of one block's life, from the first step to the last, addresses named A, B, ... in the order in
# which they appear; the pool (reserved first) and the file's descriptor by name.
cycle() {
  rm -f "$scratch"/trace.*
  strace -ff -o "$scratch/trace" -e trace=mmap,munmap,mprotect,madvise,fallocate,memfd_create,ftruncate,write \
    "$wxbench" run --quiet release_retains --strategy "$1" --set blocks=1 >/dev/null 2>&1
  local child fd
  child=$(grep -l 'write(.*"step 0 start' "$scratch"/trace.*) || return
  fd=$(sed -n 's/^memfd_create(.* = //p' "$child")
  awk '/^write\(.*"step [0-9]+ end/ { exit } /^write\(.*"step 0 start/ { on = 1; next } on && !/^write/' "$child" |
    sed -E -e "s/([(, ])${fd:-none}([,)])/\1FILE\2/g" -e "s/= ${fd:-none}$/= FILE/" -e 's/ += / = /' |
    awk '{ line = $0; out = ""
           while (match(line, /0x[0-9a-f]+/)) {
             address = substr(line, RSTART, RLENGTH)
             if (!(address in name)) name[address] = sprintf("%c", 65 + count++)
             out = out substr(line, 1, RSTART - 1) name[address]
             line = substr(line, RSTART + RLENGTH)
           }
           print out line }'
}
cycle_is() {
  local strategy=$1
  diff <(cycle "$strategy") -
}
file='memfd_create("doublemapper", MFD_CLOEXEC) = FILE
ftruncate(FILE, 2199023255552) = 0'
pool='mmap(A, 2130640896, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = A
madvise(A, 2130640896, MADV_DONTDUMP) = 0'
write='mmap(A, 65536, PROT_NONE, MAP_SHARED|MAP_FIXED, FILE, 0) = A
mprotect(A, 4096, PROT_READ|PROT_EXEC) = 0
mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, FILE, 0) = B
munmap(B, 4096) = 0'
if strace -f -o /dev/null true 2>/dev/null; then
  claim coreclr_makes_the_calls_of_the_runtime cycle_is coreclr <<END
$file
$pool
$write
mmap(A, 65536, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED, FILE, 0) = A
munmap(A, 65536) = 0
END
  claim punch_unmaps_and_punches cycle_is coreclr+punch <<END
$file
$pool
$write
munmap(A, 65536) = 0
fallocate(FILE, FALLOC_FL_KEEP_SIZE|FALLOC_FL_PUNCH_HOLE, 0, 65536) = 0
END
  claim off_makes_the_calls_of_the_runtime cycle_is coreclr-off <<END
$pool
mprotect(A, 4096, PROT_READ|PROT_WRITE|PROT_EXEC) = 0
madvise(A, 4096, MADV_DODUMP) = 0
munmap(A, 65536) = 0
END
  claim rwx_maps_and_unmaps cycle_is rwx <<END
mmap(NULL, 65536, PROT_READ|PROT_WRITE|PROT_EXEC, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = A
munmap(A, 65536) = 0
END
else
  skip the_calls_of_one_cycle "strace cannot trace here"
fi

### No memfd

# falls_back COMMAND...: release_retains on coreclr under COMMAND runs as coreclr-off, is judged as that, and ends well.
falls_back() {
  "$@" "$wxbench" run --json "$scratch/fall.json" release_retains --strategy coreclr --set blocks=64 >"$scratch/fall.txt" || return
  holds "$scratch/fall.json" '.coreclr | .fell_back_to == "coreclr-off" and .retained_bytes == 0 and .allocated_peak_bytes == 0
    and ([.expectations[] | .ok] == [true])' && grep -q 'on coreclr ran as coreclr-off' "$scratch/fall.txt"
}
with_a_file_limit() { (ulimit -f 1048576 && "$@"); }
if strace -f -o /dev/null -e inject=memfd_create:error=ENOSYS true 2>/dev/null; then
  claim without_memfd_create_it_falls_back falls_back strace -f -o /dev/null -e inject=memfd_create:error=ENOSYS
  claim without_ftruncate_it_falls_back falls_back strace -f -o /dev/null -e inject=ftruncate:error=ENOMEM
else
  skip without_memfd_create_it_falls_back "strace cannot inject here"
fi
claim below_the_file_size_limit_it_falls_back_without_a_signal falls_back with_a_file_limit
switched_off() {
  DOTNET_EnableWriteXorExecute=0 run "$scratch/switch.json" runtime_switch &&
    holds "$scratch/switch.json" '.coreclr | .fell_back_to == "coreclr-off" and .retained_bytes == 0'
}
switched_on() {
  run "$scratch/switch.json" runtime_switch &&
    holds "$scratch/switch.json" '.coreclr | .fell_back_to == null and .retained_bytes == 64 * 65536'
}
claim the_runtime_switch_off_takes_the_other_path switched_off
claim the_runtime_switch_on_is_the_default switched_on
# vm.memfd_noexec belongs to the pid namespace: it is set in one of our own.
in_a_strict_namespace() {
  unshare --pid --fork --mount-proc sh -c 'echo 2 >/proc/sys/vm/memfd_noexec && exec "$@"' - "$@"
}
if [ -e /proc/sys/vm/memfd_noexec ] && in_a_strict_namespace true 2>/dev/null; then
  noexec_does_not_matter() {
    in_a_strict_namespace "$wxbench" run -q --json "$scratch/noexec.json" release_retains --strategy coreclr --set blocks=256 &&
      holds "$scratch/noexec.json" '.coreclr | .fell_back_to == null and .retained_bytes == 256 * 65536'
  }
  claim memfd_noexec_does_not_matter noexec_does_not_matter
else
  skip memfd_noexec_does_not_matter "no namespace of our own can be made in which vm.memfd_noexec is set"
fi

what_is_skipped_did_not_fall_back() {
  grep -qE "\[(never|deny)\]" /sys/kernel/mm/transparent_hugepage/shmem_enabled || return 0
  run "$scratch/skipped.json" huge_shmem --strategy coreclr && holds "$scratch/skipped.json" \
    '.coreclr | (.skipped | length > 10) and .fell_back_to == null'
}
claim what_is_skipped_did_not_fall_back what_is_skipped_did_not_fall_back

### A strategy that dies or hangs

# The calls of the strategies with a file are tampered with: they die, or hang, where the others run.
tampered() {
  local how=$1
  shift
  strace -f -o /dev/null -e "inject=memfd_create:$how" "$wxbench" "$@" >"$scratch/out" 2>"$scratch/err" </dev/null
}
# others_are_kept FILE TEXT: those with a file did not finish, the others have figures and were judged.
others_are_kept() {
  [ ! -s "$scratch/err" ] && grep -q "^NOT FINISHED: .* on coreclr: $2" "$scratch/out" && jq -e --arg text "$2" \
    '[.results[] | {key: .strategy, value: .}] | from_entries
     | ([.coreclr, .["coreclr+punch"]] | all(.metrics == null and (.ended.text | startswith($text))))
     and ([.rwx, .["coreclr-off"]] | all(.metrics.retained_bytes == 0 and .ended == null))' "$1" >/dev/null
}
dies() {
  tampered signal=KILL run release_retains --json "$scratch/dies.json"
  [ $? = 1 ] && others_are_kept "$scratch/dies.json" 'killed by signal 9' &&
    jq -e '[.results[] | .expectations[].ok] | index(null) and index(true) and (index(false) | not)' "$scratch/dies.json" >/dev/null
}
hangs() {
  tampered signal=STOP run release_retains --set blocks=16 --limit 3s --json "$scratch/hangs.json"
  [ $? = 1 ] && others_are_kept "$scratch/hangs.json" 'killed at the time limit after step start' &&
    jq -e '[.results[] | .ended.how // "well"] | unique == ["timeout", "well"]' "$scratch/hangs.json" >/dev/null
}
cannot() { # What one of several cannot do is a row, too; alone it would be refused (below).
  "$wxbench" run release_retains --set file_size=1MiB --json "$scratch/cannot.json" >"$scratch/out" 2>"$scratch/err"
  [ $? = 1 ] && others_are_kept "$scratch/cannot.json" 'round 1, action 1 (generate): Cannot allocate memory'
}
replay_dies() {
  tampered signal=KILL replay scenarios/traces/expr-10.0.14.wxt.zst --json "$scratch/replay.json"
  [ $? = 1 ] && others_are_kept "$scratch/replay.json" 'killed by signal 9'
}
claim what_one_strategy_cannot_do_is_a_row cannot
if strace -f -o /dev/null -e inject=memfd_create:signal=KILL true 2>/dev/null; then
  claim a_strategy_that_dies_loses_nothing_else dies
  claim a_strategy_that_hangs_is_ended_and_loses_nothing_else hangs
  claim a_replay_that_dies_loses_nothing_else replay_dies
else
  skip a_strategy_that_dies_loses_nothing_else "strace cannot inject here"
fi

### Bad input

own() { # a scenario of our own: the text on standard input as $scratch/NAME.yaml
  cat >"$scratch/$1.yaml"
}
refused an_unknown_strategy_names_a_near_one "^wxbench run: unknown strategy 'corclr'; did you mean 'coreclr'" \
  "$wxbench" run release_retains --strategy corclr
refused an_unknown_scenario_names_a_near_one "^wxbench run: unknown scenario 'release_retain'; did you mean 'release_retains'" \
  "$wxbench" run release_retain
refused an_unknown_scenario_names_all_where_none_is_near "unknown scenario 'zzz'; expected 'block_cycle', 'close_without_munmap'" \
  "$wxbench" run zzz
refused a_workload_is_no_scenario 'asm.yaml is a workload of the real runtime.*validate' \
  "$wxbench" run scenarios/workloads/asm.yaml
refused an_unknown_parameter_names_a_near_one "unknown parameter 'block'; did you mean 'blocks'" \
  "$wxbench" run release_retains --set block=3
refused a_quantity_is_read_to_its_last_character "set blocks: '12k' has an unknown unit" \
  "$wxbench" run release_retains --set blocks=12k
refused a_setting_has_a_value "'blocks' is not KEY=VALUE" "$wxbench" run release_retains --set blocks
refused no_rounds_are_refused 'rounds: 0 is out of range' "$wxbench" run release_retains --set rounds=0
refused odd_block_sizes_are_refused 'release_retains on coreclr: a block of 5000 bytes .*expected whole pages' \
  "$wxbench" run release_retains --set block_size=5000
refused more_code_than_block_is_refused 'and no more code than block' "$wxbench" run release_retains --set code=128KiB
refused blocks_beyond_the_file_are_refused 'release_retains on coreclr: round 1, action 1 .generate.: Cannot allocate memory' \
  "$wxbench" run release_retains --set file_size=1MiB --strategy coreclr
refused more_blocks_than_memory_are_refused 'Cannot allocate memory' \
  "$wxbench" run release_retains --set blocks=0xffffffffffffff --strategy rwx

own key <<'END'
name: key
shows: an unknown key
round:
  - {act: generate, group: g, count: 1, sise: 4096}
END
refused an_unknown_key_is_named_with_file_and_line "key.yaml:4: unknown key 'sise'; expected act, name, group" \
  "$wxbench" run "$scratch/key.yaml"
own kind <<'END'
name: kind
shows: a wrong type
round: generate
END
refused a_wrong_type_is_named_with_file_and_line "kind.yaml:3: 'round' must be a list" "$wxbench" run "$scratch/kind.yaml"
own broken <<'END'
name: broken
shows: [
END
refused broken_yaml_is_named_with_file_and_line "broken.yaml:3: not YAML: " "$wxbench" run "$scratch/broken.yaml"
: >"$scratch/empty.yaml"
refused an_empty_file_is_named "empty.yaml: the file is empty" "$wxbench" run "$scratch/empty.yaml"
refused a_file_without_end_is_refused "/dev/zero: more than 1048576 bytes" "$wxbench" run /dev/zero
refused a_folder_is_no_scenario 'Is a directory' "$wxbench" run "$scratch/"
refused a_file_that_is_not_there_is_named 'none.yaml: No such file' "$wxbench" run "$scratch/none.yaml"

own unmet <<'END'
name: unmet
shows: an expectation that does not hold
round:
  - {act: generate, group: g, count: 3, size: 64KiB}
  - {act: release, group: g}
expect:
  - {strategy: coreclr, metric: retained_bytes, op: eq, value: 0}
  - {strategy: rwx, metric: retained_bytes, op: eq, value: 0}
END
an_unmet_expectation_is_1() {
  "$wxbench" run "$scratch/unmet.yaml" --json "$scratch/unmet.json" >"$scratch/unmet.txt"
  [ $? = 1 ] && grep -q '^NOT MET: unmet on coreclr: retained_bytes eq: expected = 0, measured 196,608$' "$scratch/unmet.txt" &&
    holds "$scratch/unmet.json" '[.coreclr, .rwx | .expectations[0].ok] == [false, true]'
}
claim an_unmet_expectation_is_1_and_named an_unmet_expectation_is_1
claim other_strategies_are_not_judged_by_it "$wxbench" run --quiet "$scratch/unmet.yaml" --strategy rwx

### Results that cannot be written

: >"$scratch/plain"
refused a_path_below_a_file_cannot_be_written "cannot write '$scratch/plain/x.json': Not a directory" \
  "$wxbench" run release_retains --json "$scratch/plain/x.json"
refused a_folder_that_is_not_there_cannot_be_written "cannot write '$scratch/none/x.json': No such file" \
  "$wxbench" run release_retains --json "$scratch/none/x.json"
refused proc_cannot_be_written "cannot write '/proc/x.json': " "$wxbench" run release_retains --json /proc/x.json
full_disk() { "$wxbench" run --quiet release_retains --set blocks=1 --json /dev/full; }
refused a_full_disk_is_named "cannot write '/dev/full': No space left" full_disk
nothing_half_written() {
  echo before >"$scratch/kept.json"
  run "$scratch/kept.json" release_retains --set block_size=5000 2>/dev/null
  [ $? = 2 ] && [ "$(cat "$scratch/kept.json")" = before ] && [ -z "$(find "$scratch" -maxdepth 1 -name '.*' -type f)" ]
}
claim a_failed_run_leaves_the_file_as_it_was nothing_half_written
tap_end
