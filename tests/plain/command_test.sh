#!/usr/bin/env bash
# wxbench validate --command: programs that know nothing of wxbench, in four modes: looked at, loaded, checked, ended.
# shellcheck disable=SC2317,SC2016 # functions are called through claim and refused; what stands in single quotes is for the shell of --command, or jq
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
# shellcheck source=scripts/dotnet.sh
. scripts/dotnet.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
unset DOTNET_EnableWriteXorExecute COMPlus_EnableWriteXorExecute

# command OPTION...: the document goes to $scratch/command.json.
command_of() { "$wxbench" validate --every 20ms --json "$scratch/command.json" "$@"; }
command_runs() { command_of "$@" >"$scratch/out" 2>"$scratch/err" </dev/null; }
holds() { jq -e "[.results[] | {key: .mode, value: (. + .metrics)}] | from_entries | $1" "$scratch/command.json" >/dev/null || { cat "$scratch/out"; return 1; }; }

### Any program

the_same_in_all_modes() {
  command_runs --command 'echo hello' && holds 'keys == ["live", "off", "on", "preload"] and all(.[]; .command.exit_status == 0 and .runtime == "unknown")'
}
claim a_program_without_a_runtime_runs_in_all_modes the_same_in_all_modes
says_the_mode() { command_runs --mode on --mode off --command 'echo $DOTNET_EnableWriteXorExecute'; [ $? = 1 ] && grep -q '^NOT MET: command, off.* output: expected as in mode on, measured different$' "$scratch/out"; }
claim another_output_in_one_mode_fails says_the_mode
check_decides() {
  command_runs --mode on --mode off --command 'echo $DOTNET_EnableWriteXorExecute' --check 'echo right' &&
    holds 'all(.[]; [.expectations[].ok] == [true, true] and .command.check_status == 0)'
}
claim with_a_check_it_decides check_decides
check_fails() { command_runs --mode on --command true --check 'exit 3'; [ $? = 1 ] && holds '.on.command.check_status == 3'; }
claim a_check_that_fails_is_an_unmet_expectation check_fails
dies_in_one() {
  command_runs --mode on --mode off --command '[ $DOTNET_EnableWriteXorExecute = 0 ] || { echo no >&2; kill -SEGV $$; }'
  [ $? = 1 ] && holds '.on.ended.signal == 11 and .on.ended.last_line == "no" and .off.metrics != null'
}
claim a_mode_that_dies_is_a_row_and_the_other_is_there dies_in_one
is_killed_at_the_limit() { command_runs --mode on --command 'exec sleep 1000' --limit 300ms; [ $? = 1 ] && holds '.on.ended.how == "timeout"'; }
claim a_program_that_hangs_is_a_row is_killed_at_the_limit
lasts() { command_runs --mode on --command 'exec sleep 1000' --for 200ms && holds '.on.command.exit_status == null and .on.ended == null'; }
claim a_program_is_ended_after_a_time lasts
takes_no_notice() { command_runs --mode on --command 'trap "" TERM; while :; do sleep 1; done' --for 100ms; [ $? = 1 ] && holds '.on.ended.text == "killed, since it went on for 10 s after SIGTERM"'; }
claim a_program_that_takes_no_notice_of_sigterm_is_killed_and_said takes_no_notice
says_no_step() { command_runs --mode on --command 'exit 3'; [ $? = 1 ] && holds '.on.ended.text == "exit status 3"'; }
claim a_program_without_steps_is_not_told_of_them says_no_step
in_turns() {
  command_runs --mode on --mode off --command true --repeat 3 && holds '.off.time | .base == "on" and .rounds >= 3 and .wall.n == .rounds and (.runs | length) == .rounds' &&
    grep -q '^time of whole runs, in turns$' "$scratch/out"
}
claim a_command_is_measured_in_turns in_turns
# How long it takes to end is known of its group, where one can be made.
until_it_is_ended() {
  command_runs --mode on --command "trap 'sleep 0.5; exit' TERM; : >$scratch/ready; while :; do sleep 0.05; done" --for 100ms --memory-limit 1GiB \
    --check "until [ -e $scratch/ready ]; do :; done"
  [ $? = 77 ] || holds '.on | .memory_group.lived_ns - .wall_ns >= 500000000'
}
claim its_time_is_that_until_it_is_ended until_it_is_ended
with_a_variable() { command_runs --mode on --command 'echo "$ANSWER"' --check 'echo "$ANSWER" | grep -qx 42' --env ANSWER=42 && holds '.on.command.check_status == 0'; }
claim a_variable_is_set_for_all_that_is_run with_a_variable
refused a_variable_of_a_mode_is_not_for_setting 'is set by the mode' command_of --command true --env DOTNET_EnableWriteXorExecute=0
refused a_variable_has_a_value "expected NAME=VALUE" command_of --command true --env ANSWER
not_from_here() { command_runs --mode on --command 'exit 3' ; [ $? = 1 ] && holds '.on.ended.status == 3 and .on.command.exit_status == 3'; }
claim an_exit_status_is_kept not_from_here
told_to_end() {
  env --default-signal=INT,TERM "$wxbench" validate --mode on --mode off --command 'kill -TERM $PPID; exec sleep 1000' \
    --json "$scratch/command.json" >"$scratch/out" 2>"$scratch/err"
  [ $? = 143 ] && jq -e '[.results[].skipped] == ["interrupted", "interrupted"]' "$scratch/command.json" >/dev/null
}
claim an_interrupt_leaves_no_row told_to_end
refused a_command_is_no_workload 'expected no --runtime, --workload' command_of --command true --workload asm
refused an_empty_command_is_refused 'command: expected a command, but it is empty' command_of --command ' '
refused an_empty_check_is_refused 'check: expected a command, but it is empty' command_of --command true --check ''
refused a_load_needs_a_command 'expected --command with them' command_of --load true
refused a_time_between_looks_is_a_time "every: 'soon'" command_of --command true --every soon

