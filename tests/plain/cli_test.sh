#!/usr/bin/env bash
# The command line of every verb: help, exit statuses, one line per fault, what goes to stdout.
set -u
. tests/support/tap.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/base.json" <<'JSON'
{"schema":"wxbench/1","kind":"run","context":{"command":"wxbench run steady"},"results":[
 {"scenario":"steady","strategy":"coreclr","metrics":{"retained_bytes":4096,"wall_ns":5},"samples":[
  {"round":0,"step":"start","allocated_bytes":0},{"round":0,"step":"end","allocated_bytes":null}]}]}
JSON
sed 's/4096/4097/' "$work/base.json" >"$work/worse.json"
sed 's/4096/4095/' "$work/base.json" >"$work/better.json"
head -c 150 "$work/base.json" >"$work/cut.json"
sed 's,wxbench/1,wxbench/9,' "$work/base.json" >"$work/schema.json"
: >"$work/empty.json"

# exits STATUS COMMAND...: the command ends with that status; its output is thrown away.
exits() {
  local wanted=$1 status
  shift
  "$@" >/dev/null 2>&1 </dev/null
  status=$?
  [ "$status" = "$wanted" ] || { echo "exit $status of: $*"; return 1; }
}
# prints PATTERN COMMAND...: the command succeeds and its stdout matches.
prints() {
  local pattern=$1 output
  shift
  output=$("$@" 2>/dev/null </dev/null) && [[ $output =~ $pattern ]] || { echo "$output"; return 1; }
}
same_figures() { # the two differ in nothing but their context
  diff <(sed '/"context"/,/^  }/d' "$1") <(sed '/"context"/,/^  }/d' "$2")
}

claim help_lists_the_verbs prints 'Usage: wxbench VERB.*compare.*report.*Example:' "$wxbench" --help
claim version_is_printed prints '^wxbench [0-9]+\.[0-9]+\.[0-9]+$' "$wxbench" --version
refused no_verb_is_one_line 'no verb given; expected' "$wxbench"
refused an_unknown_verb_names_a_near_one "unknown verb 'comprae'; did you mean 'compare'\?" "$wxbench" comprae
refused an_option_before_the_verb_is_one_line "unknown option '--json'; a verb comes first" "$wxbench" --json x
refused help_on_an_unknown_verb_is_one_line "unknown verb 'repotr'; did you mean 'report'" "$wxbench" help repotr

verbs=$("$wxbench" --help | sed -n 's/^  \([a-z]\{2,\}\) .*/\1/p')
claim there_are_verbs test "$(wc -w <<<"$verbs")" -ge 2
for verb in $verbs; do
  claim "${verb}_help_has_an_example" prints "Usage: wxbench $verb.*Example:.*wxbench " "$wxbench" "$verb" --help
  claim "help_${verb}_is_${verb}_help" diff <("$wxbench" help "$verb") <("$wxbench" "$verb" --help)
  refused "${verb}_names_an_unknown_option" "^wxbench $verb: unknown option '--bogus'" "$wxbench" "$verb" --bogus
  refused "${verb}_names_an_unknown_letter" "^wxbench $verb: unknown option '-%'" "$wxbench" "$verb" '-%'
  refused "${verb}_names_a_missing_value" "^wxbench $verb: option '--json' needs a value" "$wxbench" "$verb" --json
  refused "${verb}_names_a_needless_value" "^wxbench $verb: option '--quiet' takes no value" "$wxbench" "$verb" --quiet=1
  refused "${verb}_names_an_unknown_format" "^wxbench $verb: unknown format 'tabel'; did you mean 'table'" \
    "$wxbench" "$verb" --format tabel
  refused "${verb}_checks_its_json_file_first" "^wxbench $verb: --json: cannot write '/nonexistent/x.json'" \
    "$wxbench" "$verb" --json /nonexistent/x.json
  claim "${verb}_help_on_a_full_disk_is_2" exits 2 sh -c '"$0" "$1" --help >/dev/full' "$wxbench" "$verb"
done

compare=("$wxbench" compare)
claim nothing_worse_is_0 exits 0 "${compare[@]}" "$work/base.json" "$work/base.json"
claim better_is_0 exits 0 "${compare[@]}" "$work/base.json" "$work/better.json"
claim worse_is_1 exits 1 "${compare[@]}" "$work/base.json" "$work/worse.json"
claim worse_is_named prints 'retained_bytes *4,096 B *4,097 B.*worse' sh -c '"$@" || :' - "${compare[@]}" \
  "$work/base.json" "$work/worse.json"
