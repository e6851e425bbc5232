#!/usr/bin/env bash
# Names of processes and files, and what stands in files, can hold anything that a terminal obeys: none of it reaches one.
# shellcheck disable=SC2317 # the functions are called through claim
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
scratch=$(mktemp -d)
started=()
cleanup() {
  for pid in "${started[@]}"; do kill -KILL "$pid" && wait "$pid"; done 2>/dev/null
  rm -rf "$scratch"
}
trap cleanup EXIT

# ESC, a new title, newline, CR, DEL, CSI of one character, a byte that is no UTF-8, text from right to left, an isolate.
evil=$'e\x1b[31m\x1b]0;t\x07\n\r\x7f\xc2\x9b2J\xff\xe2\x80\xaetxt\xe2\x81\xa6'
# The name of a process has 15 bytes: twice, so that all of them are seen.
short=$'c\x1b[2J\n\r\x7f\xc2\x9b' shorter=$'d\xff\xe2\x80\xae\xe2\x81\xa6\xc2\x85\t'

# harmless FILE...: UTF-8 without control characters, other than the end of a line, and without what changes its direction.
harmless() {
  local file
  for file in "$@"; do
    if ! iconv -f UTF-8 -t UTF-8 "$file" >"$scratch/utf8" 2>&1; then
      echo "$file is not UTF-8"
      return 1
    fi
    if LC_ALL=C.UTF-8 grep -aqP '[\x00-\x08\x0b-\x1f\x7f\x{80}-\x{9f}\x{200b}-\x{200f}\x{2028}-\x{202e}\x{2066}-\x{2069}]' "$file"; then
      LC_ALL=C.UTF-8 grep -anP -m 3 '[\x00-\x08\x0b-\x1f\x7f\x{80}-\x{9f}\x{200b}-\x{200f}\x{2028}-\x{202e}\x{2066}-\x{2069}]' "$file" | cat -v
      return 1
    fi
  done
}
# keeps NAME COMMAND...: what the command prints is harmless; its exit status is not looked at.
keeps() {
  local name=$1
  shift
  "$@" >"$scratch/out" 2>"$scratch/err" </dev/null
  claim "$name" harmless "$scratch/out" "$scratch/err"
}
# shows NAME COMMAND...: what the command prints is harmless and names something of ours.
shows() {
  local name=$1
  shift
  "$@" >"$scratch/out" 2>"$scratch/err" </dev/null
  if harmless "$scratch/out" "$scratch/err" && grep -qE '\\(033|n|u009b|377|u202e|303)|\\u001B' "$scratch/out" "$scratch/err"; then
    ok "$name"
  else
    head -n 5 "$scratch/out" "$scratch/err" | cat -v
    not_ok "$name"
  fi
}

folder=$scratch/$evil
mkdir "$folder"
# start NAME COMMAND ARGUMENT...: the program under that name, with a pipe as its input; its number is in $pid.
start() {
  cp "$2" "$folder/$1"
  mkfifo "$scratch/in.${#started[@]}"
  HOSTILE=$evil "$folder/$1" "${@:3}" <>"$scratch/in.${#started[@]}" >"$scratch/ready" &
  pid=$!
  started+=("$pid")
  until [ -s "$scratch/ready" ]; do sleep 0.02; done
}

