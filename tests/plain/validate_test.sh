#!/usr/bin/env bash
# wxbench validate: what real runtimes do in each mode, and what happens where there is none or where the program fails.
# shellcheck disable=SC2317 # the functions are called through claim and refused
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
# shellcheck source=scripts/dotnet.sh
. scripts/dotnet.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
unset DOTNET_ROOT WXBENCH_HOME DOTNET_EnableWriteXorExecute COMPlus_EnableWriteXorExecute

# shellcheck source=tests/support/fake.sh
. tests/support/fake.sh
on_fake() {
  local root=$scratch/$1
  shift
  WXBENCH_HOME=$home "$wxbench" validate --runtime "$root" --workload hello --mode "${mode:-on}" "$@"
}
# ends STATUS COMMAND...: with nothing but one line on stderr at most.
ends() {
  local wanted=$1 status
  shift
  "$@" >"$scratch/out" 2>"$scratch/err" </dev/null
  status=$?
  if [ "$status" != "$wanted" ] || [ -s "$scratch/out" ] || [ "$(wc -l <"$scratch/err")" != 1 ]; then
    echo "exit $status, not $wanted"
    cat "$scratch/out" "$scratch/err"
    return 1
  fi
}

fake whole <<'END'
env >"$(dirname "$0")/environment"
echo "$*" >"$(dirname "$0")/arguments"
say 0 start; say 1 generated; say 1 collected; say 1 end
echo done
END
fake killed <<'END'
say 0 start; say 1 generated; kill -9 $$
END
fake refusing <<'END'
echo "fake: no such workload" >&2
echo "and more" >&2
exit 3
END
fake leaving <<'END'
say 0 start; exit 0
END
fake talking <<'END'
echo "hello there" >&"$steps"; read -r -u "$answers"
END
fake hurrying <<'END'
env printf 'step 0 start -\nstep 1 end -\n' >&"$steps"; read -r -u "$answers"
END
fake unknown_step <<'END'
say 0 start; say 0 middle
END
fake hanging <<'END'
say 0 start; exec sleep 1000
END
fake failing <<'END'
say 0 start; say 1 end; echo "fake: too late" >&2; exit 5
END

# not_finished NAME HOW PATTERN COMMAND...: a run that does not get to its end is a row: exit 1, nothing on stderr, `ended` in the
# document, no figures, the reason in the table and below it.
not_finished() {
  local name=$1 how=$2 pattern=$3 status
  shift 3
  rm -f "$scratch/row.json"
  "$@" --json "$scratch/row.json" >"$scratch/out" 2>"$scratch/err" </dev/null
  status=$?
  if [ "$status" = 1 ] && [ ! -s "$scratch/err" ] && grep -qE "NOT FINISHED: hello, on, 10.0.99: .*$pattern" "$scratch/out" &&
    grep -qE "^hello  *on .* NOT FINISHED: .*$pattern" "$scratch/out" &&
    jq -e --arg how "$how" --arg pattern "$pattern" '.results[0] | .ended.how == $how and (.ended.text | test($pattern)) and
      has("metrics") and .metrics == null and ([.expectations[].ok] == [null])' "$scratch/row.json" >/dev/null; then
    ok "$name"
  else
    echo "exit $status" && cat "$scratch/out" "$scratch/err" "$scratch/row.json"
    not_ok "$name"
  fi
}
not_finished a_killed_program_is_a_row signal 'killed by signal 9 .*after step generated of round 1$' on_fake killed
not_finished a_program_that_fails_is_quoted exit 'exit status 3 before its first step: fake: no such workload$' on_fake refusing
last_line_is() { jq -e --arg line "$1" '.results[0].ended | .last_line == $line and .status == 3' "$scratch/row.json" >/dev/null; }
claim its_last_line_is_kept last_line_is 'and more'
not_finished a_program_that_leaves_early_is_no_success exit 'exit status 0 after step start of round 0$' on_fake leaving
not_finished garbage_is_quoted stopped 'step protocol: line 1: expected .*got .hello there' on_fake talking
not_finished a_program_that_does_not_wait_is_stopped stopped 'expected the program to wait for the answer' on_fake hurrying
not_finished an_unknown_step_stops_the_program stopped 'stopped after step middle' on_fake unknown_step
not_finished a_hanging_program_is_ended timeout 'killed at the time limit after step start of round 0' on_fake hanging --limit 3s
not_finished a_failure_after_the_end_is_a_failure exit 'exit status 5 after step end of round 1: fake: too late$' on_fake failing
fake unstartable <<<''
sed -i '1s/.*/#!\/nowhere\/interpreter/' "$scratch/unstartable/dotnet"
not_finished a_program_that_cannot_be_started_is_a_row not-started 'cannot start .*/dotnet: No such file or directory$' on_fake unstartable
samples_until_then() {
  on_fake killed -q --json "$scratch/half.json"
  [ $? = 1 ] && jq -e '.results[0] | [.samples[].step] == ["start", "generated"]' "$scratch/half.json" >/dev/null &&
    [ -z "$(find "$scratch" -maxdepth 1 -name '.*' -type f)" ]
}
claim the_samples_taken_until_then_are_kept samples_until_then