refused a_cut_file_is_named_with_its_place 'cut.json:[0-9]+:[0-9]+: ' "${compare[@]}" "$work/cut.json" "$work/base.json"
refused an_empty_file_is_named_with_its_place 'empty.json:1:1: ' "${compare[@]}" "$work/base.json" "$work/empty.json"
refused another_schema_is_named "schema.json: schema: is 'wxbench/9', expected 'wxbench/1'" \
  "${compare[@]}" "$work/base.json" "$work/schema.json"
refused a_file_that_is_not_there_is_named 'none.json: No such file' "${compare[@]}" "$work/none.json" "$work/base.json"
refused a_folder_is_no_file 'Is a directory' "${compare[@]}" "$work" "$work/base.json"
impossible what_is_not_possible_here_is_77 'SKIP: .NET runtime 99.9.9 is not here' "$wxbench" validate --runtime 99.9.9
refused one_file_is_too_few 'expected two files.*but got 1' "${compare[@]}" "$work/base.json"
refused a_line_break_in_a_name_stays_one_line 'No such file' "${compare[@]}" $'a\nb' "$work/base.json"

pure=$("${compare[@]}" "$work/base.json" "$work/worse.json" --json - --format table 2>"$work/err")
claim json_on_stdout_is_alone test "${pure:0:1}${pure: -1}" = '{}'
claim json_on_stdout_says_nothing_else test ! -s "$work/err"
"${compare[@]}" "$work/base.json" "$work/worse.json" --json "$work/out.json" >"$work/table"
claim json_in_a_file_leaves_the_table test -s "$work/table"
claim both_ways_give_the_same_figures same_figures "$work/out.json" <(echo "$pure")
claim the_command_is_kept_as_typed grep -qF \
  "\"command\": \"wxbench compare $work/base.json '$work/a b.json' -q --json $work/typed.json\"" <(
  cp "$work/base.json" "$work/a b.json"
  "${compare[@]}" "$work/base.json" "$work/a b.json" -q --json "$work/typed.json" && cat "$work/typed.json")
claim quiet_prints_nothing test -z "$("${compare[@]}" -q "$work/base.json" "$work/worse.json" 2>&1)"
claim quiet_keeps_the_status exits 1 "${compare[@]}" -q "$work/base.json" "$work/worse.json"
claim quiet_with_a_format_prints_it test -n "$("${compare[@]}" -q --format csv "$work/base.json" "$work/base.json")"
claim no_progress_without_a_terminal test -z "$("${compare[@]}" "$work/base.json" "$work/base.json" 2>&1 >/dev/null)"

# on_full COMMAND...: with a full disk behind stdout.
on_full() { "$@" >/dev/full; }
on_closed() { "$@" >&-; }
# fails_once STATUS PATTERN COMMAND...: one line on stderr, whatever becomes of stdout.
fails_once() {
  local wanted=$1 pattern=$2 error status
  shift 2
  error=$({ "$@" 2>&1 >&3 3>&-; } 3>/dev/null </dev/null)
  status=$?
  [ "$status" = "$wanted" ] && [ "$(wc -l <<<"$error")" = 1 ] && [[ $error =~ $pattern ]] ||
    { echo "exit $status: $error"; return 1; }
}
claim a_full_stdout_is_one_line fails_once 2 "cannot write 'stdout': No space left" \
  on_full "${compare[@]}" "$work/base.json" "$work/base.json"
claim a_full_stdout_for_json_is_one_line fails_once 2 "cannot write 'stdout': No space left" \
  on_full "${compare[@]}" "$work/base.json" "$work/base.json" --json -
claim a_closed_stdout_is_one_line fails_once 2 "cannot write 'stdout': Bad file descriptor" \
  on_closed "${compare[@]}" "$work/base.json" "$work/base.json"
claim a_full_json_file_is_one_line fails_once 2 "cannot write '/dev/full': No space left" \
  "${compare[@]}" "$work/base.json" "$work/base.json" --json /dev/full
