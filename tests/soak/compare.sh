#!/usr/bin/env bash
# shellcheck disable=SC2317 # the functions are called by the name of their kind
# False alarms: the same commit is measured again and again, each time in another setting, and compared with the first time.
# `make soak-compare` makes SOAK_COMPARISONS (300) of them, of SOAK_SCENARIOS and `bench strategies` by turns, and prints how many of
# each kind found anything worse.
#   tests/soak/compare.sh [KIND]...    default: all kinds in turn
# Exit status 1 where one did. A kind that cannot be had here is a line that says so. SIGTERM ends it with what was compared by then.
set -u
export LC_ALL=C
comparisons=${SOAK_COMPARISONS:-300}
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
program=$(realpath "$wxbench")
work=$(mktemp -d)
trap 'umount -l "$work/root" 2>/dev/null; rm -rf "$work"' EXIT
read -ra scenarios <<<"${SOAK_SCENARIOS:-block_cycle steady release_retains fork_without_exec placement_top_down drifting_sizes collectible_churn}"
strategies=(coreclr coreclr+punch rwx lean)
RANDOM=1

# document PROGRAM...: on stdout. Of a scenario, or of `bench strategies`: by turns, $which.
document() {
  if [ "$which" -lt ${#scenarios[@]} ]; then
    "$@" run -q "${scenarios[which]}" "${order[@]/#/--strategy=}" --json -
  else
    "$@" bench strategies -q --quick --rounds 1 --workload block_cycle --workload mixed_sizes "${order[@]/#/--strategy=}" --json -
  fi
}
random_word() { head -c $((RANDOM % $1 + 1)) /dev/urandom | base64 -w 0 | tr -dc 'a-zA-Z'; }
# copied FOLDER [PROGRAM]: what a run needs, where another user may read it.
copied() {
  mkdir -p "$1/build" && cp -r scenarios "$1" && cp "${2:-$program}" "$1/build/wxbench" && chmod -R a+rX "$1"
}

# Each kind: measures once more, in a setting that differs by chance.
kind_again() { document "$program"; }
kind_environment() {
  local settings=() i
  for ((i = RANDOM % 40; i >= 0; --i)); do settings+=("V$i=$(random_word 4000)"); done
  document env "${settings[@]}" "$program"
}
kind_no_environment() { document env -i "$program"; }
kind_folder() {
  local folder
  folder=$work/$(random_word 180)
  copied "$folder" || return 77
  (cd "$folder" && document build/wxbench)
  rm -rf "$folder"
}
kind_user() {
  [ "$(id -u)" = 0 ] || return 77
  [ -d "$work/user" ] || copied "$work/user"
  local id=$((1000 + RANDOM))
  (cd "$work/user" && document setpriv --reuid "$id" --regid "$id" --clear-groups build/wxbench)
}
kind_chroot() {
  unshare -m true 2>/dev/null || return 77
  document unshare -m bash -c "mkdir -p '$work/root'; mount --rbind / '$work/root' && exec chroot '$work/root' \"\$@\"" \
    root env WXBENCH_HOME="$PWD" "$program"
}
kind_order() {
  mapfile -t order < <(printf '%s\n' "${strategies[@]}" | shuf --random-source=<(yes "$RANDOM"))
  document "$program"
}
kind_stack() { (ulimit -s $((256 + RANDOM % 16384)) && document "$program"); }
kind_descriptors() {
  local i opened=()
  for ((i = RANDOM % 20; i >= 0; --i)); do exec {fd}</dev/null && opened+=("$fd"); done
  document "$program"
  for fd in "${opened[@]}"; do exec {fd}<&-; done
}
kind_busy() {
  (exec timeout 60 sh -c 'while :; do :; done') &
  local busy=$!
  document "$program"
  kill "$busy" && wait "$busy" 2>/dev/null
}
kind_strategies() { document "$program_of_more"; }
kind_named_more() {
  order=("${strategies[@]}" dual-block pwrite mprotect)
  document "$program"
}
kinds=("$@")
[ $# != 0 ] || kinds=(again environment no_environment folder user chroot order stack descriptors busy strategies named_more)

# A program with three strategies more, which also bring data, so that all else moves.
program_of_more=$work/more/build/wxbench
build_more() {
  mkdir -p "$work/more/build/plain" && cp -r Makefile VERSION packaging harness scripts scenarios "$work/more" || return
  local name
  for name in added another athird; do
    sed -n '/^```c$/,/^```$/{/^```/!p}' docs/strategies.md | sed "s/\\badded_/${name}_/; s/wx_strategy_added/wx_strategy_$name/; s/\"added\"/\"$name\"/" \
      >"$work/more/harness/strategy/$name.c"
    echo "char wx_${name}_data[50000] = {1}, wx_${name}_space[70000];" >>"$work/more/harness/strategy/$name.c"
  done
  mkdir -p "$work/more/build/obj" && cp -a build/obj/plain "$work/more/build/obj/" || return
  find "$work/more" -path '*/build' -prune -o -type f ! -name added.c ! -name another.c ! -name athird.c -exec touch -d 2000-01-01 {} +
  make -C "$work/more" -j2 WARNINGS='-Wall -Wno-unused' build/wxbench >"$work/make.log" 2>&1 || { tail -5 "$work/make.log" >&2 && false; }
}
[[ " ${kinds[*]} " != *' strategies '* ]] || build_more || exit 1

declare -A made alarms skipped
# The first time.
order=("${strategies[@]}")
for ((which = 0; which <= ${#scenarios[@]}; ++which)); do
  document "$program" >"$work/base.$which" || exit 1
done
stop=
trap 'stop=1' TERM
for ((number = 0; number < comparisons; ++number)); do
  [ -z "$stop" ] || break
  kind=${kinds[number % ${#kinds[@]}]}
  # Each kind comes to each document.
  which=$(((number + number / ${#kinds[@]}) % (${#scenarios[@]} + 1)))
  order=("${strategies[@]}")
  "kind_$kind" >"$work/new" 2>"$work/errors"
  ended=$?
  if [ "$ended" = 77 ]; then
    skipped[$kind]=1
    continue
  fi
  made[$kind]=$((${made[$kind]:-0} + 1))
  if [ "$ended" != 0 ] || ! "$wxbench" compare -q "$work/base.$which" "$work/new" >"$work/compared" 2>&1; then
    alarms[$kind]=$((${alarms[$kind]:-0} + 1))
    { echo "comparison $number, $kind, ended with $ended:" && head -n 20 "$work/errors" "$work/compared"; } >&2
  fi
done

echo "kernel $(uname -r), $(nproc) processors, $(date -u +%F), load $(cut -d ' ' -f 1-3 /proc/loadavg)"
printf '| %-14s | %11s | %12s |\n|---|---:|---:|\n' 'differs in' comparisons 'false alarms'
total=0 wrong=0
for kind in "${kinds[@]}"; do
  [ -z "${skipped[$kind]-}" ] || { printf '| %-14s | %11s | %12s |\n' "$kind" 'not here' -; continue; }
  printf '| %-14s | %11d | %12d |\n' "$kind" "${made[$kind]:-0}" "${alarms[$kind]:-0}"
  total=$((total + ${made[$kind]:-0})) wrong=$((wrong + ${alarms[$kind]:-0}))
done
printf '| %-14s | %11d | %12d |\n' 'all' "$total" "$wrong"
[ "$total" -gt 0 ] && [ "$wrong" = 0 ]