# Killed where it cannot do anything about it, whatever it runs at that moment goes with it.
goes_with_it() { # goes_with_it MARK OPTION...: MARK is the command line of what is to go.
  local mark=$1 try
  shift
  "$wxbench" validate --mode on "$@" >/dev/null 2>&1 &
  until pgrep -xf "$mark" >"$scratch/marked"; do kill -0 $! || return; done
  kill -KILL $!
  wait $! 2>/dev/null
  for ((try = 0; try < 500; ++try)); do
    pgrep -xf "$mark" >/dev/null || return 0
    read -r -t 0.02 <> <(:)
  done
  pgrep -axf "$mark"
  return 1
}
claim what_a_program_has_started_goes_with_wxbench goes_with_it "sleep 98765.$$" --command "sleep 98765.$$; true"
claim what_a_check_has_started_goes_with_it goes_with_it "sleep 98764.$$" --command true --check "sleep 98764.$$; true"

# What goes on in the background would be in the way of the next mode, on its port for one.
ends_what_is_left() { # ends_what_is_left MARK COMMAND
  command_runs --mode on --command "$2" && holds '.on.command.exit_status == 0' && ! pgrep -axf "$1"
}
claim what_a_program_leaves_in_the_background_is_ended ends_what_is_left "sleep 98763.$$" "sleep 98763.$$ & exit 0"
claim what_takes_no_notice_is_ended_too ends_what_is_left "sleep 98762.$$" "trap '' TERM; sleep 98762.$$ & exit 0"

### Runtimes that are started in other ways

