#!/usr/bin/env bash
# Whoever holds the file, however and since when, loses no write: it is found afresh and held before pages are given
# back. The wait between the look at a page and the moment it is given back, usually too short to hit, is made long.
# shellcheck disable=SC2317 # the functions are called through claim
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
# shellcheck source=tests/support/arena.sh
. tests/support/arena.sh
if ! command -v strace >/dev/null; then
  skip attack_holders "no strace"
  exit 77
fi
window=(strace -f --seccomp-bpf -e trace=fallocate -e inject=fallocate:delay_enter=3000 -o /dev/null)
options=(--every 0.01 --above 0 --mapped --max-pause 200)

# beside WAY: the program that comes to hold the file in this way, and a sidecar of its target. The program's status.
beside() {
  local status sidecar
  start "$1" timeout 60 "$attacks/late_holder" "$1" || return
  "${window[@]}" "$wxbench" reclaim --pid "$pid" "${options[@]}" -q >"$scratch/sidecar.err" 2>&1 &
  sidecar=$!
  finish "$1"
  status=$?
  wait "$sidecar" # It ends with its target.
  return "$status"
}
for way in $("$attacks/late_holder" list); do
  beside "$way"
  case $? in
  0) ok "holder_${way}_loses_no_write" ;;
  77) skip "holder_${way}_loses_no_write" "$(tail -n 1 "$scratch/$way.err")" ;;
  *)
    cat "$scratch/$way.out" "$scratch/$way.err"
    tail -n 3 "$scratch/sidecar.err"
    not_ok "holder_${way}_loses_no_write"
    ;;
  esac
done
pages_are_given_back() { [ "$(account forked_descriptor punches)" -gt 0 ]; }
claim pages_are_given_back_while_others_hold_the_file pages_are_given_back
# On busy processors the tool may not get its turn while somebody holds the file so: then once more.
vforked_is_served() {
  local try
  for try in 1 2 3; do
    [ "$(account vforked punches)" -gt 0 ] && return
    echo "attempt $try: nothing was given back"
    beside vforked || return
  done
  [ "$(account vforked punches)" -gt 0 ]
}
claim pages_are_given_back_while_a_thread_waits_for_its_vforked_child vforked_is_served
nothing_is_given_back() { is_account traced punches 0; }
claim nothing_is_given_back_while_somebody_else_traces_a_holder nothing_is_given_back
tap_end
