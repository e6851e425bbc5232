# shellcheck shell=bash
# shellcheck disable=SC2154 # app is that of real.sh
# Real workloads that wait in the middle: source after tap.sh, and real.sh before the first. $scratch is a folder; it goes, and $pid
# ends, with the test.
scratch=$(mktemp -d)
pid=
end_held() {
  [ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null
  rm -rf "$scratch"
}
trap end_held EXIT

# hold RUNTIME STEP WORD...: starts the workload, in the folder $held_in if that is set, and lets it go on to that step of its first
# round, where it waits; $pid.
hold() {
  local line step=
  [ -p "$scratch/answers" ] || mkfifo "$scratch/answers" "$scratch/steps"
  exec {answers}<>"$scratch/answers" {steps}<>"$scratch/steps"
  app "$1" "${@:3}"
  (cd "${held_in:-.}" && WXBENCH_STEP_FDS=$answers,$steps exec "${app[@]}") >"$scratch/held.out" 2>&1 &
  pid=$!
  while [ "$step" != "$2" ]; do
    read -r -t 120 -u "$steps" line || return
    read -r _ _ step _ <<<"$line"
    [ "$step" = "$2" ] || echo >&"$answers"
  done
}
# let_go: ends it.
let_go() {
  kill -KILL "$pid" 2>/dev/null
  wait "$pid" 2>/dev/null
  pid=
  exec {answers}>&- {steps}>&-
}
