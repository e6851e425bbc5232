#!/usr/bin/env bash
# A real kill for want of memory, read from the kernel's report: what the double mapper kept, malloc's, and files in memory are told
# apart. Runs alone (ALONE_TESTS): the kernel's log is everybody's.
# shellcheck disable=SC2317 # the functions are called through claim
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
# shellcheck source=tests/support/real.sh
. tests/support/real.sh
# shellcheck source=tests/support/group.sh
. tests/support/group.sh
scratch=$(mktemp -d)
pid="" killed=""
cleanup() {
  [ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null
  wait
  remove_group
  rm -rf "$scratch"
}
trap cleanup EXIT
limit=$((200 << 20))
names=(a_kill_while_the_double_mapper_keeps_what_it_released_is_told_within_5_percent a_kill_by_malloc_is_mallocs a_kill_by_a_file_in_memory_is_other_shmem)

skip_all() {
  local name
  for name in "${names[@]}"; do skip "$name" "$1"; done
  tap_end
}
# The log is a ring: what comes behind a mark of our own is new.
mark() { echo "$1" >/dev/kmsg; }
make_group "$limit" || skip_all "no memory control group without swap can be made"
[ -e "$group/memory.oom_control" ] || skip_all "a group of version 2 cannot hold a process at its limit"
echo 1 >"$group/memory.oom_control" 2>/dev/null || skip_all "the group cannot hold a process at its limit"
[ -w /dev/kmsg ] || skip_all "the kernel's log cannot be read"

# stopped: waits until the group is at its limit and the process that met it is held there.
stopped() {
  local until=$((SECONDS + 180))
  until grep -q 'under_oom 1' "$group/memory.oom_control"; do
    [ "$SECONDS" -lt "$until" ] && kill -0 "$pid" 2>/dev/null || return
  done
}
# held: runs $entered in the group until it is held at the limit. Who touches a page is held; a system call that needs one fails
# (Linux 29ef680ae7c2), and a runtime may end at that. Such a run was not killed, so there is nothing to tell: another is made.
held() {
  local run late=
  for run in 1 2 3 4; do
    "${entered[@]}" >"$scratch/out" 2>&1 &
    pid=$!
    stopped && return
    kill -KILL "$pid" 2>/dev/null && late=yes
    wait "$pid" 2>/dev/null
    echo "run $run was not held at its limit, exit status $?"
    cat "$scratch/out"
    pid=
    [ -z "$late" ] || break
  done
  return 1
}
# of_it FILTER: of what is said of the process that was killed; others may be at the same time, and the log is everybody's.
of_it() { "$wxbench" audit --oom "$scratch/report" --quiet --json - | jq -r --argjson pid "$killed" "[.results[] | select(.pid == \$pid)] | $1"; }
# killed COMMAND...: runs it in the group to its end; what the kernel said of it is in $scratch/report, what an audit says just
# before in $scratch/before.json.
killed() {
  local before="wxbench-test-$$-$RANDOM-$SECONDS"
  mark "$before" || return
  echo 1 >"$group/memory.oom_control"
  enter "$@"
  held || return
  "$wxbench" audit "$pid" --fast --quiet --json "$scratch/before.json" >/dev/null
  echo 0 >"$group/memory.oom_control"
  wait "$pid" 2>/dev/null
  killed=$pid pid=
  dmesg | sed "1,/$before/d" >"$scratch/report"
  grep -q 'Killed process\|oom-kill' "$scratch/report" && [ "$(of_it length)" = 1 ]
}
said() { of_it ".[0] | $1"; }
keeps() {
  local orphaned unmapped
  killed "${app[@]}" || return
  orphaned=$(jq '.results[0].doublemapper.orphaned_bytes' "$scratch/before.json")
  unmapped=$(said .split.shmem_unmapped_bytes)
  echo "$(said .verdict.code): $unmapped bytes mapped nowhere; just before $orphaned"
  [ "$(said .verdict.code)" = retained ] && [ "$orphaned" -gt 0 ] &&
    [ $((unmapped > orphaned ? unmapped - orphaned : orphaned - unmapped)) -le $((orphaned / 20)) ]
}
tells() {
  local code
  killed "${@:2}" || return
  code=$(said .verdict.code)
  [ "$code" = "$1" ] || { echo "$code" && return 1; }
}

# A report that does not come into the log that is read here is another's.
killed build/tests/dying 400 || skip_all "the kernel's log has no report of a kill here"
# With more assemblies on 11: a thousand fit into 200 MiB there.
for runtime in "${runtimes[@]}"; do
  version=$(basename "$runtime") count=1000
  [ "${version%%.*}" -ge 10 ] || continue
  [ "${version%%.*}" -lt 11 ] || count=1250
  cache_files "$runtime"
  app "$runtime" asm rounds=1 count="$count"
  claim "${names[0]}_on_$version" keeps
done
claim "${names[1]}" tells malloc build/tests/dying 400
claim "${names[2]}" tells other-shmem build/tests/subject viewer 400 /dotnet_1f
tap_end
