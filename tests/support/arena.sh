# shellcheck shell=bash
# Source after tap.sh: the rest of the test runs as the first process of namespaces of its own. `--all` means its own
# processes there, it may choose the numbers of processes, and nothing that it starts outlives it. Needs root.
# $scratch is a folder that every user may enter; $attacks is the folder of the attack programs.
# shellcheck disable=SC2034 # for the test that sources this
attacks=build/tests/attacks
if [ -z "${WXBENCH_ARENA:-}" ]; then
  if [ "$(id -u)" != 0 ] || ! unshare --pid --ipc --fork --mount-proc true 2>/dev/null; then
    skip "$(basename "$0" .sh)" "needs root and namespaces of its own"
    exit 77
  fi
  scratch=$(mktemp -d /tmp/wxbench-attack.XXXXXX)
  chmod 755 "$scratch"
  # The killed processes are gone before their control groups can be.
  leave_arena() {
    local group
    kill -KILL "$arena" 2>/dev/null
    wait
    for group in /sys/fs/cgroup/"${scratch##*/}"* /sys/fs/cgroup/*/"${scratch##*/}"*; do
      for _ in $(seq 100); do
        [ ! -d "$group" ] || rmdir "$group" 2>/dev/null || sleep 0.01
      done
    done
    rm -rf "$scratch"
  }
  trap leave_arena EXIT
  trap 'exit 143' TERM INT HUP
  WXBENCH_ARENA=$scratch unshare --pid --ipc --fork --mount-proc --kill-child "$0" "$@" &
  arena=$!
  wait "$arena"
  exit
fi
scratch=$WXBENCH_ARENA
export ATTACK_GROUP=${scratch##*/} # The name of control groups.

declare -A jobs=() outputs=()

# start NAME COMMAND...: starts a program that says `ready PID [NUMBER]` and puts these into $pid and $number. Its status
# where it ends before.
start() {
  local name=$1
  shift
  mkfifo "$scratch/$name.pipe"
  "$@" >"$scratch/$name.pipe" 2>"$scratch/$name.err" </dev/null &
  jobs[$name]=$!
  # shellcheck disable=SC2093,SC1083 # only opens a descriptor
  exec {outputs[$name]}<"$scratch/$name.pipe"
  rm "$scratch/$name.pipe"
  # shellcheck disable=SC2034 # for the test that sources this
  read -r _ pid number <&"${outputs[$name]}" || finish "$name"
}

# finish NAME: waits for its end; its output is in $scratch/NAME.out. Its status.
finish() {
  local status
  wait "${jobs[$1]}"
  status=$?
  cat <&"${outputs[$1]}" >"$scratch/$1.out"
  # shellcheck disable=SC2093,SC1083 # only closes a descriptor
  exec {outputs[$1]}<&-
  unset "jobs[$1]"
  return "$status"
}

# end NAME: asks it to end first.
end() {
  kill "${jobs[$1]}" 2>/dev/null
  finish "$1"
}

# account NAME WORD: the number that stands after WORD in the output of NAME.
account() { awk -v word="$2" '$1 == word { print $2 }' "$scratch/$1.out"; }

# is_account NAME WORD NUMBER
is_account() { [ "$(account "$1" "$2")" = "$3" ] || { cat "$scratch/$1.out" && false; }; }
