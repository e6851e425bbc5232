#!/usr/bin/env bash
# wxbench report DIR: the page needs nothing but itself and is for everyone; the issue has what was measured and nothing else.
# shellcheck disable=SC2317,SC2016 # functions are called through claim; what stands in single quotes is for jq or awk
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
folder=$scratch/folder
page=$folder/report.html
mkdir "$folder"

# result WORKLOAD MODE RETAINED: a run on .NET 10.0.99 whose memfd ends with 3 MiB more than that.
result() {
  jq -n --arg workload "$1" --arg mode "$2" --argjson retained "$3" '{workload: $workload, mode: $mode, runtime: "10.0.99",
    metrics: {live_peak_bytes: 5242880, retained_bytes: $retained}, expectations: [],
    samples: [{round: 0, step: "start", t_ns: 0, allocated_bytes: 1048576, orphaned_bytes: 0, rss_bytes: 7340032},
      {round: 1, step: "end", t_ns: 2000000000, allocated_bytes: ($retained + 3145728), orphaned_bytes: $retained, rss_bytes: 11534336}]}'
}
# document COMMAND: the results on standard input as a document of validate.
document() {
  jq -s --arg command "$1" '{schema: "wxbench/1", kind: "validate", context: {command: $command, date: "2026-01-02T03:04:05Z", kernel: "Linux 6.0",
    cpu: "a processor", cpus: 2, wxbench_version: "0.1.0"}, results: .}'
}
{ result asm on 13631488; result asm off 0; result 'a<b>"&' on 2097152; } | document "wxbench validate --workload '<asm>'" >"$folder/one.json"
contains() { grep -qF -- "$1" "$page" || { echo "no $1 in the page"; return 1; }; }
lacks() { ! grep -qiE -- "$1" "$page"; }
counts() { [ "$(grep -oF -- "$2" "$page" | wc -l)" = "$1" ] || { echo "not $1 times $2"; return 1; }; }

claim a_folder_is_reported "$wxbench" report -q "$folder"
claim the_question_and_the_answer_come_first contains \
  'With W^X on, up to 13.0 MiB stay allocated and mapped nowhere (asm, 10.0.99); mode off: at most 0 B.'
claim each_workload_on_a_runtime_has_a_plot counts 2 '<svg role="img"'
claim a_plot_says_what_it_shows contains 'aria-label="memfd of asm on .NET 10.0.99; mode on ends at 16.0 MiB; mode off ends at 3.0 MiB"'
claim text_of_files_is_no_markup contains 'a&lt;b&gt;&quot;&amp;'
claim no_markup_of_files_is_in_it lacks '<b>|<asm>'
claim it_runs_nothing_and_asks_nobody lacks '<script|javascript:|src=|https?://|url\(|@import|<iframe|<object'
claim it_permits_nothing_either contains "default-src 'none'"
claim it_names_its_language contains '<html lang="en">'
claim heads_of_columns_are_marked contains '<th scope="col"'
claim wide_tables_are_reached_by_keyboard contains 'role="region" tabindex="0" aria-label='
claim it_is_light_and_dark contains '@media (prefers-color-scheme:dark)'
claim it_is_for_paper contains '@media print'
claim the_machine_and_the_command_are_there contains "one.json: wxbench validate --workload '&lt;asm&gt;'"
raw_data() { sed -n '/<pre>\[/,/\]<\/pre>/p' "$page" | sed 's/^.*<pre>//; s/<\/pre>.*//; s/&lt;/</g; s/&gt;/>/g; s/&quot;/"/g; s/&amp;/\&/g' | jq -e --slurpfile file "$folder/one.json" '. == $file[0].results' >/dev/null; }
claim the_raw_data_is_whole raw_data
# Of every pair of colours: at least 4.5 to 1 by the formula of WCAG 2.
contrast() {
  grep -oE -- '--(ground|ink|soft|m[0-3]):#[0-9a-f]+' "$page" | awk -F: '
    function hexadecimal(two) { return 16 * (index("0123456789abcdef", substr(two,1,1)) - 1) + index("0123456789abcdef", substr(two,2,1)) - 1 }
    function part(hex) { v = hexadecimal(hex) / 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ^ 2.4 }
    function light(c) { if (length(c) == 4) c = "#" substr(c,2,1) substr(c,2,1) substr(c,3,1) substr(c,3,1) substr(c,4,1) substr(c,4,1)
      return 0.2126 * part(substr(c,2,2)) + 0.7152 * part(substr(c,4,2)) + 0.0722 * part(substr(c,6,2)) }
    $1 == "--ground" { ground = light($2); next }
    { other = light($2); high = ground > other ? ground : other; low = ground > other ? other : ground; ++seen
      if ((high + 0.05) / (low + 0.05) < 4.5) { print "too little contrast: " $0; bad = 1 } }
    END { exit bad || seen != 12 }'
}
claim every_colour_has_enough_contrast contrast
markdown() { grep -q '^With W^X on, up to 13.0 MiB' "$folder/report.md" && grep -q '^### one.json' "$folder/report.md" && grep -q '^## Method and machine' "$folder/report.md"; }
claim the_same_is_there_as_markdown markdown
same_again() { cp "$page" "$scratch/first" && "$wxbench" report "$folder" -q && cmp "$scratch/first" "$page"; }
claim the_same_files_make_the_same_page same_again
written_nowhere() {
  mkdir "$scratch/alone" && cp "$folder/one.json" "$scratch/alone" && "$wxbench" report -q "$scratch/alone/one.json" && [ "$(ls "$scratch/alone")" = one.json ]
}
claim one_file_alone_makes_no_page written_nowhere

