#!/usr/bin/env bash
# action.yml, run as a runner runs it: inputs with their defaults, expressions replaced, each step by bash as it is called there,
# outputs read from a file, a failed step ends the job but for what has `if: always()`.
# shellcheck disable=SC2317 # the functions are called through claim
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# rows: of action.yml, which has one line a value: `input NAME DEFAULT`, `output NAME VALUE`, `step` and, of each, `NAME VALUE`.
awk '
  function text(line) { sub(/^[^:]*: */, "", line); if (line ~ /^\x27.*\x27$/) line = substr(line, 2, length(line) - 2); return line }
  function key(line) { gsub(/^[ -]*|:.*/, "", line); return line }
  /^ *#/ || /^$/ { next }
  /^[a-z]/ { part = key($0); next }
  part == "inputs" && /^  [a-z]/ { name = key($0) }
  part == "inputs" && /^    default:/ { print "input\t" name "\t" text($0) }
  part == "outputs" && /^  [a-z]/ { name = key($0) }
  part == "outputs" && /^    value:/ { print "output\t" name "\t" text($0) }
  part == "runs" && /^    - / { print "step" }
  part == "runs" && /^        [A-Z]/ { print "env\t" key($0) "\t" text($0); next }
  part == "runs" && /^    (-|  [a-z])/ { print key($0) "\t" text($0) }' action.yml >"$scratch/rows"

declare -A value # of what an expression names
# resolved TEXT: with its expressions replaced; what is not known is empty, as a runner has it.
resolved() {
  local text=$1 name
  while [[ $text =~ \$\{\{\ *([a-z_.]+)\ *\}\} ]]; do
    name=${BASH_REMATCH[1]}
    text=${text//"${BASH_REMATCH[0]}"/"${value[$name]-}"}
  done
  printf '%s' "$text"
}
# run_step: that of `step`, an array of what it says, and `env`.
run_step() {
  [ -n "${step[run]-}" ] || return 0
  [ "$job" = 0 ] || [ "${step[if]-}" = 'always()' ] || return 0
  printf '%s\n' "${step[run]}" >"$scratch/step.sh"
  : >"$scratch/output"
  (cd "$scratch/workspace" && env "${env[@]}" GITHUB_ACTION_PATH="$top" GITHUB_OUTPUT="$scratch/output" RUNNER_TEMP="$scratch/temp" \
    GITHUB_STEP_SUMMARY="$scratch/summary" bash --noprofile --norc -eo pipefail "$scratch/step.sh") >>"$scratch/said" 2>&1 || job=1
  while IFS='=' read -r name text; do value[steps.${step[id]-}.outputs.$name]=$text; done <"$scratch/output"
}
top=$PWD
# action NAME=VALUE...: runs it with these inputs; `job` is 0 where it ended well.
action() {
  local kind name text
  local -A step=()
  local env=()
  value=()
  job=0
  rm -rf "$scratch"/{workspace,temp,said,summary}
  mkdir "$scratch"/{workspace,temp}
  [ ! -e "$scratch/base.json" ] || cp "$scratch/base.json" "$scratch/workspace"
  while IFS=$'\t' read -r kind name text; do [ "$kind" != input ] || value[inputs.$name]=$text; done <"$scratch/rows"
  for text in "$@"; do value[inputs.${text%%=*}]=${text#*=}; done
  while IFS=$'\t' read -r kind name text; do
    case $kind in
    input | output) ;;
    step) run_step && step=() env=() ;;
    env) env+=("$name=$(resolved "$text")") ;;
    *) step[$kind]=$name ;;
    esac
  done < <(cat "$scratch/rows" && echo step)
  while IFS=$'\t' read -r kind name text; do [ "$kind" != output ] || value[outputs.$name]=$(resolved "$text"); done <"$scratch/rows"
}
ends() {
  [ "$job" = "$1" ] && return
  cat "$scratch/said"
  return 1
}

thin() { [ "$(grep -c ' run: ' action.yml)" = 4 ] && ! grep ' run: ' action.yml | grep -v "'\"\$GITHUB_ACTION_PATH/scripts/action\" [a-z]*'\$"; }
claim every_step_is_a_call_of_a_script thin

program=program=$top/$wxbench
action scenarios='release_retains steady' "$program"
claim it_ends_well_where_expectations_are_met ends 0
has_outputs() {
  grep -q '^| release_retains | coreclr |' "${value[outputs.summary]}" && grep -q '<testcase classname="steady, rwx"' "${value[outputs.junit]}" &&
    jq -e '.kind == "run" and (.results | length) == 8' "${value[outputs.json]}" >/dev/null
}
claim outputs_are_summary_junit_and_json has_outputs
claim the_summary_stands_in_the_job cmp "$scratch/summary" "${value[outputs.summary]}"
claim nothing_lies_in_the_workspace test -z "$(ls "$scratch/workspace")"

jq '(.results[] | select(.strategy == "coreclr+punch") | .metrics.syscalls.total) -= 1' "${value[outputs.json]}" >"$scratch/base.json"
action scenarios='release_retains steady' baseline=base.json "$program"
claim a_counter_that_got_worse_fails ends 1
claim it_says_which_gate grep -q '^::error title=wxbench::not met: counters' "$scratch/said"
compared() { grep -q 'syscalls.total .* worse' "${value[outputs.summary]}" && grep -q '<failure' "${value[outputs.junit]}"; }
claim the_reports_are_written_where_it_fails compared
action scenarios='release_retains steady' baseline=base.json gates=expectations "$program"
claim a_gate_that_is_not_asked_for_fails_nothing ends 0
action scenarios=release_retains baseline=none.json "$program"
first_run() { ends 0 && grep -q '^::notice title=wxbench::no baseline' "$scratch/said"; }
claim a_first_run_has_no_baseline first_run

sed '/^expect:/,$d' scenarios/release_retains.yaml >"$scratch/false.yaml"
printf 'expect:\n  - {strategy: rwx, metric: retained_bytes, op: ge, value: 1}\n' >>"$scratch/false.yaml"
action scenarios="$scratch/false.yaml" "$program"
claim an_expectation_that_is_not_met_fails ends 1
action scenarios=$'steady\n'"$scratch/false.yaml"$'\n' gates=$'counters\nexpectations\n' "$program"
claim a_list_may_have_lines ends 1
all_have_run() { jq -e '[.results[].scenario] | index("steady") and index("release_retains")' "${value[outputs.json]}" >/dev/null; }
claim every_line_of_a_list_is_run all_have_run
action scenarios="$scratch/false.yaml" gates=none "$program"
claim without_gates_it_only_shows ends 0

# is_one_error PATTERN
is_one_error() { ends 1 && [ "$(grep -c '^::error' "$scratch/said")" = 1 ] && grep -q "^::error title=wxbench::.*$1" "$scratch/said"; }
action scenarios=nothing "$program"
claim an_unknown_scenario_is_one_line is_one_error "'nothing'"
action scenarios=no%0Athing "$program"
claim what_a_runner_would_read_as_an_escape_is_one is_one_error "'no%250Athing'"
action gates=sometimes "$program"
claim an_unknown_gate_is_one_line is_one_error "'sometimes'"
action program=/nowhere/wxbench
claim a_program_that_is_not_there_is_one_line is_one_error "'/nowhere/wxbench' is no wxbench"
action scenarios='$(touch pwned) `touch pwned`; touch pwned' "$program"
claim inputs_are_words_and_no_commands test ! -e "$scratch/workspace/pwned"
tap_end
