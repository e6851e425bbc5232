#!/usr/bin/env bash
# What a sidecar does to others than its target, and they to it: set-user-ID children keep their rights, one into which
# it may not look does not end it, a hoard of memfds does not starve others, no crash dump is lost.
# shellcheck disable=SC2317 # the functions are called through claim
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
# shellcheck source=tests/support/arena.sh
. tests/support/arena.sh
limit=60 # Seconds, on a busy machine.
user=(setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all --no-new-privs)
plain_user=(setpriv --reuid 65534 --regid 65534 --clear-groups) # May gain rights.
cp "$attacks/launcher" "$attacks/rights" "$attacks/many_memfds" "$attacks/victim" "$scratch"
cp "$wxbench" "$scratch/wxbench"
chmod 4755 "$scratch/rights"
wx=$scratch/wxbench
options=(--every 0.005 --above 0 --max-pause 20 -q)

# A sidecar of the same user without the right to trace everything. Between the moment that it traces a task and the
# moment that it interrupts it, strace puts a delay: a task that executes another program in between has lost.
slow=(strace -f --seccomp-bpf -e trace=ptrace -e inject=ptrace:delay_exit=1000 -o /dev/null)
keeps_rights() { # keeps_rights HOW
  local name=rights_$1 sidecar
  start "$name" timeout "$limit" "${plain_user[@]}" "$scratch/launcher" "$1" "$scratch/rights" starts=150
  # One that ends is started again, as whoever looks after containers does.
  while kill -0 "$pid" 2>/dev/null; do
    timeout "$limit" "${user[@]}" "${slow[@]}" "$wx" reclaim --pid "$pid" "${options[@]}" --max-pause 200
  done 2>"$scratch/sidecar.err" &
  sidecar=$!
  finish "$name"
  wait "$sidecar"
  is_account "$name" without_rights 0
}
survives_an_unreadable_child() {
  local sidecar
  start unreadable timeout "$limit" "${plain_user[@]}" "$scratch/launcher" fork "$scratch/rights" stays=1
  timeout "$limit" "${user[@]}" "$wx" reclaim --pid "$pid" "${options[@]}" 2>"$scratch/sidecar.err" &
  sidecar=$!
  finish unreadable
  wait "$sidecar"
  is_account unreadable given_back 3 || { cat "$scratch/sidecar.err" && false; }
}
scope=$(cat /proc/sys/kernel/yama/ptrace_scope 2>/dev/null)
if [ "${scope:-0}" != 0 ]; then
  why="no other process may be traced without a capability (ptrace_scope $scope)"
elif ! command -v strace >/dev/null; then
  why="no strace"
elif ! "${plain_user[@]}" "$scratch/rights"; then
  why="no set-user-ID programs in $scratch"
else
  why=
fi
if [ -z "$why" ]; then
  claim set_user_id_child_of_fork_keeps_its_rights keeps_rights fork
  claim set_user_id_child_of_posix_spawn_keeps_its_rights keeps_rights spawn
  claim one_unreadable_child_does_not_end_a_sidecar survives_an_unreadable_child
else
  for name in set_user_id_child_of_fork_keeps_its_rights set_user_id_child_of_posix_spawn_keeps_its_rights one_unreadable_child_does_not_end_a_sidecar; do
    skip "$name" "$why"
  done
fi

# Somebody who came first holds hundreds of them.
serves_another() {
  local sidecar
  start hoard "${user[@]}" "$scratch/many_memfds" 600 || return
  (ulimit -n 512 && exec timeout "$limit" "$wx" reclaim --all --every 0.05 --above 0 -q) 2>"$scratch/sidecar.err" &
  sidecar=$!
  start served "$scratch/victim" refills=3 seconds="$limit"
  finish served
  kill "$sidecar"
  wait "$sidecar"
  is_account served refills 3 || { tail -n 3 "$scratch/sidecar.err" && false; }
}
claim hoard_of_memfds_does_not_keep_another_from_being_served serves_another
tap_end