### The issue

issue() {
  "$wxbench" report "$folder" --issue >"$scratch/issue" || return
  grep -qF "$1" "$scratch/issue" || { cat "$scratch/issue"; return 1; }
}
claim an_issue_has_the_rows issue '| asm | 10.0.99 | on | 5.0 MiB | 16.0 MiB | 13.0 MiB | 11.0 MiB |'
claim an_issue_names_command_and_machine issue '2026-01-02T03:04:05Z, Linux 6.0; a processor, 2 cpus; wxbench 0.1.0'
nothing_else() { # Every number in it is one of a row, of the answer, of the machine, or of a version.
  ! grep -oE '[0-9]+(\.[0-9]+)? (MiB|KiB|B)\b' "$scratch/issue" | sort -u | grep -vxE '5\.0 MiB|16\.0 MiB|13\.0 MiB|11\.0 MiB|3\.0 MiB|2\.0 MiB|0 B'
}
claim an_issue_has_no_other_number nothing_else
mkdir "$scratch/simulated" && "$wxbench" run -q steady --set rounds=2 --json "$scratch/simulated/run.json"
refused an_issue_takes_real_runs 'expected results of validate for an issue' "$wxbench" report "$scratch/simulated" --issue
no_real_run() { "$wxbench" report -q "$scratch/simulated" && grep -q 'No run of a real runtime with W^X on is among these results' "$scratch/simulated/report.html"; }
claim a_page_without_real_runs_says_so no_real_run
refused an_issue_is_of_a_folder 'expected a folder with --issue' "$wxbench" report "$folder/one.json" --issue
mkdir "$scratch/taken" "$scratch/taken/report.html" && cp "$folder/one.json" "$scratch/taken"
refused a_page_that_cannot_be_written_is_named "cannot write '$scratch/taken/report.html'" "$wxbench" report "$scratch/taken"

### In a browser

if ! browser=$(command -v chromium); then
  skip a_browser_shows_it "no chromium; optional, type: scripts/bootstrap browser"
  tap_end
fi
# shot WIDTH: what the browser says goes to $scratch/said, the picture to $scratch/WIDTH.png.
shot() {
  HOME=$scratch timeout 100 "$browser" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --disable-background-networking \
    --user-data-dir="$scratch/profile" --enable-logging=stderr --window-size="$1,1200" --screenshot="$scratch/$1.png" "file://$page" >"$scratch/said" 2>&1
  if [ -s "$scratch/$1.png" ] && ! grep -q CONSOLE "$scratch/said"; then return; fi
  tail -n 5 "$scratch/said"
  return 1
}
shot 1200 || { [ -s "$scratch/1200.png" ] || { skip a_browser_shows_it "chromium does not start here"; tap_end; }; }
claim a_browser_shows_it_on_a_screen_without_a_complaint shot 1200
claim a_browser_shows_it_on_a_telephone_without_a_complaint shot 390
tap_end
