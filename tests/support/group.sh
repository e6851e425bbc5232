# shellcheck shell=bash
# A memory control group with a limit, for shell tests: source this; the group goes with remove_group.
group=

# make_group BYTES: makes it; fails where none can be made, or where swap makes the limit none.
make_group() {
  [ "$(awk 'NR > 1' /proc/swaps | wc -l)" = 0 ] || return
  if [ -e /sys/fs/cgroup/memory/memory.limit_in_bytes ]; then
    group=/sys/fs/cgroup/memory/wxbench-test-$$
    mkdir "$group" && echo "$1" >"$group/memory.limit_in_bytes"
  else
    group=/sys/fs/cgroup/wxbench-test-$$
    mkdir "$group" && echo "$1" >"$group/memory.max" && [ -e "$group/memory.swap.max" ] && echo 0 >"$group/memory.swap.max"
  fi 2>/dev/null
}
remove_group() { [ -z "$group" ] || rmdir "$group" 2>/dev/null; }
# enter COMMAND...: the command line that runs it in the group, in $entered.
# shellcheck disable=SC2016,SC2034 # for the inner shell; for the test that sources this
enter() { entered=(sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$group" "$@"); }
