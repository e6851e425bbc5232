#!/usr/bin/env bash
# scripts/measure-model: what it measures of a real runtime, and that it notices a model that is not the runtime's.
# shellcheck disable=SC2317 # the functions are called through claim
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
refused an_unknown_option_is_refused "unknown option '--nothing'" scripts/measure-model --nothing
impossible a_runtime_that_is_not_here_is_said 'no runtime 7.0.999 is laid out' scripts/measure-model 7.0.999
# shellcheck source=tests/support/real.sh
. tests/support/real.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# shellcheck disable=SC2154 # runtimes is that of real.sh
newest=$(basename "${runtimes[0]}")
same_calls() {
  scripts/measure-model --sequences "$newest" >"$scratch/same" && [ "$(grep -c '^  net[0-9]* makes the same [0-9]* calls' "$scratch/same")" = 5 ]
}
claim the_model_makes_the_calls_of_the_runtime same_calls

table() {
  scripts/measure-model --table "$newest" >"$scratch/table" && [ "$(grep -cE '^\| [^|]+ \| [^|]+ \|$' "$scratch/table")" = 17 ] &&
    grep -q '^| writable views kept at the end | 3 |$' "$scratch/table"
}
claim every_fact_has_a_figure table

# 8 under the number of a version that no model knows is held against the newest model, which it is not.
old=
for runtime in "${runtimes[@]}"; do [[ $(basename "$runtime") != 8.* ]] || old=$runtime; done
if [ -z "$old" ]; then
  skip a_runtime_that_differs_is_noticed 'no .NET 8 is laid out: scripts/runtimes 8'
  tap_end
fi
mkdir -p "$scratch/runtimes"
ln -s "$PWD/build/workloads" "$scratch/workloads"
cp -r "$old" "$scratch/runtimes/99.0.0"
for folder in "$scratch"/runtimes/99.0.0/{shared/Microsoft.NETCore.App,host/fxr}; do mv "$folder/$(basename "$old")" "$folder/99.0.0"; done
differs() {
  WXBENCH_BUILD=$scratch scripts/measure-model --sequences 99.0.0 >"$scratch/other"
  [ $? = 1 ] && grep -q '^  net[0-9]* DIFFERS, ' "$scratch/other"
}
claim a_runtime_that_differs_is_noticed differs
tap_end
