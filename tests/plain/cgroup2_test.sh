#!/usr/bin/env bash
# Memory groups of version 2, for real: a user-mode Linux, whose kernel has nothing else, runs what is here in them. Its files are
# those of this system, read-only.
# shellcheck disable=SC2317 # the functions are called through claim
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh

if [ "${1-}" != inside ]; then
  linux=$(command -v linux.uml) || { echo "SKIP: no user-mode Linux (package user-mode-linux)" && exit 77; }
  [ "${WXBENCH_TEST_TIMEOUT:-0}" -ge 900 ] || { echo "SKIP: it takes minutes: WXBENCH_TEST_TIMEOUT=900 tests/run $0" && exit 77; }
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  # The first process there: /tmp may hold this folder.
  cat >"$scratch/init" <<END
#!/bin/sh
export PATH=$PATH TMPDIR=/run HOME=/run
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t tmpfs tmpfs /run; mount -t cgroup2 none /sys/fs/cgroup
mount -t tmpfs tmpfs /dev/shm
cd '$PWD' && '$PWD/$0' inside
echo "ended \$?"
echo o >/proc/sysrq-trigger
sleep 60
END
  chmod +x "$scratch/init"
  cd "$scratch" || exit
  timeout "$((WXBENCH_TEST_TIMEOUT - 20))" "$linux" mem=1500M root=/dev/root rootfstype=hostfs rootflags=/ ro init="$scratch/init" con0=fd:0,fd:1 con=null quiet \
    </dev/null >"$scratch/console" 2>&1
  tr -d '\r' <"$scratch/console" | sed -n '/^ok - \|^not ok - \|^SKIP \|^# /p'
  grep -q '^ended 0' "$scratch/console" && exit
  tail -n 20 "$scratch/console" | grep -v '^ok - \|^not ok - ' # Why.
  grep -q '^ended 1' "$scratch/console" || not_ok a_kernel_with_groups_of_version_2_was_there_to_the_end
  exit 1
fi

### Inside

scratch=$(mktemp -d)
mkfifo "$scratch/answers" && exec 9<>"$scratch/answers"
groups=/sys/fs/cgroup
limit=$((200 << 20))
claim the_groups_are_of_version_2_and_count_memory grep -qw memory "$groups/cgroup.controllers"
# A group with processes gives no controller on: what is made for a program has to be made beside it.
mkdir "$groups/pod" && echo +memory >"$groups/cgroup.subtree_control" && echo $$ >"$groups/pod/cgroup.procs"

command_of() { "$wxbench" validate --quiet --every 100ms --json "$scratch/command.json" "$@" >"$scratch/out" 2>"$scratch/err" </dev/null; }
holds() { jq -e ".results[0] | $1" "$scratch/command.json" >/dev/null || { jq '.results[0].memory_group' "$scratch/command.json" && cat "$scratch/out" "$scratch/err" && false; }; }
within() {
  command_of --mode on --command 'head -c 20M /dev/zero | tail -c 20M >/dev/null' --memory-limit 40MiB &&
    holds '.memory_group | .oom_kills == 0 and .limit_bytes == 40 * 1048576'
}
claim a_program_within_its_limit_runs_to_its_end within
killed() {
  command_of --mode on --command 'head -c 60M /dev/zero | tail -c 60M >/dev/null' --memory-limit 40MiB
  [ $? = 1 ] && holds '(.ended.text | test("^out of memory at the limit of 40.0 MiB")) and (.memory_group | .oom_kills >= 1 and .limit_hits > 0)'
}
claim a_program_that_needs_more_is_killed killed
recorded() {
  holds '.memory_group | .kernel_log_unreadable != null or ((.kernel_log | contains("invoked oom-killer")) and .kernel_reports[0].killed and
    .kernel_reports[0].cgroup.limit_bytes == 40 * 1048576 and .kernel_reports[0].verdict.code == "malloc")'
}
claim the_kernels_own_record_is_read recorded
# Its one buffer is what it needs: how much tail takes for a pipe depends on how the reads fall.
smallest() {
  command_of --mode on --command 'dd if=/dev/zero of=/dev/null bs=50M count=1 status=none' --smallest-limit &&
    holds '.smallest_limit.survives_bytes / 1048576 | . >= 50 and . <= 60'
}
claim the_smallest_limit_is_found smallest
claim no_group_is_left_behind test -z "$(find "$groups" -name 'wxbench-*')"