version=$(find build/runtimes -mindepth 1 -maxdepth 1 -printf '%f\n' 2>/dev/null | sort -V | tail -1)
root=$PWD/build/runtimes/$version
program=$PWD/build/workloads/wxworkload.dll
shows_it() { # shows_it COMMAND OPTION...: W^X on retains what off does not.
  command_runs --mode on --mode off --command "$@" && holds ".on.retained_bytes > 4 * 1048576 and .off.allocated_peak_bytes == 0 and .on.runtime == \"$version\""
}
printf '#!/bin/sh\n# What a container starts.\ncd / && exec "$@"\n' >"$scratch/entrypoint"
chmod +x "$scratch/entrypoint"
if [ -n "$version" ] && [ -e "$program" ]; then
  claim a_runtime_in_core_root_is_found shows_it "CORE_ROOT=$root/shared/Microsoft.NETCore.App/$version build/tests/corerun $program asm rounds=1 count=60" --repeat 2
  claim what_each_mode_of_it_takes_is_measured_in_turns holds '.off.time.wall | .n >= 2 and .ci_low <= .ratio and .ratio <= .ci_high'
  # A script that starts it with an environment of its own.
  lost_settings() {
    command_runs --mode on --mode off --mode preload --check true \
      --command "env -u DOTNET_EnableWriteXorExecute -u LD_PRELOAD $root/dotnet exec --fx-version $version $program hello"
    holds '(.on | .mislabelled == null and .w_xor_x == "on") and (.off | .w_xor_x == "on" and (.mislabelled | test("did not reach"))) and
        (.preload.mislabelled | test("was not loaded"))' &&
      grep -q '^NOT AS ITS MODE SAYS: command, off, .*: W^X was on' "$scratch/out" && grep -qE '^command +off \(!\) ' "$scratch/out"
  }
  claim settings_that_do_not_reach_the_program_are_said_of_its_row lost_settings
  off_silently() {
    build/tests/restrict memfd=EPERM -- "$wxbench" validate --runtime "$root" --workload hello --json "$scratch/command.json" >"$scratch/out" 2>"$scratch/err"
    holds '(.on | .w_xor_x == "off-silently" and (.mislabelled | test("without a word"))) and (.off | .w_xor_x == "off-by-setting" and .mislabelled == null)' &&
      grep -q '^NOT AS ITS MODE SAYS: hello, on, .*: W^X was off without a word' "$scratch/out"
  }
  if [ "$(uname -m)" = x86_64 ]; then claim a_row_whose_wx_was_silently_off_says_so off_silently; else skip a_row_whose_wx_was_silently_off_says_so "the restriction is for x86-64"; fi
  if unshare --pid --fork --mount-proc true 2>/dev/null; then
    claim the_entry_point_of_a_container_is_looked_through shows_it \
      "unshare --pid --fork --kill-child --mount-proc $scratch/entrypoint $root/dotnet exec --fx-version $version $program asm rounds=1 count=60"
  else
    skip the_entry_point_of_a_container_is_looked_through "no PID namespace can be made"
  fi
else
  skip a_runtime_in_core_root_is_found "none laid out: scripts/runtimes, scripts/build-workloads"
  skip the_entry_point_of_a_container_is_looked_through "none laid out: scripts/runtimes, scripts/build-workloads"
fi

### A web service of another project's kind, as an apphost, on its own runtime

muxer=$(sdk_muxer) || { skip a_web_service "$(sdk_lack): $sdk_advice"; tap_end; }
service=$PWD/build/service/service
framework=net$("$muxer" --version | cut -d. -f1,2)
if [ ! -x "$service" ] || [ -n "$(find tests/fixtures/service -type f -newer "$service" -print -quit)" ]; then
  "$muxer" build tests/fixtures/service --configuration Release --output build/service -p:Framework="$framework" >"$scratch/log" 2>&1 ||
    { skip a_web_service "cannot be built: $(grep -m 1 error "$scratch/log")"; tap_end; }
  touch "$service"
fi
export DOTNET_ROOT=${muxer%/dotnet}
# What a user brings: a load that waits until the service answers, and a question whose answer is known.
cat >"$scratch/ask" <<'END2'
#!/usr/bin/env bash
# ask PATH...: each is asked for, one after the other; the answers are printed.
here=$(dirname "$0")
until [ -s "$here/port" ] && exec 3<>"/dev/tcp/127.0.0.1/$(cat "$here/port")"; do read -r -t 0.02 <> <(:); done 2>/dev/null
for path; do
  exec 3<>"/dev/tcp/127.0.0.1/$(cat "$here/port")" || exit
  printf 'GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n' "$path" >&3
  sed '1,/^\r$/d' <&3