# One mode of several dies, on one runtime of several: everything else is there, and the formats say which.
fake dying_on <<'END'
[ "$DOTNET_EnableWriteXorExecute" = 0 ] || kill -XFSZ $$
say 0 start; say 1 generated; say 1 collected; say 1 end
echo done
END
all_others_are_kept() {
  WXBENCH_HOME=$home "$wxbench" validate -q --runtime "$scratch/dying_on" --runtime "$scratch/whole" --workload hello --workload expr \
    --mode off --mode on --json "$scratch/rows.json"
  [ $? = 1 ] && [ "$(jq -c '[.results[] | [.workload, .mode, .ended.signal]]' "$scratch/rows.json")" = \
    '[["hello","off",null],["hello","on",25],["expr","off",null],["expr","on",25],["hello","off",null],["hello","on",null],["expr","off",null],["expr","on",null]]' ]
}
claim one_mode_that_dies_loses_nothing_else all_others_are_kept
formats_tell() {
  local report=("$wxbench" report "$scratch/rows.json" --format)
  "${report[@]}" table | grep -qE '^hello  *on .* NOT FINISHED: killed by signal 25 \(File size limit exceeded\) before its first step$' &&
    "${report[@]}" markdown | grep -q '| NOT FINISHED: killed by signal 25 (File size limit exceeded) before its first step |$' &&
    "${report[@]}" junit | grep -q 'name="run"><failure message="killed by signal 25 ' &&
    "${report[@]}" csv | grep -q '^,hello,,off,,10.0.99,0,start' &&
    "${report[@]}" gab | jq -e 'all(.name | startswith("hello, off") or startswith("expr, off") or startswith("hello, on") or startswith("expr, on"))' >/dev/null
}
claim every_format_tells_of_it formats_tell
worse_than_before() {
  on_fake whole -q --json "$scratch/before.json" && on_fake dying_on -q --json "$scratch/after.json"
  "$wxbench" compare "$scratch/before.json" "$scratch/after.json" >"$scratch/out"
  [ $? = 1 ] && grep -q 'not finished: killed by signal 25' "$scratch/out"
}
claim a_program_that_dies_now_is_worse_than_before worse_than_before
one_runtime_of_several() {
  on_fake whole --runtime 7.0.1 --json "$scratch/rows.json" >"$scratch/out" &&
    jq -e '[.results[] | [.runtime, .skipped // ""]] | .[0] == ["10.0.99", ""] and .[1][0] == "7.0.1" and (.[1][1] | test("7.0.1 is not here"))' \
      "$scratch/rows.json" >/dev/null && grep -q 'skipped: .NET runtime 7.0.1 is not here; type: scripts/runtimes 7.0.1' "$scratch/out"
}
claim one_runtime_that_is_not_here_is_a_row one_runtime_of_several

