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
claim a_plot_says_what_it_shows contains 'aria-label="memfd of asm on .NET 10.0.99 in one.json; mode on ends at 16.0 MiB; mode off ends at 3.0 MiB"'
claim text_of_files_is_no_markup contains 'a&lt;b&gt;&quot;&amp;'
claim no_markup_of_files_is_in_it lacks '<b>|<asm>'
claim it_runs_nothing_and_asks_nobody lacks '<script|javascript:|src=|https?://|url\(|@import|<iframe|<object'
claim it_permits_nothing_either contains "default-src 'none'"
claim it_names_its_language contains '<html lang="en">'
claim heads_of_columns_are_marked contains '<th scope="col"'
claim wide_tables_are_reached_by_keyboard contains 'role="region" tabindex="0" aria-label='
claim it_is_light_and_dark contains '@media screen and (prefers-color-scheme:dark)'
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

# What stands in a file is not what its report says, nor does it: whoever reads it would fetch the picture.
mkdir "$scratch/evil"
evil=$(printf '\n\n```\n# <b>H</b>\n![i](http://e/x.png) &lt; \033[31m \342\200\256')
result "$evil" on 1 | document "$evil" | jq --arg evil "$evil" '.context |= map_values(if type == "string" then $evil else . end)' >"$scratch/evil/one.json"
no_markup() {
  "$wxbench" report -q "$scratch/evil" && "$wxbench" report "$scratch/evil" --issue >"$scratch/evil/issue.md" || return
  for file in report.md issue.md; do # The two lines that begin and end the block of its own are left.
    sed '/^```$/,/^```$/d' "$scratch/evil/$file" | grep -nE '(^|[^\\])(!\[|<b|`|&lt)|^# <' && return 1
    [ "$(grep -c '^```' "$scratch/evil/$file")" -le 2 ] || return
    LC_ALL=C grep -nP '[\x00-\x09\x0b-\x1f]|\xe2\x80\xae' "$scratch/evil/$file" && return 1
  done
  return 0
}
claim text_of_files_is_no_markdown no_markup
no_live_peak() { result asm off 0 | document x >"$scratch/evil/one.json" && "$wxbench" report "$scratch/evil" --issue | grep -q '^| asm | 10.0.99 | off | n/a | 3.0 MiB |'; }
claim what_nobody_knows_of_mode_off_is_not_said no_live_peak
unknown_cpus() { jq '.context.cpus = null' "$folder/one.json" >"$scratch/evil/one.json" && "$wxbench" report -q "$scratch/evil" && grep -q 'a processor, an unknown number of cpus' "$scratch/evil/report.md"; }
claim an_unknown_number_is_none unknown_cpus
foreign() { echo '"text"' >"$scratch/evil/text.json" && "$wxbench" report "$scratch/evil" | grep -qx 'text.json: left out, not a result of wxbench.'; }
claim any_json_of_others_is_left_out foreign
mkfifo "$scratch/evil/fifo.json"
refused what_has_no_end_is_not_read "fifo.json: expected a regular file" timeout 10 "$wxbench" report "$scratch/evil"

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
mkdir "$scratch/real"
cp results/2026-11-29-reference/asm-11.0.0.json results/2026-11-29-limits/asm-200MiB.json results/2026-11-30-limits/smallest-limit-11.0.0.json "$scratch/real"
{ result a-workload-with-a-name-of-such-a-length-that-no-telephone-has-a-line-for-it on 13631488; result asm 'a<b>"&' 5000000000000; } |
  document "wxbench validate --runtime /a/folder/with/a/path/that/goes/on/and/on/and/on/without/a/single/blank/in/all/of/it" >"$scratch/real/long.json"
"$wxbench" report -q "$scratch/real"
real=$scratch/real/report.html

# It speaks the protocol of its developer tools, a line a message here: commands by descriptor 3, answers and events by 4.
mkfifo "$scratch/to" "$scratch/from"
HOME=$scratch timeout 200 "$browser" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --disable-background-networking \
  --user-data-dir="$scratch/profile" --remote-debugging-pipe 3<"$scratch/to" 4>"$scratch/from" >"$scratch/said" 2>&1 &
stdbuf -oL tr '\0' '\n' <"$scratch/from" >"$scratch/answers" &
exec 7>"$scratch/to"
number=0 session=
# ask METHOD [PARAMETERS]: prints its answer.
ask() {
  local i parameters=${2-}
  number=$((number + 1))
  jq -cn --argjson id "$number" --arg method "$1" --argjson params "${parameters:-{\}}" --arg session "$session" \
    '{id: $id, method: $method, params: $params} + if $session == "" then {} else {sessionId: $session} end' | tr '\n' '\0' >&7
  for ((i = 0; i < 600; ++i)); do
    # A long one may be there in part only.
    grep -m 1 "^{\"id\":$number," "$scratch/answers" >"$scratch/whole" && jq -e . "$scratch/whole" >/dev/null 2>&1 && cat "$scratch/whole" && return
    sleep 0.1
  done
  return 1
}
# Counting in the shell itself, ask has to run in it: the answer is in $scratch/answer.
tell() { ask "$@" >"$scratch/answer" 2>&1 && ! jq -e .error "$scratch/answer" >/dev/null; }
# evaluates EXPRESSION: to true in the page.
evaluates() {
  tell Runtime.evaluate "$(jq -n --arg text "$1" '{expression: $text, returnByValue: true}')" || return
  jq -e '.result.result.value == true' "$scratch/answer" >/dev/null || { cut -c 1-600 "$scratch/answer" && false; }
}
if ! tell Target.createTarget '{"url": "about:blank"}' || ! target=$(jq -r .result.targetId "$scratch/answer") ||
  ! tell Target.attachToTarget "{\"targetId\": \"$target\", \"flatten\": true}" || ! session=$(jq -r .result.sessionId "$scratch/answer"); then
  skip a_browser_shows_it "chromium does not start here: $(tail -n 1 "$scratch/said")"
  tap_end