# A program without its sources says what it lacks and where it looked.
mkdir -p "$work/copied/bin"
cp "$wxbench" "$work/copied/bin"
copied() { (cd / && unset WXBENCH_HOME && "$work/copied/bin/wxbench" "$@"); }
lacking="cannot read the folder '[a-z/]*': No such file or directory; it is looked for in $work/copied, above the program's folder"
for verb in run list validate; do
  refused "a_copied_program_says_what_it_lacks_in_$verb" "^wxbench $verb: $lacking" copied "$verb"
done
refused a_copied_program_says_what_it_lacks_in_demo \
  "^wxbench demo: cannot start 'scripts/repro/run': No such file or directory; it is looked for in $work/copied, above .*; set WXBENCH_HOME=FOLDER" copied demo
copied_with_home() { WXBENCH_HOME=$work/empty-home "$work/copied/bin/wxbench" "$@"; }
refused a_home_without_scenarios_is_named "looked for in $work/empty-home, which WXBENCH_HOME names" copied_with_home list
mkdir -p "$work/copied/scenarios"
cp -r scenarios/workloads "$work/copied/scenarios"
impossible a_copied_program_says_what_is_not_built \
  "wxworkload.dll is not built; type: scripts/build-workloads \(it is looked for in $work/copied, above" copied bench modes
claim the_help_on_a_full_disk_is_2 fails_once 2 'cannot write to stdout' on_full "$wxbench" --help
cp "$work/base.json" "$work/kept.json"
(ulimit -f 0 && trap '' XFSZ && "${compare[@]}" -q "$work/base.json" "$work/worse.json" --json "$work/kept.json") 2>/dev/null
claim a_failed_write_is_2 test $? = 2
claim a_failed_write_keeps_the_old_file cmp "$work/base.json" "$work/kept.json"
claim nothing_half_written_is_left test -z "$(find "$work" -name '.*' -type f)"

report=("$wxbench" report)
claim report_is_markdown prints '^### .*steady.*\| ---: \|.*4\.0 KiB' "${report[@]}" "$work/base.json"
claim a_saved_result_becomes_csv prints 'round,step,t_ns.*steady,,coreclr,,,,0,end,,,,,' \
  "${report[@]}" "$work/base.json" --format csv
claim a_saved_result_becomes_junit prints '<testsuites name="wxbench run"' "${report[@]}" "$work/base.json" --format junit
mkdir "$work/folder" "$work/none"
cp "$work/base.json" "$work/folder/a.json"
echo '{"results":[]}' >"$work/folder/hyperfine.json"
claim a_folder_is_summarised prints 'a\.json.*hyperfine\.json: left out' "${report[@]}" "$work/folder"
cat >"$work/folder/whole.json" <<'END'
{"results": [
  {"command": "hello, on", "mean": 0.05, "stddev": 0.002, "median": 0.0495, "user": 0.03, "system": 0.01, "min": 0.048,
   "max": 0.06, "times": [0.048, 0.0495, 0.06], "exit_codes": [0, null, 3]},
  {"command": "hello, once", "mean": 0.05, "stddev": null, "median": 0.05, "user": 0.03, "system": 0.01, "min": 0.05, "max": 0.05,
   "times": [0.05], "exit_codes": [0]}]}
END
# Whole processes: how many runs, how many of them failed, and what they took.
hyperfine_row='\| hello, on \| 3 \| 2 \| 49\.5 ms \| 50\.0 ms \| 2\.0 ms \| 48\.0 ms \| 60\.0 ms \| 30\.0 ms \| 10\.0 ms \|'
claim what_hyperfine_measured_is_shown prints "a\.json.*$hyperfine_row.*\| hello, once \| 1 \| 0 \|.*whole\.json: measured by hyperfine" \
  "${report[@]}" "$work/folder"
claim a_file_of_hyperfine_alone_is_shown prints "$hyperfine_row" "${report[@]}" "$work/folder/whole.json"
refused a_file_of_another_program_is_no_result 'schema: expected' "${report[@]}" "$work/folder/hyperfine.json"
cp "$work/cut.json" "$work/folder/z.json"
refused a_damaged_file_in_a_folder_is_named 'folder/z.json:[0-9]+:[0-9]+: ' "${report[@]}" "$work/folder"
refused a_folder_without_results_is_named 'expected .json files' "${report[@]}" "$work/none"
refused a_folder_that_is_not_there_is_named 'nowhere: No such file' "${report[@]}" "$work/nowhere"
tap_end
