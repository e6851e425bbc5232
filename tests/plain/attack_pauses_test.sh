#!/usr/bin/env bash
# A pause has a bound that nothing outside the target moves: not how much others have mapped, not a quota of the tool's
# own control group, not that this is frozen in mid-pause. What is asserted is the order of system calls, and that
# nothing is held for as long as the obstacle lasts; how long pauses are is measured by `make soak-safety`.
# shellcheck disable=SC2317 # the functions are called through claim
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
# shellcheck source=tests/support/arena.sh
. tests/support/arena.sh
limit=60 # Seconds, on a busy machine.
tool=$(realpath "$wxbench")

# The processes of others of the same program: one at rest, one that forks all the time.
start resting "$attacks/victim" pages=0 mappings=60000
start forking "$attacks/victim" pages=0 mappings=5000 forks=1

# read_under_the_freeze: what a process of the tool opens between an interrupt and the detach that follows.
read_under_the_freeze() {
  awk '
    /ptrace\(PTRACE_INTERRUPT/ { held = 1 }
    /ptrace\(PTRACE_DETACH/ || /\+\+\+ (exited|killed)/ { held = 0 }
    held && /open(at2?)?\(/ { print; found = 1 }
    END { exit !found }' "$scratch/trace"
}
reads_nothing() {
  start target "$attacks/victim" pages=4096 threads=16 calm=1 rate=1000 refills=3 seconds="$limit"
  timeout "$limit" strace -f -e trace=ptrace,open,openat,openat2 -o "$scratch/trace" "$tool" reclaim --pid "$pid" \
    --every 0.01 --above 0 --max-pause 100 -q 2>"$scratch/said"
  finish target
  grep -q PTRACE_INTERRUPT "$scratch/trace" && is_account target refills 3 && ! read_under_the_freeze
}
if command -v strace >/dev/null; then
  claim nothing_is_read_while_the_target_is_held reads_nothing
else
  skip nothing_is_read_while_the_target_is_held "no strace"
fi
end resting
end forking

# The tool's own group is frozen while the target is held.
for version in 1 2; do
  start frozen "$attacks/victim" pages=16384
  timeout "$limit" "$attacks/strike" target="$pid" rounds=4 after=1000 how="freeze$version" -- "$tool" reclaim --pid "$pid" \
    --every 0.01 --above 0 --max-pause 100 >"$scratch/strike" 2>"$scratch/strike.err"
  status=$?
  end frozen
  if [ "$status" = 77 ]; then
    skip "target_is_free_while_the_tool_is_frozen_by_version_$version" "$(tail -n 1 "$scratch/strike.err")"
  else
    is_free() { grep -q '^struck [1-9]' "$scratch/strike" && grep -qx 'held 0' "$scratch/strike" || { cat "$scratch/strike" && false; }; }
    claim "target_is_free_while_the_tool_is_frozen_by_version_$version" is_free
  fi
done

# The tool may run for a hundredth of a second in a second; whoever is out of luck waits for the rest of it.
group=/sys/fs/cgroup/cpu/$ATTACK_GROUP-quota
half_a_second=500000000
# shellcheck disable=SC2016 # for the inner shell
join=(sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"')
is_not_held_for_long() { # is_not_held_for_long OPTION...
  start throttled "$attacks/victim" pages=16384 measure=1
  timeout "$limit" "${join[@]}" "$group" "$tool" reclaim --pid "$pid" -q "$@" 2>"$scratch/said"
  local status=$?
  end throttled
  echo "exit $status: $(cat "$scratch/said"), held for $(account throttled held_longest_ns) ns"
  [ "$status" = 77 ] || [ "$(account throttled held_longest_ns)" -lt "$half_a_second" ]
}
set_group() { echo "$2" >"$group/$1" 2>/dev/null; }
if mkdir "$group" 2>/dev/null && set_group cpu.cfs_period_us 1000000 && set_group cpu.cfs_quota_us 10000; then
  claim target_is_not_held_while_the_tool_is_throttled is_not_held_for_long
  if set_group cpu.rt_period_us 1000000 && set_group cpu.rt_runtime_us 2000; then
    claim target_is_not_held_while_the_tool_has_used_its_real_time is_not_held_for_long --max-pause 50
  else
    skip target_is_not_held_while_the_tool_has_used_its_real_time "no budget of real time can be set"
  fi
else
  skip target_is_not_held_while_the_tool_is_throttled "no cpu control group of version 1 with a quota can be made"
fi
tap_end
