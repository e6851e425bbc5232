#!/usr/bin/env bash
# What users write is what docs/ says: its tables are those of the program, its examples run, and it has few words of its own.
# WXBENCH names another program: names that it has and docs/ has not fail by name.
# shellcheck disable=SC2317,SC2016 # the functions are called through claim; back quotes are those of Markdown
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# shellcheck source=tests/support/fake.sh
. tests/support/fake.sh

# names SECTION: what `wxbench list` has there.
names() { "$wxbench" list "$1" --json - | jq -r '.results[].name'; }
# rows SECTION: the rows of its table, as the page has to have them.
rows() { "$wxbench" list "$1" --format markdown | grep '^|'; }
# stands SECTION: whether the page has that table, behind the command that prints it.
stands() { diff <(rows "$1") <(awk -v command="list $1\`" '
  index($0, command) { found = 1 }
  found && /^\|/ { inside = 1; print; next }
  inside { exit }' docs/scenarios.md); }
for section in keys modes actions operators metrics samples needs options; do
  claim "the_page_has_all_${section}_of_the_program" stands "$section"
done

# each_is_named SECTION PAGE FORM: each name of the section stands in the page in that form (printf).
each_is_named() {
  local name lacking=0
  while read -r name; do
    # shellcheck disable=SC2059 # the form is the format
    grep -qF -- "$(printf "$3" "$name")" "$2" || { echo "$2 does not have $1 '$name'" && lacking=1; }
  done < <(names "$1")
  return "$lacking"
}
claim each_format_is_in_its_page each_is_named formats docs/results.md '| %s |'
claim each_freezer_is_in_its_page each_is_named freezers docs/reclaim.md '| `--freeze %s` |'
# strategies_with_a_row: those of the page are those of the program.
strategies_with_a_row() {
  diff <(names strategies | LC_ALL=C sort) <(sed -n 's/^| `\([^`]*\)` |.*/\1/p' docs/strategies.md | LC_ALL=C sort)
}
claim each_strategy_has_a_row_in_its_page strategies_with_a_row
claim each_model_is_in_its_page each_is_named models docs/model.md '%s'
claim each_workload_is_in_its_page each_is_named workloads scenarios/dotnet/README.md '| `%s` |'
# verbs: README names each where it lists them.
verbs() {
  local verb lacking=0
  while IFS= read -r verb; do
    sed -n '/^`wxbench help VERB` explains/,/^$/p' README.md | grep -qw -- "$verb" || { echo "README.md does not have verb '$verb'" && lacking=1; }
  done < <("$wxbench" --describe | awk -F '\t' '$1 == "verb" { print $2 }')
  return "$lacking"
}
claim each_verb_is_in_the_readme verbs
benchmarks() {
  local name lacking=0
  while read -r name; do
    grep -rqE -- "wxbench bench( [a-z]+)* $name\b" README.md docs || { echo "no page has 'wxbench bench $name'" && lacking=1; }
  done < <("$wxbench" --describe | awk -F '\t' '$1 == "verb" { verb = $2 } $1 == "arguments" && verb == "bench" { gsub(/\|/, "\n"); sub(/\.\.\.$/, ""); sub(/^arguments\t/, ""); print }')
  return "$lacking"
}
claim each_benchmark_is_in_a_page benchmarks
metrics() {
  local name lacking=0
  while read -r name; do
    grep -qF "\`$name\`" docs/audit.md || { echo "docs/audit.md does not have the metric '$name'" && lacking=1; }
  done < <("$wxbench" audit $$ --prom | sed -n 's/^# HELP \([^ ]*\) .*/\1/p')
  return "$lacking"
}
claim each_metric_of_prometheus_is_in_its_page metrics

# The examples: block N of the page in that language.
block() { awk -v wanted="$2" -v fence="\`\`\`$1" '$0 == fence { inside = ++count == wanted; next } /^```$/ { inside = 0 } inside' docs/scenarios.md; }
runs() {
  if "$wxbench" run "$scratch/$1.yaml" --json "$scratch/$1.json" >"$scratch/out" 2>&1 &&
    jq -e '[.results[].expectations[].ok] | length > 1 and all' "$scratch/$1.json" >/dev/null; then return; fi
  cat "$scratch/out" && false
}
count=$(grep -c '^```yaml$' docs/scenarios.md)
for ((n = 1; n <= count; ++n)); do
  block yaml "$n" >"$scratch/$n.yaml"
  claim "example_${n}_of_a_scenario_runs" runs "$n"
done
block sh 1 >"$scratch/program.sh"
# Looked at is the process that has the runtime; here the example is that runtime.
fake example <"$scratch/program.sh"
says_its_steps() {
  WXBENCH_HOME=$home "$wxbench" validate --runtime "$scratch/example" --workload hello --mode on --json "$scratch/steps.json" >"$scratch/out" 2>&1
  if jq -e '[.results[0].samples[] | "\(.round) \(.step)"] == ["0 start", "0 generated", "0 collected", "1 generated", "1 collected", "2 end"]' \
    "$scratch/steps.json" >/dev/null; then return; fi
  cat "$scratch/out" && false
}
claim the_example_of_the_step_protocol_says_its_steps says_its_steps
claim it_runs_alone bash "$scratch/program.sh"

words() { [ "$(sed -n '/^## Words$/,$p' docs/README.md | grep -c '^| [^-w|]')" -le 20 ]; }
claim the_glossary_has_at_most_20_words words
pages() { diff <(find docs -name "*.md" ! -name README.md -printf "%f\n" | sort) <(grep -o '([a-z-]*\.md)' docs/README.md | tr -d '()' | sort); }
claim the_list_of_pages_has_each_page pages
tap_end
