#!/usr/bin/env bash
# wxbench validate --memory-limit and --smallest-limit: the kill as a scenario, and the limit in which each mode survives.
# shellcheck disable=SC2317,SC2016 # functions are called through claim and refused; what stands in single quotes is for another shell, or jq
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
unset DOTNET_ROOT WXBENCH_HOME DOTNET_EnableWriteXorExecute COMPlus_EnableWriteXorExecute
# shellcheck source=tests/support/fake.sh
. tests/support/fake.sh

# A runtime whose release needs 60 MiB with W^X on, and 30 MiB without.
fake hungry <<'END'
set -o pipefail
exec 2>/dev/null # the shell says of each that was killed
say 0 start; say 1 generated; say 1 dropped
need=60
[ "$DOTNET_EnableWriteXorExecute" = 1 ] || need=30
head -c ${need}M /dev/zero | tail -c ${need}M >/dev/null || exit 3
say 1 collected; say 1 end
echo done
END
# Hangs where it is short of memory.
fake slow <<'END'
say 0 start
head -c 40M /dev/zero | tail -c 40M >/dev/null || exec sleep 1000
say 1 end
END
on_fake() {
  local root=$scratch/$1
  shift
  WXBENCH_HOME=$home "$wxbench" validate --runtime "$root" --workload hello --json "$scratch/limit.json" "$@" >"$scratch/out" 2>"$scratch/err" </dev/null
}
holds() { jq -e "[.results[] | {key: .mode, value: .}] | from_entries | $1" "$scratch/limit.json" >/dev/null || { cat "$scratch/out" "$scratch/err"; jq . "$scratch/limit.json"; return 1; }; }

refused a_limit_is_a_size "memory-limit: '200M'" "$wxbench" validate --memory-limit 200M
refused a_limit_of_nothing_is_none "'0' is not between" "$wxbench" validate --memory-limit 0
refused a_step_is_a_size "smallest-limit: 'fine'" "$wxbench" validate --smallest-limit=fine
refused a_matrix_has_no_limit 'expected no --matrix' "$wxbench" validate --memory-limit 1GiB --matrix
refused the_limit_that_is_looked_for_is_not_given 'expected no --memory-limit' "$wxbench" validate --memory-limit 1GiB --smallest-limit

