#!/usr/bin/env bash
# A file that only has the name of the runtime's memfd is never opened, whoever holds it, by any verb: not for a moment,
# since an open can block, change the file or do what its maker likes. What a memfd of somebody else is may be read.
# shellcheck disable=SC2317 # the functions are called through claim
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
# shellcheck source=tests/support/arena.sh
. tests/support/arena.sh
if ! command -v strace >/dev/null; then
  skip attack_files "no strace"
  exit 77
fi
limit=15 # Seconds, on a busy machine; whatever blocks does so for ever.
stranger=(setpriv --reuid 65534 --regid 65534 --clear-groups)
cp "$attacks/false_memfd" "$scratch"
cp "$wxbench" "$scratch/wxbench"
wx=$scratch/wxbench

# opened HOW: the trace's openings of anything called so, for `use` only those that O_PATH does not make harmless, for
# `writing` only those.
opened() {
  awk -v how="$1" '
    !/open(at2?)?\(/ || /O_PATH|fdinfo/ || !(/[\/"]177"/ || /map_files\// || /= [0-9]+<\/memfd:doublemapper/) { next }
    how == "use" || /O_RDWR|O_WRONLY/ { print; found = 1 }
    END { exit !found }' "$scratch/trace"
}
# traced WORD...: runs wxbench; false where it does not end, or not as it should.
traced() {
  timeout --kill-after=1 "$limit" strace -f -y -e trace=open,openat,openat2 -o "$scratch/trace" "$wx" "$@" \
    >"$scratch/said" 2>"$scratch/refusal" </dev/null
  status=$?
  [[ $status =~ ^(0|2|77)$ ]] || { echo "wxbench $*: exit $status" && tail -n 3 "$scratch/trace" && false; }
}
never_opened() { traced "$@" && ! opened use; }
never_written() { traced "$@" && ! opened writing; }
is_refused() { [ "$status" = 2 ] || [ "$status" = 77 ] || { echo "exit $status" && false; }; }
gives_no_advice() { ! grep 'wxbench reclaim' "$scratch/said"; }

# attack NAME RULE AS_WHOM KIND [FILE]: an impostor, and each verb on it.
attack() {
  local name=$1 rule=$2 whom=()
  [ "$3" = root ] || whom=("${stranger[@]}")
  if ! start "$name" "${whom[@]}" "$scratch/false_memfd" "${@:4}"; then
    skip "$name" "$(tail -n 1 "$scratch/$name.err")"
    return
  fi
  claim "${name}_is_${rule}_by_reclaim" "$rule" reclaim --pid "$pid" -q
  claim "${name}_is_refused_by_reclaim" is_refused
  claim "${name}_is_${rule}_by_a_dry_run" "$rule" reclaim --pid "$pid" --dry-run -q
  claim "${name}_is_${rule}_by_audit" "$rule" audit "$pid"
  claim "${name}_is_not_advised_to_be_reclaimed" gives_no_advice
  claim "${name}_is_${rule}_by_explain" explained "$rule"
}
explained() {
  cp "/proc/$pid/maps" "$scratch/maps"
  "$1" explain -q "$(awk '{ print $1; exit }' "$scratch/maps")"
}

dd if=/dev/zero of="$scratch/database" bs=64K count=16 status=none
chmod 600 "$scratch/database"
cp "$scratch/database" "$scratch/own"
chown 65534:65534 "$scratch/own"
blocks=$(stat -c %b "$scratch/database" "$scratch/own")

attack file_of_another_user never_opened stranger bound "$scratch/database"
attack own_file never_opened stranger mapped "$scratch/own"
attack device never_opened stranger bound /dev/zero
attack fifo never_opened stranger fifo
attack socket never_opened stranger socket
attack deleted_file never_opened stranger deleted
attack file_with_another_name never_opened stranger linked
attack memfd_of_huge_pages never_opened stranger hugetlb
claim all_of_them_are_never_opened_by_reclaim_all never_opened reclaim --all -q
claim all_of_them_are_never_opened_by_audit_all never_opened audit --all
claim all_of_them_are_not_advised_to_be_reclaimed gives_no_advice
attack sealed_memfd never_written stranger sealed
attack memfd_of_no_runtime never_written stranger plain
claim all_of_them_are_never_written_by_reclaim_all never_written reclaim --all -q
claim all_of_them_are_never_written_by_audit_all never_written audit --all

# A sidecar goes on among them.
is_served() {
  start target "$attacks/victim" seconds="$limit" refills=3 || return
  "$wx" reclaim --all --every 0.02 --above 0 --max-pause 50 -q 2>"$scratch/sidecar.err" &
  local sidecar=$!
  finish target
  kill "$sidecar" && is_account target refills 3
}
claim real_target_is_served_among_all_of_them is_served
claim no_foreign_file_has_lost_a_block [ "$(stat -c %b "$scratch/database" "$scratch/own")" = "$blocks" ]

# Whoever waits for its server waits until the server ends.
attack file_of_a_silent_server never_opened root fuse
claim file_of_a_silent_server_does_not_hold_up_audit_all traced audit --all
claim real_target_is_served_beside_a_silent_server is_served
tap_end