fi
for domain in Page Network Log Runtime; do tell "$domain.enable"; done

# medium PRINT_OR_SCREEN SCHEME
medium() { tell Emulation.setEmulatedMedia "{\"media\": \"$1\", \"features\": [{\"name\": \"prefers-color-scheme\", \"value\": \"$2\"}]}"; }
# opened WIDTH SCHEME
opened() {
  local i
  tell Emulation.setDeviceMetricsOverride "{\"width\": $1, \"height\": 1200, \"deviceScaleFactor\": 1, \"mobile\": $([ "$1" -lt 600 ] && echo true || echo false)}" &&
    medium screen "$2" && tell Page.navigate "{\"url\": \"file://$real\"}" || return
  for ((i = 0; i < 100; ++i)); do
    evaluates 'document.readyState == "complete" && document.querySelectorAll("svg").length > 0' >/dev/null && return
    sleep 0.1
  done
  return 1
}
# picture NAME WIDTH: a PNG of that width with many colours in it.
picture() {
  tell Page.captureScreenshot && jq -r .result.data "$scratch/answer" | base64 -d >"$scratch/$1.png" &&
    [ "$(od -An -tu1 -j 16 -N 4 "$scratch/$1.png" | awk '{ print $3 * 256 + $4 }')" = "$2" ] && [ "$(stat -c %s "$scratch/$1.png")" -gt 10000 ] || return
  [ -z "${WXBENCH_TEST_PICTURES:-}" ] || cp "$scratch/$1.png" "$WXBENCH_TEST_PICTURES"
}
fits='document.documentElement.scrollWidth <= innerWidth'
# Labels do not lie on each other nor leave their plot, and are at least 9 pixels high.
labels='[...document.querySelectorAll("svg")].every(svg => {
  const ground = svg.getBoundingClientRect(), all = [...svg.querySelectorAll("text")].map(text => text.getBoundingClientRect());
  return all.every((one, i) => one.left >= ground.left - 1 && one.right <= ground.right + 1 && one.bottom <= ground.bottom + 1 && one.height >= 9 &&
    all.every((two, j) => i == j || one.right <= two.left || two.right <= one.left || one.bottom <= two.top + 2 || two.bottom <= one.top + 2)); })'
# No figure and no unit of it is broken, and no table is much higher than its lines.
cells='[...document.querySelectorAll("td:not(.long)")].every(cell => cell.getBoundingClientRect().height < 40 || cell.parentNode.querySelector(".long"))'
# colours LEAST MOST INK: how bright the ground is, of 0 to 255, and that the text is the other.
colours() { echo "[getComputedStyle(document.body)].every(style => { const bright = text => +text.match(/[0-9]+/)[0]; return ($1)(bright(style.backgroundColor), bright(style.color)); })"; }
# shellcheck disable=SC2034 # ${!scheme}
dark=$(colours '(ground, ink) => ground < 60 && ink > 200')
light=$(colours '(ground, ink) => ground > 200 && ink < 60')
for width in 1200 390; do
  for scheme in light dark; do
    claim "a_browser_shows_it_${width}_wide_and_$scheme" opened "$width" "$scheme"
    claim "the_picture_${width}_wide_and_$scheme" picture "$width-$scheme" "$width"
    claim "its_colours_${width}_wide_are_$scheme" evaluates "${!scheme}"
  done
  claim "nothing_but_tables_is_wider_than_the_page_of_$width" evaluates "$fits"
  claim "labels_can_be_read_at_a_width_of_$width" evaluates "$labels"
  claim "figures_are_not_broken_at_a_width_of_$width" evaluates "$cells"
done
on_paper() { medium print dark && evaluates "$light" && tell Page.printToPDF && jq -r .result.data "$scratch/answer" | base64 -d | head -c 4 | grep -q %PDF; }
claim paper_is_white_whatever_the_screen_is on_paper
asks_nobody() {
  jq -r --arg page "file://$real" 'select(.method == "Network.requestWillBeSent") | .params.request.url | select(. != $page and (startswith("data:") | not))' "$scratch/answers" >"$scratch/asked"
  cat "$scratch/asked"
  [ "$(jq -c 'select(.method == "Network.requestWillBeSent")' "$scratch/answers" | wc -l)" -ge 4 ] && [ ! -s "$scratch/asked" ]
}
claim the_browser_asks_nobody asks_nobody
complaints() { ! jq -e 'select(.method == "Log.entryAdded" or .method == "Runtime.consoleAPICalled" or .method == "Runtime.exceptionThrown")' "$scratch/answers"; }
claim the_browser_has_no_complaint complaints
tell Browser.close
exec 7>&-
wait
tap_end
