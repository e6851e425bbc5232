#!/usr/bin/env bash
# Arrows point one way: a folder of harness/ includes only what its line here permits, and a line permits only folders of earlier
# lines. CONTRIBUTING.md draws the same.
# shellcheck disable=SC2317 # the functions are called through claim
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh

floors='os:
codegen:
stats:
strategy: os stats
static: os
measure: os stats
clr: os codegen strategy
attribution: os stats measure
reclaim: os stats measure
trace: os stats strategy measure
probe: os codegen stats measure
scenario: os codegen stats strategy measure clr reclaim trace probe
output: os stats measure attribution reclaim trace probe scenario
bench: os codegen stats strategy measure attribution reclaim scenario output
session: os stats clr probe scenario output
cli: os stats strategy measure clr attribution reclaim trace scenario output bench session'

permits_only_earlier_lines() {
  local folder permitted seen=' ' one
  while IFS=: read -r folder permitted; do
    for one in $permitted; do
      [[ $seen = *" $one "* ]] || { echo "$folder: $one" && return 1; }
    done
    seen+="$folder "
  done <<<"$floors"
}
claim no_line_permits_a_later_one permits_only_earlier_lines

has_a_line() { for folder in harness/*/; do grep -q "^$(basename "$folder"):" <<<"$floors" || [ "$folder" = harness/preload/ ] || { echo "$folder" && return 1; }; done; }
claim every_folder_has_a_line has_a_line

# includes FOLDER: the folders that its files name in includes, one a line.
includes() { sed -nE 's/^ *#include "([a-z_]+)\/.*/\1/p' "harness/$1"/*.[ch] | sort -u; }

is_permitted() {
  local folder permitted one
  while IFS=: read -r folder permitted; do
    for one in $(includes "$folder"); do
      [[ " $folder $permitted " = *" $one "* ]] || { grep -n "#include \"$one/" "harness/$folder"/*.[ch] && return 1; }
    done
  done <<<"$floors"
}
claim every_folder_includes_what_is_permitted is_permitted
is_used() {
  local folder permitted one
  while IFS=: read -r folder permitted; do
    for one in $permitted; do
      includes "$folder" | grep -qx "$one" || { echo "$folder no longer includes $one" && return 1; }
    done
  done <<<"$floors"
}
claim nothing_is_permitted_that_is_not_used is_used

outside() { ! grep -n '#include "[a-z]*/' harness/preload/*.[ch] | grep -vE '"(preload|trace/(trace_format|encode)\.h)'; }
claim the_preloads_know_of_the_house_how_traces_are_written outside

# Below the verbs nothing knows a command line or an exit status of the program, or writes to a standard stream.
knows_no_verb() { ! grep -nE 'argp|WX_EXIT_|WxOptions\b|\bprintf\(|\bputs\(|\bstdout\b' harness/{bench,session,output,scenario}/*.[ch] | grep -v freopen; }
claim reporters_benchmarks_and_sessions_know_no_verb knows_no_verb
tap_end
