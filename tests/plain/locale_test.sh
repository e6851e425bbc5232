#!/usr/bin/env bash
# What is made, drawn and printed does not depend on the language of who does it.
# shellcheck disable=SC2317 # the functions are called through claim
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
# shellcheck source=tests/support/locale.sh
. tests/support/locale.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Order, numbers and letters of a script are those of no language.
scripts_have_no_language() {
  local script
  ! for script in scripts/* scripts/*/* packaging/*; do
    [ "$(head -c 3 "$script" 2>/dev/null)" != '#!/' ] || grep -qE '^export (.* )?LC_ALL=C( |$)' "$script" || echo "$script"
  done | grep .
}
claim scripts_have_no_language scripts_have_no_language
foreign_locale "$scratch/locales" || { skip nothing_depends_on_the_language 'no localedef or no sources of locales here' && tap_end; }

# same NAME COMMAND...: prints the same in both.
same() {
  env LC_ALL=C "$@" >"$scratch/own" 2>&1
  env "${foreign[@]}" "$@" >"$scratch/foreign" 2>&1
  [ -s "$scratch/own" ] && diff "$scratch/own" "$scratch/foreign"
}
mkdir "$scratch/manual"
manual_is_the_same() {
  env "${foreign[@]}" make -s -o build/wxbench MANUAL="$scratch/manual" "$scratch/manual/made" >"$scratch/said" 2>&1 || { cat "$scratch/said" && return 1; }
  diff -r --exclude=server build/manual "$scratch/manual"
}
if [ -f build/manual/made ]; then claim manual_and_completions_are_the_same manual_is_the_same; else skip manual_is_the_same 'not built; type: make tests'; fi
claim the_strategies_are_the_same same make -s --eval='shown: ; @echo "$(STRATEGIES)"' shown
claim what_is_installed_is_the_same same packaging/install list
claim a_report_is_the_same same "$wxbench" report tests/fixtures/plot/retained.json --format table
claim a_help_is_the_same same "$wxbench" help bench
draws_the_same() {
  scripts/plot tests/fixtures/plot/retained.json "$scratch/plot" >/dev/null && mkdir "$scratch/drawn" && mv "$scratch"/plot* "$scratch/drawn" &&
    env "${foreign[@]}" scripts/plot tests/fixtures/plot/retained.json "$scratch/plot" >/dev/null || return
  for picture in "$scratch"/drawn/*.svg; do cmp "$picture" "$scratch/$(basename "$picture")" || return; done
}
if type -P gnuplot >/dev/null; then claim a_plot_is_the_same draws_the_same; else skip a_plot_is_the_same 'no gnuplot here'; fi
# A step of action.yml.
runs_the_same() {
  mkdir -p "$scratch/temp" && : >"$scratch/output"
  env "${foreign[@]}" WXBENCH_PROGRAM="$PWD/$wxbench" WXBENCH_SCENARIOS=steady WXBENCH_BASELINE='' WXBENCH_GATES='expectations counters' \
    RUNNER_TEMP="$scratch/temp" GITHUB_OUTPUT="$scratch/output" scripts/action run >"$scratch/said" 2>&1 && grep -q '^json=' "$scratch/output" ||
    { cat "$scratch/said" && return 1; }
}
claim a_step_of_the_action_runs runs_the_same
tap_end