# A program in a group with a limit, whose figures the group has.
figures() {
  local pid
  mkdir "$groups/own" && echo "$limit" >"$groups/own/memory.max" || return
  # shellcheck disable=SC2016 # for the inner shell
  sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$groups/own" build/tests/subject viewer 40 /dotnet_1f <&9 &
  pid=$!
  # The kernel's figures are up to two seconds old.
  until awk '$1 == "shmem" && $2 >= 40 * 1048576 { found = 1 } END { exit !found }' "$groups/own/memory.stat"; do kill -0 "$pid" || return; done
  "$wxbench" audit "$pid" --quiet --json "$scratch/audit.json"
  kill "$pid"
  wait "$pid" 2>/dev/null
  rmdir "$groups/own"
  jq -e '.results[0].cgroup | .version == 2 and .limit_bytes == 200 * 1048576 and .usage_bytes > 40 * 1048576 and .shmem_bytes >= 40 * 1048576' "$scratch/audit.json" >/dev/null ||
    { jq '.results[0].cgroup' "$scratch/audit.json" && false; }
}
claim an_audit_reads_the_figures_of_the_group figures

runtime=$(printf '%s\n' build/runtimes/*/ | sort -rV | head -n 1)
program=build/workloads/wxworkload.dll
if [ -e "$program" ] && [ -e "${runtime}dotnet" ]; then
  version=$(basename "$runtime")
  # within LIMIT: the same work with W^X on and off.
  asm_within() {
    "$wxbench" validate --quiet --runtime "$version" --workload asm --set count=400 --mode on --mode off --memory-limit "$1" --limit 300s \
      --json "$scratch/command.json" >"$scratch/out" 2>"$scratch/err" </dev/null
  }
  # modes CONDITION: of an object with the result of each mode.
  modes() {
    jq -e "[.results[] | {key: .mode, value: .}] | from_entries | $1" "$scratch/command.json" >/dev/null ||
      { jq -Mc '.results[] | [.mode, .ended, .memory_group]' "$scratch/command.json" && cat "$scratch/out" "$scratch/err" && false; }
  }
  # What is retained is charged to the group.
  counts_what_is_kept() {
    asm_within 200MiB
    modes '.on.memory_group.peak_bytes - .off.memory_group.peak_bytes > 16 * 1048576 and .on.metrics.retained_bytes > 16 * 1048576 and
      .on.memory_group.oom_kills == 0'
  }
  claim a_real_runtime_is_counted_with_what_it_keeps counts_what_is_kept
  # Its peak has pages of files, too, which the kernel drops before it kills: from the middle between both peaks on down, until W^X
  # on is killed, which is where it is off has to run to its end.
  is_killed_by_what_it_keeps() {
    local tries limit
    limit=$(jq '[.results[].memory_group.peak_bytes] | add / 2 / 1048576 | floor' "$scratch/command.json") || return
    for ((tries = 0; tries < 6; ++tries, limit -= 6)); do
      asm_within "${limit}MiB"
      ! modes '.on.memory_group.oom_kills == 0 and .off.ended == null' >"$scratch/shown" || continue
      modes "(.on.ended.text // \"\" | test(\"^out of memory at the limit of $limit.0 MiB.*dropped\")) and .on.memory_group.oom_kills >= 1 and
        .off.ended == null and .off.memory_group.oom_kills == 0 and
        (.on.memory_group | .kernel_log_unreadable != null or .kernel_reports[-1].verdict.code == \"retained\")"
      return
    done
    echo "it was not killed within $((limit + 6)) MiB"
    return 1
  }
  claim a_real_runtime_is_killed_by_what_it_keeps_and_lives_without_it is_killed_by_what_it_keeps
else
  skip a_real_runtime_is_counted_with_what_it_keeps "no runtime is laid out"
fi
tap_end