for name in "$short" "$shorter"; do
  start "$name" build/tests/subject retain 1
  which=${name:0:1}
  for format in table json csv markdown junit gab bencher tap; do
    keeps "audit_of_process_${which}_as_$format" "$wxbench" audit "$pid" --format "$format" --sort size
  done
  shows "metrics_of_process_$which" "$wxbench" audit "$pid" --prom
  keeps "images_of_process_$which" "$wxbench" audit "$pid" --images
  keeps "watch_of_process_$which" "$wxbench" audit "$pid" --watch 0.01 --samples 2
  "$wxbench" audit "$pid" --bundle "$scratch/bundle.$which" --unredacted -q
  claim "bundle_of_process_$which" harmless "$scratch/bundle.$which"/*
  "$wxbench" audit "$pid" --bundle "$scratch/redacted.$which" -q
  claim "redacted_bundle_of_process_$which" harmless "$scratch/redacted.$which"/*
  shows "folder_of_the_bundle_of_process_$which" "$wxbench" audit "$pid" --bundle "$scratch/b$which$evil"
  cp "/proc/$pid/maps" "$scratch/maps.$which"
  cp "/proc/$pid/smaps" "$folder/smaps.$which"
  keeps "reclaim_of_process_$which" "$wxbench" reclaim --pid "$pid"
  "$wxbench" audit "$pid" --json "$folder/audit.$which.json" -q
done
# All processes: in a PID namespace of their own, since others may be hostile.
# shellcheck disable=SC2016 # for the inner shell
if unshare --pid --fork --mount-proc --kill-child true 2>/dev/null; then
  unshare --pid --fork --mount-proc --kill-child bash -c '
    for name in "$1" "$2"; do "$name" retain 1 < <(sleep 60) >>"$3/ready.inside" & done
    until [ "$(grep -c ready "$3/ready.inside")" = 2 ]; do sleep 0.02; done
    "$4" audit --all --json "$3/all.json" >"$3/out" 2>"$3/err"; "$4" reclaim --all >>"$3/out" 2>>"$3/err"' - \
    "$folder/$short" "$folder/$shorter" "$scratch" "$wxbench"
  all_processes() { harmless "$scratch/out" "$scratch/err" "$scratch/all.json" && grep -q '\\u001B' "$scratch/all.json"; }
  claim all_processes_with_names_of_that_kind all_processes
else
  skip all_processes_with_names_of_that_kind "no PID namespace can be made"
fi
keeps saved_maps "$wxbench" audit --maps "$scratch/maps.c"
keeps saved_smaps_in_a_folder_of_that_name "$wxbench" audit --smaps "$folder/smaps.c"
# A module between whose mappings another file is.
printf '7f0000000000-7f0000001000 r--p 00000000 08:01 9 /%s.dll\n7f0000001000-7f0000101000 rw-s 00000000 00:01 7 %s\n7f0000101000-7f0000102000 r--p 00001000 08:01 9 /%s.dll\n' \
  "${evil//$'\n'/}" '/memfd:doublemapper (deleted)' "${evil//$'\n'/}" >"$scratch/inflated"
for format in table json csv markdown; do
  keeps "module_of_saved_maps_as_$format" "$wxbench" audit --maps "$scratch/inflated" --rows 20 --format "$format"
done
shows difference_of_two_audits "$wxbench" audit --diff "$folder/audit.c.json" "$folder/audit.d.json"
printf '7f0000000000-7f0000001000 r-xp 00000000 00:01 7 /a%s\n' "$evil" >"$scratch/damaged"
keeps damage "$wxbench" audit --maps "$scratch/damaged"
# shellcheck disable=SC2016 # for the inner shell
keeps explained_text sh -c 'printf "7f0000000000-7f0004000000 r-xp 00000000 00:01 7 /%s.dll\n" "$2" | "$1" explain' - "$wxbench" "$evil"
shows explained_argument "$wxbench" explain "7f$evil"

# Result files: what they say, what they are called, and what is wrong with them.
# A JSON string of the same: jq is not there everywhere.
inside='e\u001b[31m\u001b]0;t\u0007\n\r\u007f\u009b2J\u202etxt\u2066'
raw=$'e\xc2\x9b2J\x7f\xe2\x80\xaetxt' # These a string may hold as they are.
for text in "$inside" "$raw"; do
  results=$scratch/results.${#text}
  mkdir "$results"
  for file in "base$evil.json" new.json; do
    cat >"$results/$file" <<JSON
{"schema":"wxbench/1","kind":"run","context":{"command":"$text","kernel":"$text${#file}","date":"$text"},"results":[
 {"scenario":"$text","strategy":"$text","model":"$text","metrics":{"retained_bytes":${#file},"syscalls":{"total":${#file}}},
  "expectations":[{"name":"$text","ok":${#file} ,"expected":"$text","actual":"$text"}],"verdict":{"code":"$text","text":"$text"},
  "samples":[{"round":0,"step":"$text"}]},
 {"scenario":"$text ${#file}","strategy":"x","skipped":"$text"}]}
JSON
    sed -i "s/\"ok\":8 /\"ok\":true /; s/\"ok\":[0-9]* /\"ok\":false /" "$results/$file"
  done
  sed 's/"run"/"bench"/' "$results/new.json" >"$results/bench.json"
  printf '{"%s":"other program"}' "$text" >"$results/other$evil.json"
  for format in table json csv markdown junit gab bencher tap; do
    shows "comparison_as_${format}_of_${#text}" "$wxbench" compare "$results/base$evil.json" "$results/new.json" --format "$format"
    shows "report_as_${format}_of_${#text}" "$wxbench" report "$results" --format "$format"
    shows "one_file_as_${format}_of_${#text}" "$wxbench" report "$results/bench.json" --format "$format"
  done
done
shows file_that_is_not_there "$wxbench" compare "$scratch/$evil.json" "$scratch/new.json"
for damage in '{"schema":"EVIL"}' '{"EVIL' '{"schema":"wxbench/1","kind":EVIL}' 'EVIL'; do
  printf '%s' "${damage//EVIL/$evil}" >"$scratch/damaged.json"
  keeps "damaged_result_${#damage}" "$wxbench" report "$scratch/damaged.json"
done

# Scenarios, traces, and what was typed.
for yaml in "name: $inside" $'name: "e\\e[31m"\nsteps: [{"e\\e": 1}]' "$raw: 1" "$evil"; do
  printf '%s\n' "$yaml" >"$scratch/$evil.yaml"
  shows "scenario_${#yaml}" "$wxbench" run "$scratch/$evil.yaml"
done
shows unknown_scenario "$wxbench" run "$evil"
shows unknown_verb "$wxbench" "$evil"
shows unknown_option "$wxbench" run "--$evil"
shows needless_value "$wxbench" run "--quiet=$evil"
shows unknown_format "$wxbench" run --format "$evil"
shows json_that_cannot_be_written "$wxbench" run --json "/nonexistent/$evil"
shows unknown_strategy "$wxbench" run --strategy "$evil"
shows unknown_model "$wxbench" run --model "$evil"
shows unknown_setting "$wxbench" run steady --set "$evil=1"
shows value_of_a_setting "$wxbench" run steady --set "rounds=$evil"
shows process_that_is_no_number "$wxbench" audit "$evil"
shows process_to_reclaim_from "$wxbench" reclaim --pid "$evil"
shows size "$wxbench" reclaim --pid 1 --every 1 --above "$evil"
shows freezer "$wxbench" reclaim --pid 1 --freeze "$evil"
shows command_that_is_not_there "$wxbench" reclaim -- "/nonexistent/$evil"
shows recorded_command_that_is_not_there "$wxbench" record -o "$scratch/trace" -- "/nonexistent/$evil"
shows trace_without_a_runtime "$wxbench" record -o "$folder/trace" -- cp /dev/null "$folder/trace"
shows trace_that_is_none "$wxbench" replay "$folder/smaps.c"
shows runtime_that_is_not_there "$wxbench" validate --runtime "/nonexistent/$evil"
shows workload_that_is_not_there "$wxbench" validate --workload "$evil"

# The command line that a document repeats.
"$wxbench" list strategies --json "$scratch/$evil.out" -q
claim command_line_in_the_context harmless "$scratch/$evil.out"

# One place decides: who else writes to standard error would go past it.
writers() {
  local file
  for file in harness/*/*.c; do
    ! sed 's/"[^"]*"//g' "$file" | grep -q '\bstderr\b\|\bperror(' || echo "$file" # A text may name it.
  done
}
only_there() { [ "$(writers | xargs)" = "harness/cli/say.c harness/output/progress.c" ]; }
claim only_one_place_writes_to_standard_error only_there
tap_end
