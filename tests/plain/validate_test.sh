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

# A folder in which validate finds all that it needs, with empty files for the workload program.
home=$scratch/home
mkdir -p "$home/build/workloads"
ln -s "$PWD/scenarios" "$home/scenarios"
ln -s "$PWD/build/libwxreclaim.so" "$home/build"
: >"$home/build/workloads/wxworkload.dll"

cat >"$scratch/protocol" <<'END'
#!/usr/bin/env bash
IFS=, read -r answers steps <<<"$WXBENCH_STEP_FDS"
say() { echo "step $1 $2 -" >&"$steps"; read -r -u "$answers"; }
END
# fake NAME: a runtime whose `dotnet` is the script on standard input; `say ROUND STEP` says a step and waits.
fake() {
  local root=$scratch/$1
  mkdir -p "$root/shared/Microsoft.NETCore.App/10.0.99"
  : >"$root/shared/Microsoft.NETCore.App/10.0.99/libcoreclr.so"
  cat "$scratch/protocol" - >"$root/dotnet"
  chmod +x "$root/dotnet"
}
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

refused a_killed_program_is_one_line 'hello, on, 10.0.99: killed by signal 9 .*after step generated of round 1' on_fake killed
refused a_program_that_fails_is_quoted \
  'hello, on, 10.0.99: exit status 3 before its first step: fake: no such workload$' on_fake refusing
refused a_program_that_leaves_early_is_no_success 'exit status 0 after step start of round 0' on_fake leaving
refused garbage_is_quoted 'step protocol: line 1: expected .*got .hello there' on_fake talking
refused a_program_that_does_not_wait_is_refused 'expected the program to wait for the answer' on_fake hurrying
refused an_unknown_step_is_refused 'stopped after step middle' on_fake unknown_step
refused a_hanging_program_is_ended 'killed at the time limit after step start of round 0' on_fake hanging --limit 300ms
refused a_failure_after_the_end_is_a_failure 'exit status 5 after step end of round 1: fake: too late$' on_fake failing
no_result_of_a_failed_run() {
  on_fake killed --json "$scratch/half.json" 2>/dev/null
  [ $? = 2 ] && [ ! -e "$scratch/half.json" ] && [ -z "$(find "$scratch" -maxdepth 1 -name '.*' -type f)" ]
}
claim a_failed_run_writes_no_file no_result_of_a_failed_run
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
