#!/usr/bin/env bash
# wxbench validate --matrix: rows are kept one by one, a broken matrix goes on where it stood, and an end can be demanded.
# shellcheck disable=SC2317 # the functions are called through claim and refused
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
unset DOTNET_ROOT WXBENCH_HOME DOTNET_EnableWriteXorExecute COMPlus_EnableWriteXorExecute
# shellcheck source=tests/support/fake.sh
. tests/support/fake.sh
rows=$scratch/rows

# matrix RUNTIME OPTION...: two workloads in three modes, six rows; the document goes to $scratch/matrix.json.
plainly() {
  local root=$scratch/$1
  shift
  WXBENCH_HOME=$home "$wxbench" validate --matrix="$rows" --runtime "$root" --workload hello --workload expr --mode on --mode off --mode preload \
    --json "$scratch/matrix.json" "$@"
}
matrix() { plainly "$@" >"$scratch/out" 2>"$scratch/err" </dev/null; }
# `started` has a line for each start. At the start whose number is in `breaks`, the observer is killed, as by a power cut.
fake counting <<'END'
here=$(dirname "$0")
echo "$5 $DOTNET_EnableWriteXorExecute ${LD_PRELOAD:+preload}" >>"$here/started"
[ "$(wc -l <"$here/started")" != "$(cat "$here/breaks")" ] || { kill -KILL "$PPID"; read -r -u "$answers"; exit 0; }
say 0 start; say 1 end
echo done
END
fresh() {
  rm -rf "$rows" "$scratch"/*/started
  echo "${1:-never}" >"$scratch/counting/breaks"
}
started() { wc -l <"$scratch/counting/started"; }
# What a document says of each row, without what differs from run to run.
said() { jq -c '[.results[] | [.workload, .mode, .runtime, .ended.how, [.expectations[] | [.name, .ok]], .verdict.code]]' "$1"; }

unbroken() {
  fresh
  matrix counting && [ "$(started)" = 6 ] && cp "$scratch/matrix.json" "$scratch/whole.json" &&
    [ "$(find "$rows" -name '*.json' | wc -l)" = 6 ] && grep -q '^6 of 6 rows, 0 of them taken from ' "$scratch/out"
}
claim a_matrix_keeps_a_file_for_each_row unbroken
again() {
  matrix counting && [ "$(started)" = 6 ] && grep -q '^6 of 6 rows, 6 of them taken from ' "$scratch/out" &&
    [ "$(jq -c .results "$scratch/matrix.json")" = "$(jq -c .results "$scratch/whole.json")" ]
}
claim a_whole_matrix_is_taken_over_to_the_last_digit again
broken_twice() {
  fresh 3
  matrix counting
  [ $? = 137 ] && [ "$(find "$rows" -name '*.json' | wc -l)" = 2 ] || return
  echo 5 >"$scratch/counting/breaks"
  matrix counting
  [ $? = 137 ] && [ "$(find "$rows" -name '*.json' | wc -l)" = 3 ] || return
  echo never >"$scratch/counting/breaks"
  matrix counting && [ "$(started)" = 8 ] && [ "$(said "$scratch/matrix.json")" = "$(said "$scratch/whole.json")" ] &&
    grep -q '^6 of 6 rows, 3 of them taken from ' "$scratch/out"
}
claim a_matrix_that_is_killed_twice_goes_on_with_the_same_result broken_twice
half_a_row() {
  local row
  row=$(find "$rows" -name 'hello-off-*.json')
  head -c 100 "$row" >"$scratch/half" && cp "$scratch/half" "$row" && : >"$scratch/counting/started"
  matrix counting && [ "$(cat "$scratch/counting/started")" = 'hello 0 ' ] && jq -e .result "$row" >/dev/null
}
claim half_a_row_is_measured_again half_a_row
other_settings() {
  : >"$scratch/counting/started"
  matrix counting --limit 17s && [ "$(started)" = 6 ] && matrix counting && [ "$(started)" = 6 ]
}
claim rows_of_other_settings_are_not_taken_and_not_lost other_settings
other_environment() {
  fresh
  matrix counting && DOTNET_TieredPGO=0 matrix counting && [ "$(started)" = 12 ] && matrix counting --env DOTNET_TieredPGO=0 && [ "$(started)" = 12 ]
}
claim rows_of_another_environment_are_not_taken other_environment
no_file() { # A FIFO keeps whoever opens it.
  local row
  fresh
  matrix counting && row=$(find "$rows" -name 'hello-off-*.json') && rm "$row" && mkfifo "$row" && : >"$scratch/counting/started" || return
  matrix counting && [ "$(cat "$scratch/counting/started")" = 'hello 0 ' ] && [ -f "$row" ] || return
  echo mine >"$scratch/mine" && ln -sf "$scratch/mine" "$row" && matrix counting && [ ! -L "$row" ] && [ "$(cat "$scratch/mine")" = mine ]
}
claim a_row_that_is_no_file_is_measured_again no_file
other_runtime() {
  : >"$scratch/counting/started"
  echo x >>"$scratch/counting/shared/Microsoft.NETCore.App/10.0.99/libcoreclr.so"
  matrix counting && [ "$(started)" = 6 ]
}
claim rows_of_another_build_of_the_runtime_are_not_taken other_runtime
rotated() { # on off preload, then another first.
  fresh
  matrix counting && [ "$(sed -n 1p "$scratch/counting/started")" = 'hello 1 ' ] && [ "$(sed -n 4p "$scratch/counting/started")" = 'expr 0 ' ] &&
    [ "$(jq -c '[.results[] | .mode]' "$scratch/matrix.json")" = '["on","off","preload","on","off","preload"]' ]
}
claim the_order_rotates_and_the_document_does_not rotated
told_to_end() {
  fresh
  sed -i 's/kill -KILL/kill -TERM/' "$scratch/counting/dotnet"
  echo 3 >"$scratch/counting/breaks"
  matrix counting
  [ $? = 143 ] && [ "$(find "$rows" -name '*.json' | wc -l)" = 2 ] && jq -e '[.results[] | select(.metrics)] | length == 2' "$scratch/matrix.json" >/dev/null ||
    return
  echo never >"$scratch/counting/breaks"
  matrix counting && [ "$(said "$scratch/matrix.json")" = "$(said "$scratch/whole.json")" ]
}
claim one_that_is_told_to_end_keeps_no_half_row told_to_end

### An end that is a finding

fake dying_on <<'END'
echo >>"$(dirname "$0")/started"
[ "$DOTNET_EnableWriteXorExecute" = 0 ] || { echo "last words" >&2; kill -XFSZ $$; }
say 0 start; say 1 end
END
kept_end() {
  fresh
  matrix dying_on && return 1
  cp "$scratch/matrix.json" "$scratch/first.json"
  matrix dying_on
  [ $? = 1 ] && [ "$(wc -l <"$scratch/dying_on/started")" = 6 ] && [ "$(jq -c .results "$scratch/matrix.json")" = "$(jq -c .results "$scratch/first.json")" ] &&
    jq -e '[.results[] | .ended.signal] == [25, null, 25, 25, null, 25]' "$scratch/matrix.json" >/dev/null
}
claim a_row_that_died_is_kept_like_the_others kept_end
# dies METRIC VALUE: the workload `hello`, of which it is demanded that mode on ends so.
dies() {
  sed -e '/^expect:/,$d' scenarios/workloads/hello.yaml >"$scratch/demanding.yaml"
  printf 'expect:\n  - {mode: "on", metric: %s, op: eq, value: %s}\n  - {mode: "off", metric: ran, op: eq, value: 1}\n' "$1" "$2" >>"$scratch/demanding.yaml"
  WXBENCH_HOME=$home "$wxbench" validate --runtime "$scratch/dying_on" --workload "$scratch/demanding.yaml" --mode on --mode off \
    --json "$scratch/demanded.json" >"$scratch/out"
}
demanded() {
  dies ran 0 && grep -q '^ENDED AS DEMANDED: .*, on, 10.0.99: killed by signal 25' "$scratch/out" && dies signal 25 &&
    "$wxbench" report "$scratch/demanded.json" --format junit | grep -q 'failures="0"'
}
not_as_demanded() { ! dies signal 9 && grep -q '^NOT MET: .* expected = 9, measured 25$' "$scratch/out" && ! dies ran 1 && ! dies status 3; }
claim on_dies_and_off_runs_can_be_demanded demanded
claim another_end_than_the_demanded_one_fails not_as_demanded

refused a_matrix_measures_no_times 'expected no --repeat and no --fidelity' plainly counting --repeat 2
: >"$scratch/file"
rows=$scratch/file
refused a_folder_that_is_none_is_named "cannot keep the rows in '$scratch/file': Not a directory" plainly counting
tap_end