# Interrupted in the second of three runs: the first is kept, the document is whole, and the signal is what it ends by.
fake told <<'END'
say 0 start
[ "$DOTNET_EnableWriteXorExecute" = 0 ] || { kill -"$(cat "$(dirname "$0")/signal")" "$PPID"; exec sleep 1000; }
say 1 end
END
interrupted() {
  echo "$1" >"$scratch/told/signal"
  # Whoever runs the tests in the background has them ignore SIGINT.
  env --default-signal=INT,TERM WXBENCH_HOME="$home" "$wxbench" validate --runtime "$scratch/told" --workload hello --mode off --mode on --mode preload \
    --json "$scratch/told.json" >"$scratch/out" 2>"$scratch/err"
  [ $? = $((128 + $2)) ] && [ ! -s "$scratch/err" ] && grep -q 'skipped: interrupted' "$scratch/out" &&
    [ "$(jq -c '[.results[] | [.mode, .skipped, .metrics == null]]' "$scratch/told.json")" = \
      '[["off",null,false],["on","interrupted",true],["preload","interrupted",true]]' ]
}
claim an_interrupted_run_keeps_and_writes_what_is_there interrupted INT 2
claim so_does_one_that_is_terminated interrupted TERM 15
chmod -x "$scratch/leaving/dotnet"
refused a_runtime_that_cannot_be_run_is_none 'no runtime in this folder' on_fake leaving

# The environment of the program is what the mode says, whatever this one is.
environment_is() {
  mode=$1 DOTNET_EnableWriteXorExecute=7 COMPlus_EnableWriteXorExecute=0 DOTNET_ROOT=/nowhere \
    LD_PRELOAD=$PWD/build/libwxrecord.so on_fake whole -q || return
  shift
  grep -E 'EnableWriteXorExecute|^DOTNET_ROOT|^LD_PRELOAD' "$scratch/whole/environment" | sort >"$scratch/seen"
  printf '%s\n' "$@" | diff "$scratch/seen" -
}
claim mode_on_has_the_switch_on_and_nothing_else environment_is on DOTNET_EnableWriteXorExecute=1
claim mode_off_has_the_switch_off_and_nothing_else environment_is off DOTNET_EnableWriteXorExecute=0
claim mode_preload_has_the_library_and_nothing_else \
  environment_is preload DOTNET_EnableWriteXorExecute=1 "LD_PRELOAD=$PWD/build/libwxreclaim.so"
the_program_gets_its_arguments() {
  WXBENCH_HOME=$home "$wxbench" validate -q --runtime "$scratch/whole" --workload asm --mode on --set count=7 --set drift=2
  [ $? = 1 ] || return # Nothing is retained there, where asm expects that something is.
  [ "$(cat "$scratch/whole/arguments")" = \
    "exec --fx-version 10.0.99 $home/build/workloads/wxworkload.dll asm rounds=1 count=7 size=20 drift=2" ]
}
claim the_program_gets_its_arguments the_program_gets_its_arguments
an_unmet_expectation_is_1() {
  WXBENCH_HOME=$home "$wxbench" validate --runtime "$scratch/whole" --workload keep --mode on >"$scratch/out"
  [ $? = 1 ] && grep -q '^NOT MET: keep, on, 10.0.99: mapped_bytes ge: expected >= 8,388,608, measured 0$' "$scratch/out"
}
claim an_unmet_expectation_is_1_and_named an_unmet_expectation_is_1

### Times in turns

