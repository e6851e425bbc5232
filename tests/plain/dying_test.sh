#!/usr/bin/env bash
# Processes that are killed, or run another program, 0 to 200 ms into an audit of each kind: nothing is said of them but what was
# true while they lived. `make soak-dying` does it 500 times a kind.
#   WXBENCH_DYING=COUNT       processes a kind and program; WXBENCH_DYING_MIB=MIB  that the C program frees
# shellcheck disable=SC2317 # the functions are called through claim
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
count=${WXBENCH_DYING:-2} mib=${WXBENCH_DYING_MIB:-256}
# shellcheck source=tests/support/held.sh
. tests/support/held.sh
exec 9<> <(:)

# start_c: the C program, in $pid.
start_c() {
  exec {said}<> <(:)
  build/tests/dying "$mib" >&"$said" &
  pid=$!
  read -r -t 60 _ <&"$said"
}
end_c() {
  kill -KILL "$pid" 2>/dev/null
  wait "$pid" 2>/dev/null
  pid=
  exec {said}>&-
}
start_net() { hold "$runtime" generated keep rounds=1 count=50; }
end_net() { let_go; }

# Each leaves in $scratch/verdict what was said of $pid, a line each: its verdict and how many whole MiB are orphaned. (Of a running
# program the last block that it gave up may be.)
of_json() { jq -r ".results[] | select(.pid == $pid) | \"\(.verdict.code) \(.doublemapper.orphaned_bytes | if . then . / 1048576 | floor else . end)\"" "$scratch/audit.json" 2>/dev/null; }
audit_live() { "$wxbench" audit "$pid" --quiet --json "$scratch/audit.json" && of_json; }
audit_fast() { "$wxbench" audit "$pid" --fast --quiet --json "$scratch/audit.json" && of_json; }
audit_all() { "$wxbench" audit --all --quiet --json "$scratch/audit.json" && of_json; }
audit_prom() {
  "$wxbench" audit "$pid" --quiet --prom="$scratch/metrics" &&
    awk '/^wxbench_verdict/ { match($0, /code="[^"]*/); code = substr($0, RSTART + 6, RLENGTH - 6) }
      /^wxbench_doublemapper_orphaned_bytes/ { orphaned = $NF } END { print code, int(orphaned / 1048576) }' "$scratch/metrics"
}
audit_watch() { "$wxbench" audit "$pid" --watch 0.01 | awk '{ match($0, /orphaned [^ ]*/); print $NF, int(substr($0, RSTART + 9, RLENGTH - 9)) }'; }

# attack KIND PROGRAM SIGNAL TIME: audits a fresh process and sends it the signal after TIME ms. What it may have been said to be
# is known from one that nobody disturbed: $living, and of another program nothing but that it is not affected.
attack() {
  local auditor line
  rm -f "$scratch/audit.json" "$scratch/metrics"
  "start_$2" || { echo "the target did not start" && return 1; }
  "audit_$1" >"$scratch/verdict" 2>"$scratch/said" &
  auditor=$!
  read -r -t "$(printf '0.%03d' "$4")" -u 9
  kill "-$3" "$pid"
  if [ "$3" = USR1 ] && [ "$1" = watch ]; then # Else the view of the other program has no end.
    read -r -t 0.1 -u 9
    kill -KILL "$pid"
  fi
  wait "$auditor"
  "end_$2" 2>/dev/null
  while read -r line; do
    [ "$line" = "$living" ] || { [ "$3" = USR1 ] && [[ $line =~ ^not-affected\ (0|null)$ ]]; } || { echo "after $4 ms: $line, alive $living" && return 1; }
  done <"$scratch/verdict"
}
# attacks KIND PROGRAM SIGNAL
attacks() {
  local living time
  "start_$2" || return
  if [ "$1" = watch ]; then living=$("$wxbench" audit "$pid" --watch 0.01 --samples 1 | awk '{ print $NF, 0 }'); else living=$("audit_$1"); fi
  "end_$2" 2>/dev/null
  [ -n "$living" ] || { echo "nothing is said of a process that nobody disturbs" && return 1; }
  for ((time = 0; time < count; ++time)); do
    attack "$1" "$2" "$3" $((RANDOM % 200)) || return
  done
}

programs=(c)
# A test that lacks a runtime would end there.
if [ -e build/workloads/wxworkload.dll ] && compgen -G 'build/runtimes/*/dotnet' >/dev/null; then
  # shellcheck source=tests/support/real.sh
  . tests/support/real.sh
  runtime=${runtimes[0]}
  programs+=(net)
else
  skip a_runtime_that_dies_during_an_audit "no runtime is laid out"
fi
for target in "${programs[@]}"; do
  for kind in live fast all prom watch; do
    claim "nothing_is_said_of_a_${target}_program_killed_during_an_audit_by_$kind" attacks "$kind" "$target" KILL
  done
done
for kind in live fast all prom watch; do
  claim "nothing_is_said_of_a_program_that_runs_another_during_an_audit_by_$kind" attacks "$kind" c USR1
done
tap_end
