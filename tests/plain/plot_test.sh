#!/usr/bin/env bash
# The pictures say what the figures say.
set -u
. tests/support/tap.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if ! command -v gnuplot >/dev/null; then
  echo "gnuplot is not installed: scripts/bootstrap bench"
  exit 77
fi

shows() { # shows FILE TEXT...: the picture has each text
  local file=$1 text
  shift
  for text in "$@"; do
    grep -qF "$text" "$file" || { echo "no '$text' in $file"; return 1; }
  done
}

scripts/plot tests/fixtures/plot/retained.json "$work/out" >"$work/list" 2>"$work/err"
claim drawing_succeeds test $? = 0
claim drawing_is_silent_on_stderr test ! -s "$work/err"
claim each_workload_has_svg_and_png test "$(ls "$work"/out-*.svg "$work"/out-*.png | wc -l)" = 4
claim a_skipped_result_has_no_picture test ! -e "$work/out-dyn-10.0.14.svg"
claim retention_is_the_title shows "$work/out-asm-10.0.14.svg" \
  'Releasing code left 190 MiB in the memfd, 3 MiB of it in use; RSS does not show it' 'workload asm on .NET 10.0.14'
claim curves_are_labelled_with_their_last_figure shows "$work/out-asm-10.0.14.svg" 'W^X on 190' 'W^X off 0' 'all about 84'
claim a_live_program_is_not_called_retained shows "$work/out-keep-10.0.14.svg" \
  'The memfd follows what is live: 65.5 MiB at the end'
claim what_is_unknown_is_not_drawn_as_zero shows "$work/out-keep-10.0.14.svg" 'W^X on n/a'
claim what_is_unknown_of_its_origin_is_said shows "$work/out-asm-10.0.14.svg" 'no date on an unknown kernel'
jq '.context = {date: "2026-01-02T03:04:05Z", kernel: "Linux 6.1.0 x86_64", cpu: "A \"fast\" one", cpus: 4, wxbench_version: "0.9.1"}' \
  tests/fixtures/plot/retained.json >"$work/told.json"
COLUMNS=40 scripts/plot "$work/told.json" "$work/told" >/dev/null
claim small_print_has_date_kernel_machine_and_version shows "$work/told-asm-10.0.14.svg" \
  '2026-01-02T03:04:05Z on Linux 6.1.0 x86_64, A fast one (4 CPUs), wxbench 0.9.1<'
claim a_png_is_a_png test "$(head -c 4 "$work/out-asm-10.0.14.png" | tail -c 3)" = PNG

# One mode did not get to its end: it is drawn as far as it went, says so, and cuts nothing off the others.
jq '(.results[] | select(.workload == "asm" and .mode == "on")) |=
  (.samples |= map(select(.step == "start" or .step == "generated")) | .metrics = null | .ended = {how: "signal", signal: 9, text: "killed"})' \
  tests/fixtures/plot/retained.json >"$work/cut.json"
claim a_run_that_was_cut_off_is_drawn scripts/plot "$work/cut.json" "$work/cut"
claim a_run_that_was_cut_off_says_so shows "$work/cut-asm-10.0.14.svg" 'W^X on did not run to its end: 1 MiB' 'W^X on, cut off' 'W^X off 0' '>end<'

# Strategies side by side.
scripts/plot tests/fixtures/plot/strategies.json "$work/lab" >"$work/list" 2>"$work/err"
claim drawing_strategies_succeeds test $? = 0
claim drawing_strategies_is_silent_on_stderr test ! -s "$work/err"
claim what_the_file_has_is_drawn test "$(sed "s|$work/||" "$work/list" | tr '\n' ' ')" = \
  'lab-scatter.svg lab-scatter.png lab-size.svg lab-size.png lab-second_thread.svg lab-second_thread.png lab-writers.svg lab-writers.png '
claim the_scatter_has_classes_and_names shows "$work/lab-scatter.svg" 'W+X page' 'never writable' '>coreclr<' '>lean<' '>dual<' '>rwx<' ' / coreclr'
claim what_was_skipped_or_did_other_work_is_in_no_picture sh -c '! grep -qE "pkey|libffi|coreclr again" "$1"-*.svg' - "$work/lab"
claim sizes_have_a_curve_each shows "$work/lab-size.svg" '>lean<' '>rwx<' 'KiB of the block'
claim two_works_have_two_bars shows "$work/lab-writers.svg" 'one writer' 'two writers' '>lean<'
jq '.results |= map(select(.workload == "block_cycle"))' tests/fixtures/plot/strategies.json >"$work/one.json"
claim a_file_with_one_work_has_its_picture test "$(scripts/plot "$work/one.json" "$work/one" | wc -l)" = 2

echo '{"schema":"wxbench/1","kind":"run","context":{},"results":[]}' >"$work/empty.json"
refused no_samples_is_one_line 'expected samples' scripts/plot "$work/empty.json" "$work/x"
refused no_file_is_one_line 'none.json: No such file' scripts/plot "$work/none.json" "$work/x"
refused no_arguments_is_one_line 'expected RESULT.json OUT_BASENAME' scripts/plot
refused an_unwritable_place_is_one_line 'cannot write' scripts/plot tests/fixtures/plot/retained.json /proc/nowhere/x
refused no_folder_is_made 'no folder' scripts/plot tests/fixtures/plot/retained.json "$work/none/x"
refused results_that_cannot_be_kept_are_known_first 'cannot make the folder' scripts/bench "$work/err/x"
tap_end