# in_turns ROUNDS RUNTIME OPTION...: `hello` in three modes; its document goes to $scratch/turns.json.
in_turns() {
  local rounds=$1 root=$scratch/$2
  shift 2
  WXBENCH_HOME=$home "$wxbench" validate --runtime "$root" --workload hello --repeat "$rounds" --json "$scratch/turns.json" "$@" >"$scratch/out"
}
fake logging <<'END'
say 0 start; say 1 end
END
each_at_each_place() {
  in_turns 3 logging --mode on --mode off --mode preload || return # Four take part, so these are four rounds.
  jq -e '[.results[].time | .rounds, .base] == [4, "on", 4, "on", 4, "on"]
    and ([.results[].time | .runs, .runs_again | values | map(.place) | sort] | length == 4 and all(. == [1, 2, 3, 4]))
    and ([.results[].time | .runs, .runs_again | values | map(.round) | . == [1, 2, 3, 4]] | all)
    and ([.results[].time | .runs, .runs_again | values | .[] | .wall_ns > 0 and .user_ns >= 0 and .system_ns >= 0 and .minor_faults > 0] | all)' \
    "$scratch/turns.json" >/dev/null
}
claim each_mode_stands_at_each_place_equally_often_and_every_run_is_kept each_at_each_place
ratio_is_of_pairs() { # The median of the ratios of paired rounds, of the raw runs that stand beside it.
  jq -e 'def median: sort | if length % 2 == 1 then .[length / 2 | floor] else (.[length / 2 - 1] + .[length / 2]) / 2 end;
    .results[0].time.runs as $base
    | [.results[].time | [[(.runs_again // .runs)[].wall_ns], [$base[].wall_ns]] as [$own, $on]
      | ([range($on | length) | $own[.] / $on[.]] | median) - .wall.ratio | fabs < 1e-6] | all' "$scratch/turns.json" >/dev/null &&
    jq -e '.results[0].time.wall | ([.ci_low - 1, .ci_high - 1] | map(fabs) | max) - .noise | fabs < 1e-9' "$scratch/turns.json" >/dev/null
}
claim the_ratio_is_that_of_paired_rounds_and_the_noise_that_of_on_beside_itself ratio_is_of_pairs
turns_are_shown() {
  grep -qE '^hello  *on again  *10.0.99  *4 ' "$scratch/out" && grep -qE '^hello  *off  *10.0.99  *4 ' "$scratch/out" &&
    grep -qE '^hello, off, 10.0.99: .* on: [0-9.]+ \([0-9.]+-[0-9.]+\), noise [0-9.]+, 4 rounds\.$' "$scratch/out" &&
    "$wxbench" report "$scratch/turns.json" | grep -q '^| hello | on again | 10.0.99 | 4 |'
}
claim times_in_turns_are_shown_also_by_report turns_are_shown
other_base() {
  in_turns 1 logging --mode off --mode preload &&
    jq -e '[.results[].time | [.base, .rounds]] | unique == [["off", 3]]' "$scratch/turns.json" >/dev/null && grep -q 'time / off' "$scratch/out"
}
claim without_on_the_first_mode_is_the_base other_base
# `off` dies in the third of its runs: the first is the one that is looked at.
fake weary <<'END'
count=$(dirname "$0")/count-$DOTNET_EnableWriteXorExecute
echo >>"$count"
[ "$DOTNET_EnableWriteXorExecute" = 1 ] || [ "$(wc -l <"$count")" -lt 3 ] || { echo weary >&2; exit 4; }
say 0 start; say 1 end
END
one_leaves() {
  in_turns 8 weary --mode on --mode off --mode preload
  [ $? = 1 ] && grep -q '^NOT FINISHED: hello, off, 10.0.99, in round [0-9]*: exit status 4 before its first step: weary$' "$scratch/out" &&
    jq -e '[.results[] | [.mode, .metrics != null, .time.ended.status, .time.wall != null, .time.rounds]]
      == [["on", true, null, true, 8], ["off", true, 4, false, 8], ["preload", true, null, true, 8]]' "$scratch/turns.json" >/dev/null
}
claim a_mode_that_dies_in_a_later_round_leaves_and_the_others_go_on one_leaves
# The same in `bench modes`, which looks for runtimes itself: the preload dies, all else is compared.
fake picky <<'END'
case ${LD_PRELOAD:-} in *libwxreclaim*) kill -SEGV $$ ;; esac
say 0 start; say 1 end
END
bench_modes() {
  local made_up=10.0.99
  mkdir -p "$home/build/runtimes" && ln -sfn "$scratch/picky" "$home/build/runtimes/$made_up" && ln -sf "$PWD/build/libwxrecord.so" "$home/build"
  WXBENCH_HOME=$home "$wxbench" bench modes --workload hello --rounds 5 --json "$scratch/bench.json" >"$scratch/out" 2>"$scratch/err"
  [ $? = 1 ] && [ ! -s "$scratch/err" ] && grep -q '^NOT FINISHED: hello, preload, 10.0.99: killed by signal 11' "$scratch/out" &&
    jq -e '[.results[] | select(.time == "wall") | [.mode, .n]] == [["on", 5], ["off", 5], ["record", 5]]
      and ([.results[] | select(.ended) | [.benchmark, .mode, .ended.signal]] == [["modes", "preload", 11]])' "$scratch/bench.json" >/dev/null
}
bench_two() { # What one benchmark cannot do here loses nothing of another, and a name is looked at before anything runs.
  WXBENCH_HOME=$home "$wxbench" bench modes nonsense --rounds 1 >"$scratch/out" 2>"$scratch/err"
  [ $? = 2 ] && [ ! -s "$scratch/out" ] && grep -q "unknown benchmark 'nonsense'" "$scratch/err"
}
claim one_variant_of_bench_modes_that_dies_leaves_and_the_others_are_compared bench_modes
claim a_benchmark_that_is_none_is_known_before_any_is_run bench_two
rm -r "$home/build/runtimes"
refused times_are_not_measured_with_the_model 'expected no --repeat with it' \
  on_fake logging --repeat 2 --fidelity
refused no_rounds_are_no_turns 'repeat: 0 is out of range' on_fake logging --repeat 0

no_time_is_shown() {
  on_fake whole --json "$scratch/whole.json" >"$scratch/out" && grep -q '^hello  *on ' "$scratch/out" && ! grep -qw time "$scratch/out" &&
    jq -e '.results[0].metrics.wall_ns > 0' "$scratch/whole.json" >/dev/null
}
claim one_run_shows_no_time_and_the_document_has_it no_time_is_shown

validate() { WXBENCH_HOME=$home "$wxbench" validate "$@"; }
refused an_unknown_workload_names_a_near_one "unknown workload 'asn'; did you mean 'asm'" validate --workload asn
refused an_unknown_mode_names_all "unknown mode 'x'; expected 'on', 'off', 'preload' or 'live'" validate --mode x
refused a_mode_is_given_once "mode 'on' is given twice" validate --mode on --mode off --mode on
refused an_unknown_parameter_names_a_near_one "unknown parameter 'cout'; did you mean 'count'" validate --set cout=3
refused an_option_of_a_strategy_is_no_parameter "unknown parameter 'cache'" validate --set cache=3
refused a_setting_is_a_quantity "set count: '3k' has an unknown unit" validate --set count=3k
refused a_scenario_is_no_workload 'release_retains.yaml is no workload' validate --workload scenarios/release_retains.yaml
refused a_time_limit_is_a_time "limit: '3 days'" validate --limit '3 days'
refused no_time_is_no_limit 'expected more than 0' validate --limit 0
refused a_folder_without_a_runtime_is_named "$scratch/empty/: no runtime in this folder; expected dotnet" \
  validate --runtime "$scratch/empty/"
refused the_last_runtime_is_looked_for_before_the_first_is_run '/nowhere: no runtime' \
  on_fake killed --runtime /nowhere
a_missing_version_is_skipped() {
  ends 77 validate --runtime 7.0.1 && grep -qE 'SKIP: .NET runtime 7.0.1 is not here.*DOTNET_ROOT=' "$scratch/err"
}
claim a_missing_version_is_77_with_what_to_do a_missing_version_is_skipped
# What it says to type is taken by scripts/runtimes, as far as that can be known without asking for it.
beginning_of_a_version() {
  ends 77 env PATH= "$PWD/$wxbench" validate --runtime "$1" && grep -qE "SKIP: .NET runtime $1 is not here.*$2" "$scratch/err"
}
pinned_major=$(pinned runtime | tail -n 1 | cut -d . -f 1)
export WXBENCH_HOME=$home
claim the_beginning_of_a_pinned_version_can_be_typed beginning_of_a_version "$pinned_major" "type: scripts/runtimes $pinned_major "
claim any_other_beginning_wants_the_whole_version beginning_of_a_version 7 'whole version, as 7\.0\.1 '
unset WXBENCH_HOME
refused a_word_that_is_no_version_is_bad_usage "'latest' is no .NET runtime; expected a version, as .*, or a folder" \
  validate --runtime latest
without_any_runtime() {
  mkdir -p "$scratch/bin" && ends 77 env PATH="$scratch/bin" WXBENCH_HOME="$home" "$PWD/$wxbench" validate &&
    grep -qF "SKIP: .NET runtime $(pinned runtime | head -n 1) is not here" "$scratch/err" && grep -qF DOTNET_ROOT= "$scratch/err"
}
claim without_any_runtime_it_says_which_one_it_wants without_any_runtime
without_the_workloads() {
  rm "$home/build/workloads/wxworkload.dll"
  ends 77 on_fake whole && grep -q 'wxworkload.dll is not built; type: scripts/build-workloads' "$scratch/err"
}
claim without_the_workload_program_it_says_how_to_build_it without_the_workloads

# From here on: real runtimes.
laid_out=$(scripts/runtimes 2>"$scratch/err")
case $? in
  0) cat "$scratch/err" ;;
  77) skip real_runtimes "$(tail -n 1 "$scratch/err")" && tap_end ;;
  *) cat "$scratch/err"; not_ok runtimes_can_be_laid_out; tap_end ;;