# Groups of wxbench processes that have ended. Other tests make some at the same time.
abandoned() {
  local group pid
  find /sys/fs/cgroup -maxdepth 6 -type d -name 'wxbench-[0-9]*-[0-9]*' 2>/dev/null | while read -r group; do
    pid=${group##*/wxbench-}
    [ -d "/proc/${pid%-*}" ] || echo "$group"
  done | sort
}
nothing_left() { [ "$(abandoned)" = "$before" ] || { abandoned && false; }; }

### Where there is no group

without() { # without COMMAND: what becomes of the groups' file systems, in a mount namespace of its own
  unshare --mount sh -c "$1"' && shift && exec "$@"' sh x env WXBENCH_HOME="$home" "$wxbench" validate --runtime "$scratch/hungry" --workload hello --memory-limit 40MiB
}
if unshare --mount true 2>/dev/null; then
  impossible a_hidden_file_system_of_groups_is_said 'no memory group can be made here' without 'mount -t tmpfs none /sys/fs/cgroup'
  impossible one_that_is_read_only_is_said 'no memory group can be made here: Read-only file system' \
    without 'for m in /sys/fs/cgroup /sys/fs/cgroup/memory; do if mountpoint -q $m; then mount -o remount,bind,ro $m; fi; done'
else
  skip a_hidden_file_system_of_groups_is_said "no mount namespace can be made"
  skip one_that_is_read_only_is_said "no mount namespace can be made"
fi
on_fake hungry --mode off --memory-limit 1GiB
if [ $? = 77 ]; then
  skip in_a_group "$(cat "$scratch/err")"
  tap_end
fi

### Within a limit

before=$(abandoned)

killed_within() {
  on_fake hungry --memory-limit 44MiB
  [ $? = 1 ] && holds '.on.memory_group | .oom_kills >= 1 and .limit_bytes == 44 * 1048576 and .limit_hits > 0 and (.peak_bytes == null or .peak_bytes <= .limit_bytes) and .lived_ns > 0'
}
claim a_mode_that_needs_more_is_killed killed_within
told() {
  holds '.on.ended.text == "out of memory at the limit of 44.0 MiB: exit status 3 after step dropped of round 1"' &&
    grep -q '^NOT FINISHED: hello, on, 10.0.99: out of memory at the limit of 44.0 MiB' "$scratch/out"
}
claim the_moment_of_its_death_is_said told
survives() { holds '.off.ended == null and .off.memory_group.oom_kills == 0 and ([.off.expectations[].ok] | all(. != false))'; }
claim one_that_needs_less_is_not survives
all_modes() { holds 'keys == ["live", "off", "on", "preload"]'; }
claim the_same_work_is_done_in_all_modes all_modes
recorded() {
  holds '.on.memory_group | .kernel_log_unreadable != null or
    (.kernel_log | contains("invoked oom-killer") and contains("Killed process")) and (.kernel_reports | length) == .oom_kills and .kernel_reports[0].killed and
    .kernel_reports[0].scope == "group" and .kernel_reports[0].cgroup.limit_bytes == 44 * 1048576'
}
claim the_kernels_own_record_is_there recorded
in_tables() {
  grep -q '^memory groups, as the kernel counted$' "$scratch/out" && "$wxbench" report "$scratch/limit.json" | grep -q 'memory groups, as the kernel counted' &&
    { holds '.on.memory_group.kernel_log_unreadable != null' 2>/dev/null || grep -q "^hello, on, 10.0.99, by the kernel's own record: " "$scratch/out"; }
}
claim it_stands_in_the_tables_of_a_report_too in_tables
claim no_group_is_left_behind nothing_left

### The smallest limit

found() {
  on_fake hungry --mode on --mode off --smallest-limit=4MiB &&
    holds '(.on.smallest_limit.survives_bytes / 1048576) as $on | (.off.smallest_limit.survives_bytes / 1048576) as $off |
      $on >= 60 and $on <= 76 and $off >= 30 and $off <= 46 and $on % 4 == 0 and
      .on.smallest_limit.fails_bytes == .on.smallest_limit.survives_bytes - 4 * 1048576 and .on.smallest_limit.step_bytes == 4 * 1048576'
}
claim the_smallest_limit_of_each_mode_is_found found
tried() {
  holds '.on.smallest_limit as $s | ([$s.tries[] | select(.limit_bytes == $s.survives_bytes and .ended == null)] | length) >= 3 and
    ([$s.tries[] | select(.limit_bytes <= $s.fails_bytes and .ended == null)] | length) == 0 and ($s.fails_by | test("^out of memory at the limit of .*: exit status 3"))'
}
claim it_was_tried_three_times_and_every_try_is_kept tried
in_the_table() { grep -q '^smallest memory limits in which it runs to its end$' "$scratch/out" && grep -qE '^hello  *off  *10.0.99 .*out of memory at the limit' "$scratch/out"; }
claim it_stands_in_a_table in_the_table
hangs() { on_fake slow --mode off --smallest-limit=8MiB --limit 8s && holds '.off.smallest_limit | .survives_bytes >= 40 * 1048576 and ([.tries[].ended.how] | index("timeout") != null)'; }
claim a_program_that_hangs_within_a_limit_does_not_survive hangs
told_to_end() {
  cp -r "$scratch/hungry" "$scratch/told" && sed -i 's/^need=60$/[ -e "$(dirname "$0")\/first" ] \&\& { kill -TERM "$PPID"; exec sleep 1000; }; : >"$(dirname "$0")\/first"; need=60/' "$scratch/told/dotnet"
  env --default-signal=INT,TERM WXBENCH_HOME="$home" "$wxbench" validate --runtime "$scratch/told" --workload hello --mode on --smallest-limit --json "$scratch/limit.json" >"$scratch/out" 2>"$scratch/err"
  [ $? = 143 ] && holds '.on.smallest_limit.interrupted and .on.metrics != null' && nothing_left
}
claim an_interrupt_keeps_what_there_is told_to_end

### A program of the user's

command_of() { "$wxbench" validate --json "$scratch/limit.json" "$@" >"$scratch/out" 2>"$scratch/err" </dev/null; }
of_a_command() {
  command_of --mode on --command 'head -c 60M /dev/zero | tail -c 60M >/dev/null' --memory-limit 40MiB
  [ $? = 1 ] && holds '.on.memory_group.oom_kills >= 1 and .on.ended != null'
}
claim a_command_runs_within_a_limit of_a_command
smallest_of_a_command() {
  command_of --mode on --command 'head -c 50M /dev/zero | tail -c 50M >/dev/null' --smallest-limit && holds '.on.smallest_limit.survives_bytes / 1048576 | . >= 50 and . <= 64'
}
claim the_smallest_limit_of_a_command_is_found smallest_of_a_command
its_check_counts() {
  command_of --mode on --command 'head -c 50M /dev/zero | tail -c 50M >/dev/null; true' --check "[ \$(grep -c . $scratch/seen 2>/dev/null || echo 0) -lt 3 ] && echo x >>$scratch/seen" --smallest-limit
  [ $? = 1 ] && holds '.on.smallest_limit.survives_bytes == null and (.on.smallest_limit.fails_by | test("of the check"))'
}
claim a_check_that_fails_is_no_survival its_check_counts
daemon() {
  command_of --mode on --command 'sleep 1000 >/dev/null 2>&1 & echo $!' --check true --memory-limit 64MiB && nothing_left
}
claim what_a_program_leaves_in_the_group_ends_with_it daemon
tap_end
