#!/usr/bin/env bash
# scripts/bench: what cannot be had is one line, and everything else is run and kept. In a tree of its own, in which the programs
# that it runs are imitations that write down how they were called.
# shellcheck disable=SC2317 # the functions are called through claim
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
tree="$scratch/a tree"
mkdir -p "$tree/scripts" "$tree/build" "$scratch/bin"
cp scripts/bench "$tree/scripts/bench"

# imitate FILE: an executable of that name in the tree, from standard input.
imitate() { cat >"$tree/$1" && chmod +x "$tree/$1"; }
imitate build/wxbench <<'END2'
#!/usr/bin/env bash
echo "wxbench $*" >>"$CALLS"
json=
while [ $# -gt 0 ]; do
  if [ "$1" = --json ]; then json=$2; fi
  shift
done
[ -z "$json" ] || { [ -n "${FAILING:-}" ] && [[ $json == *$FAILING* ]] && exit "$FAILING_STATUS"; echo '{}' >"$json"; }
exit 0
END2
imitate scripts/runtimes <<'END2'
#!/usr/bin/env bash
echo "29.0.1 $PWD/build/runtimes/29.0.1"
echo "runtimes: cannot get .NET runtime 28.0.2: no such version" >&2
echo "27.0.3 $PWD/build/runtimes/27.0.3"
exit "${RUNTIMES_STATUS:-0}"
END2
imitate scripts/sdk <<'END2'
#!/usr/bin/env bash
exit 0
END2
imitate scripts/build-workloads <<'END2'
#!/usr/bin/env bash
exit "${BUILD_STATUS:-0}"
END2
imitate scripts/plot <<'END2'
#!/usr/bin/env bash
echo "plot $*" >>"$CALLS"
[[ $1 != *${UNPLOTTED:-nothing}* ]] || { echo "plot: gnuplot: cannot" >&2; exit 2; }
END2
cat >"$scratch/bin/hyperfine" <<'END2'
#!/usr/bin/env bash
printf 'hyperfine' >>"$CALLS"
printf ' [%s]' "$@" >>"$CALLS"
echo >>"$CALLS"
while [ "$1" != --export-json ]; do shift; done
[ -z "${NO_HYPERFINE:-}" ] || { echo "Error: no such program" >&2; exit 1; }
echo '{"results": []}' >"$2"
END2
chmod +x "$scratch/bin/hyperfine"

# bench STATUS: one run; what it called stands in $scratch/calls, what it wrote in $scratch/results.
bench() {
  local wanted=$1 ended
  rm -rf "$scratch/results" "$scratch/calls"
  CALLS=$scratch/calls PATH=$scratch/bin:$PATH env --default-signal=INT,TERM "$tree/scripts/bench" "$scratch/results" >"$scratch/out" 2>"$scratch/err"
  ended=$?
  [ "$ended" = "$wanted" ] || { echo "exit $ended, not $wanted"; cat "$scratch/out" "$scratch/err"; return 1; }
}
# there NAME...: the results are exactly these, and no temporary file is left.
there() { diff <(printf '%s\n' "$@" | sort) <(ls -A "$scratch/results"); }
all=(simulator.json asm-29.0.1.json asm-27.0.3.json keep-29.0.1.json hello-29.0.1.json hello-27.0.3.json asm-500-29.0.1.json
  whole-hello-29.0.1.json whole-hello-27.0.3.json whole-asm-500-29.0.1.json)
without() { printf '%s\n' "${all[@]}" | grep -vxF "$1"; }

all_is_measured() {
  bench 0 && there "${all[@]}" && grep -qx 'runtimes: cannot get .NET runtime 28.0.2: no such version' "$scratch/err" &&
    [ "$(grep -c ^plot "$scratch/calls")" = 3 ] && grep -q "^results: $scratch/results$" "$scratch/out"
}
claim a_runtime_that_cannot_be_had_is_a_line_and_the_others_are_measured all_is_measured
modes_of_whole() {
  local on off preload
  on="'env' 'DOTNET_EnableWriteXorExecute=1' '$tree/build/runtimes/27.0.3/dotnet' 'exec' '--fx-version' '27.0.3' '$tree/build/workloads/wxworkload.dll' 'hello'"
  off=${on/=1/=0}
  preload=${on/=1\'/=1\' \'LD_PRELOAD=$tree/build/libwxreclaim.so\'}
  grep -F "[-n] [hello, on, 27.0.3] [$on] [-n] [hello, off, 27.0.3] [$off] [-n] [hello, preload, 27.0.3] [$preload]" "$scratch/calls" | grep -qF '[--ignore-failure]'
}
claim hyperfine_runs_whole_processes_in_three_modes modes_of_whole
claim what_hyperfine_measured_is_shown grep -qx "wxbench report $scratch/results/whole-hello-27.0.3.json --format table" "$scratch/calls"
one_unmet() { FAILING=asm-27.0.3 FAILING_STATUS=1 bench 1 && mapfile -t rest < <(without asm-27.0.3.json) && there "${rest[@]}"; }
claim one_unmet_expectation_is_1_and_all_else_is_measured one_unmet
one_impossible() { FAILING=keep FAILING_STATUS=77 bench 0 && mapfile -t rest < <(without keep-29.0.1.json) && there "${rest[@]}"; }
claim what_is_not_possible_here_is_no_failure one_impossible
no_runtimes_fetched() { RUNTIMES_STATUS=2 bench 2 && there "${all[@]}"; }
claim runtimes_that_are_there_are_measured_whatever_fetching_says no_runtimes_fetched
one_plot() { UNPLOTTED=asm-29.0.1 bench 2 && there "${all[@]}" && grep -qx 'plot: gnuplot: cannot' "$scratch/err" && grep -q '^plot .*simulator' "$scratch/calls"; }
claim one_plot_that_fails_loses_no_other one_plot
no_hyperfine() {
  NO_HYPERFINE=1 bench 2 && there "${all[@]:0:7}" &&
    grep -qx 'bench: no whole processes of hello on 27.0.3: Error: no such program' "$scratch/err"
}
claim whole_processes_that_cannot_be_timed_are_a_line no_hyperfine
no_workloads() { BUILD_STATUS=1 bench 2 && there simulator.json && grep -q '^plot .*simulator' "$scratch/calls"; }
claim without_the_workloads_the_simulator_is_kept_and_it_is_2 no_workloads
no_sdk() { BUILD_STATUS=77 bench 0 && there simulator.json; }
claim without_an_sdk_the_simulator_is_all_there_is no_sdk
one_second() {
  local first second
  printf '#!/bin/sh\necho 2026-01-02-030405\n' >"$scratch/bin/date" && chmod +x "$scratch/bin/date"
  CALLS=$scratch/calls PATH=$scratch/bin:$PATH "$tree/scripts/bench" >"$scratch/first" 2>/dev/null
  CALLS=$scratch/calls PATH=$scratch/bin:$PATH "$tree/scripts/bench" >"$scratch/second" 2>/dev/null
  rm "$scratch/bin/date"
  first=$(sed -n 's/^results: //p' "$scratch/first") second=$(sed -n 's/^results: //p' "$scratch/second")
  [ "$first" = results/local/2026-01-02-030405 ] && [ "$second" = "$first-2" ] && [ -s "$tree/$second/simulator.json" ]
}
claim two_runs_begun_in_one_second_have_folders_of_their_own one_second
interrupted() {
  imitate scripts/plot <<<'#!/usr/bin/env bash
kill -INT "$PPID"'
  bench 130 && there "${all[@]}" && grep -qx "bench: interrupted; what was measured until now: $scratch/results" "$scratch/err"
}
claim what_was_measured_before_an_interrupt_is_named interrupted
tap_end