esac
built=$(scripts/build-workloads 2>&1) || { skip real_runtimes "$(tail -n 1 <<<"$built")"; tap_end; }

# real OPTION...: one run for the claims that follow; its document goes to $scratch/real.json.
real() { "$wxbench" validate --json "$scratch/real.json" "$@" >"$scratch/real.txt" || { cat "$scratch/real.txt"; return 1; }; }
# holds FILTER: whether the jq filter holds of the results, by mode.
holds() {
  jq -e "[.results[] | {key: .mode, value: (. + .metrics)}] | from_entries | $1" "$scratch/real.json" >/dev/null ||
    { cat "$scratch/real.txt"; return 1; }
}
asm_on() {
  local version=$1 blocks=3 count=100
  # .NET 11 releases less of each, so that it takes more of them to outweigh what lives from the start.
  [ "${version%%.*}" -lt 11 ] || blocks=2 count=500
  claim "all_expectations_of_asm_hold_on_$version" \
    real --runtime "$version" --set count="$count" --mode on --mode off --mode preload
  # So many blocks an assembly are released; a few are used again, for what the runtime itself compiles afterwards.
  claim "on_${version}_nearly_${blocks}_blocks_an_assembly_are_retained" \
    holds ".on.retained_bytes | . >= ($blocks * $count - 20) * 65536 and . <= $blocks * $count * 65536"
  claim "on_${version}_that_is_called_retained" holds '.on.verdict.code == "retained"'
  claim "on_${version}_it_is_not_in_rss" holds '.on.samples[-1] | .rss_shmem_bytes < .allocated_bytes / 2'
  claim "on_${version}_off_has_no_memfd" holds '.off | .allocated_peak_bytes == 0 and .verdict.code == "not-affected"'
  claim "on_${version}_preload_retains_nothing" holds '.preload | .retained_bytes <= 1048576 and .verdict.code == "clean"'
}
while read -r version _; do asm_on "$version"; done <<<"$laid_out"
claim asm_is_measured_under_the_live_reclaim real --runtime 10 --set count=100 --mode live
claim live_retains_nothing holds \
  '.live | .retained_bytes <= 1048576 and .reclaim.punched_bytes >= 280 * 65536 and .reclaim.pauses.count > 0'
claim keep_is_measured real --runtime 10 --workload keep --mode on
claim keep_is_called_live_not_retained holds '.on.verdict.code == "live" and .on.retained_bytes <= 1048576'
for workload in hello regex expr; do
  claim "${workload}_is_measured" real --runtime 10 --workload "$workload" --mode on
  claim "${workload}_is_not_over_called" holds '.on.verdict.code != "retained"'
done
tap_end