done
exec 3<&-
END2
chmod +x "$scratch/ask"
cat >"$scratch/load" <<'END2'
#!/usr/bin/env bash
"$(dirname "$0")/ask" /1 /2 /3 /4 /5 /6 /7 /8 /9 /10 /collect
END2
chmod +x "$scratch/load"
serves() {
  command_runs --command "rm -f $scratch/port; exec $service $scratch/port" --load "$scratch/load" --check "$scratch/ask /total" || { cat "$scratch/out" "$scratch/err"; return 1; }
}
claim a_web_service_is_validated_in_four_modes serves
claim its_runtime_is_named holds "all(.[]; .runtime | startswith(\"${framework#net}\"))"
claim its_answers_are_right_and_the_same holds 'all(.[]; [.expectations[].ok] == [true, true, true])'
claim on_it_retains_what_off_does_not holds '.on.retained_bytes > 4 * 1048576 and .off.allocated_peak_bytes == 0'
claim given_back_it_retains_less holds '(.on.retained_bytes / 4) as $little | .preload.retained_bytes < $little and .live.retained_bytes < $little'
claim it_is_looked_at_again_and_again holds 'all(.[]; .samples | .[0].step == "start" and .[-1].step == "end" and length >= 3)'
leaves_its_group() {
  command_runs --mode on --command "rm -f $scratch/port; setsid --wait $service $scratch/port" --load "$scratch/load" --check "$scratch/ask /total" &&
    holds '.on.command.exit_status == null' && ! pgrep -f "$service $scratch/port"
}
claim a_service_that_leaves_its_group_is_ended_too leaves_its_group
# As services of old do, that end when they are ready.
leaves_itself_behind() {
  command_runs --mode on --mode off --command "rm -f $scratch/port; setsid $service $scratch/port & until [ -s $scratch/port ]; do sleep 0.05; done; sleep 1" \
    --load 'sleep 100'
  [ $? = 1 ] && grep -q 'exit status of the load: expected = 0, measured not known: the program ended before' "$scratch/out" && ! pgrep -f "$service $scratch/port"
}
claim a_service_that_leaves_itself_behind_is_ended leaves_itself_behind
# A load that knows no end, for a time.
load_is_cut() {
  command_runs --mode on --mode off --command "rm -f $scratch/port; exec $service $scratch/port" --check "$scratch/ask /total" --for 2s \
    --load 'exec sleep 1000' && holds 'all(.[]; .expectations[0] | .ok == null and .reason == "it still ran when the time was over")' &&
    grep -q 'exit status of the load: it still ran when the time was over' "$scratch/out"
}
claim a_load_without_an_end_is_no_failure_where_the_time_is_over load_is_cut
check_hangs() {
  command_runs --mode on --command true --check 'exec sleep 1000' --limit 500ms
  [ $? = 1 ] && grep -q 'exit status of the check: expected = 0, measured 137, killed at the time limit$' "$scratch/out"
}
claim a_check_that_hangs_is_said check_hangs
load_fails() { command_runs --mode on --command "rm -f $scratch/port; exec $service $scratch/port" --load 'exit 5'; [ $? = 1 ] && holds '.on.command.load_status == 5'; }
claim a_load_that_fails_is_an_unmet_expectation load_fails
dies_under_load() {
  command_runs --mode on --command "rm -f $scratch/loaded; $service $scratch/port & until [ -e $scratch/loaded ]; do :; done; kill \$!" \
    --load ": >$scratch/loaded; exec sleep 1000"
  [ $? = 1 ] && grep -q 'exit status of the load: expected = 0, measured not known: the program ended before' "$scratch/out"
}
claim a_program_that_ends_under_its_load_is_said dies_under_load
tap_end
