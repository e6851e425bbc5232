#!/usr/bin/env bash
# Verbs on a terminal of 80 columns: no line of a table is wider, and what is piped or asked for by --format is as before.
# Every kind of document is held in unit/narrow_test.c.
# shellcheck disable=SC2317 # the functions are called through claim
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
type -P script >/dev/null || { echo 'no script here (Debian: bsdutils), which gives a command a terminal' && exit 77; }

# terminal COLUMNS WORD...: what wxbench prints on such a terminal, without its progress.
terminal() {
  env -u COLUMNS script -qec "stty cols $1; $(printf '%q ' "$wxbench" "${@:2}") 2>/dev/null" /dev/null </dev/null | tr -d '\r' >"$scratch/narrow"
}
# wider COLUMNS: lines that are.
wider() { LC_ALL=C.UTF-8 awk -v most="$1" 'length($0) > most' "$2"; }
fits() {
  terminal 80 "$@"
  [ -s "$scratch/narrow" ] && ! wider 80 "$scratch/narrow" | grep .
}
zstd -dcq scenarios/traces/regex-10.0.14.wxt.zst >"$scratch/recording.wxt"
"$wxbench" run release_retains --quiet --json "$scratch/base.json"
"$wxbench" run release_retains --strategy coreclr --quiet --json "$scratch/new.json" >/dev/null
while read -r verb words; do
  read -ra words <<<"${words//@/$scratch}"
  # What is not possible here is said on one line, which the terminal breaks.
  "$wxbench" "$verb" "${words[@]}" >/dev/null 2>"$scratch/err"
  if [ $? = 77 ]; then
    skip "${verb}_fits_80_columns" "$(tail -n 1 "$scratch/err")"
  else
    claim "${verb}_fits_80_columns" fits "$verb" "${words[@]}"
  fi
done <<'END'
list
run release_retains steady huge_shmem
replay @/recording.wxt
audit --smaps tests/fixtures/audit.smaps
explain 7f4000000000-7f4007ff6000 7f404c021000-7f4051b4c000
compare @/base.json @/new.json
report @/base.json --format table
probe
validate --workload hello
END
help_fits() {
  local verb
  {
    "$wxbench" --help
    for verb in $("$wxbench" --help | sed -nE 's/^  ([a-z]+) +[a-z].*/\1/p'); do "$wxbench" help "$verb"; done
  } >"$scratch/help"
  [ "$(grep -c '^Usage: ' "$scratch/help")" -gt 10 ] && ! wider 80 "$scratch/help" | grep .
}
claim help_fits_80_columns help_fits
pipe_is_whole() { "$wxbench" run release_retains 2>/dev/null | grep -q '^scenario .* expectations$'; }
claim what_is_piped_keeps_its_width pipe_is_whole
stated() { COLUMNS=60 "$wxbench" list strategies >"$scratch/stated" && ! wider 60 "$scratch/stated" | grep .; }
claim columns_state_the_width stated
a_wide_one_is_whole() { terminal 400 list strategies && "$wxbench" list strategies | diff - "$scratch/narrow"; }
claim a_wide_terminal_shows_what_a_pipe_does a_wide_one_is_whole
formats_are_whole() {
  local format
  for format in csv markdown gab; do
    "$wxbench" report "$scratch/base.json" --format "$format" >"$scratch/piped"
    terminal 80 report "$scratch/base.json" --format "$format"
    diff "$scratch/piped" "$scratch/narrow" || return
  done
}
claim a_format_keeps_everything formats_are_whole
tap_end
