#!/usr/bin/env bash
# Files in memory that are not the double mapper's: another runtime's compiler is told under its own name by every audit and
# left alone by a reclaim that does not name it; data are listed with their descriptor.
# shellcheck disable=SC2317 # the functions are called through claim
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mib=$((1 << 20))

# start WORD...: a subject, in $pid. stop: ends it.
start() {
  : >"$scratch/said" # What the one before said.
  exec {in}<> <(:)
  build/tests/subject "$@" <&"$in" >"$scratch/said" &
  pid=$!
  until grep -q ready "$scratch/said"; do kill -0 "$pid" 2>/dev/null || return; done
}
stop() {
  kill "$pid"
  wait "$pid" 2>/dev/null
  exec {in}>&-
}
# audited FILTER WORD...: what jq makes of the result of an audit.
audited() {
  "$wxbench" audit "${@:2}" --quiet --json "$scratch/audit.json" >/dev/null
  jq -c ".results[] | select(.pid == $pid) | $1" "$scratch/audit.json"
}
account='[.verdict.code, .doublemapper.orphaned_bytes]'
agree() {
  local expected="[\"retained\",$((9 * mib))]" how
  for how in "$pid" "$pid --fast" --all "$pid --memfd $1"; do
    # shellcheck disable=SC2086 # words
    [ "$(audited "$account" $how)" = "$expected" ] || { echo "audit $how: $(audited "$account" $how)" && return 1; }
  done
}
names() { "$wxbench" audit "$pid" | grep -qE "VERDICT retained: (memfd:)?$1 keeps" && "$wxbench" audit "$pid" | grep -qF -- "--memfd $1"; }
gives_back() { "$wxbench" reclaim --pid "$pid" --memfd "$1" --max-pause 100 -q && [ "$(audited .doublemapper.orphaned_bytes "$pid" --memfd "$1")" = 0 ]; }

of=memfd
for name in jit-code "/dev/shm/wxbench-jit-$$"; do
  start compiler 9 "$name"
  claim "every_audit_of_an_executable_${of}_gives_the_same_account" agree "$name"
  claim "the_verdict_of_an_executable_${of}_has_its_own_name" names "$name"
  refused "a_reclaim_leaves_an_executable_${of}_alone" "has no memfd:doublemapper" "$wxbench" reclaim --pid "$pid"
  claim_where_idle "a_reclaim_that_names_an_executable_${of}_gives_back" gives_back "$name"
  stop
  of=file_of_a_tmpfs
done

data=/dev/shm/dotnet_$$
start stranger 200 "$data"
claim a_deleted_file_of_data_is_listed_with_its_descriptor \
  [ "$(audited '[.verdict.code, (.other_files[0] | [.path, .descriptor > 2, .allocated_bytes])]' "$pid")" = "[\"other-shmem\",[\"$data (deleted)\",true,$((200 * mib))]]" ]
bundle() {
  "$wxbench" audit "$pid" --bundle "$scratch/bundle" --quiet >/dev/null && ! grep -rqF "$data" "$scratch/bundle"
}
claim its_name_is_in_no_bundle bundle
stop
start stranger 200 /dotnet_1f
claim a_memfd_of_data_is_listed_as_of_a_runtime_since_9 \
  [ "$(audited '[.verdict.code, .other_files[0].path]' "$pid")" = '["other-shmem","/memfd:/dotnet_1f (deleted)"]' ]
stop
tap_end
