#!/usr/bin/env bash
# What `wxbench probe` predicts under a restriction is what every runtime that is here does under it: on, off or how it dies,
# and what it says then.
# shellcheck disable=SC2317 # the functions are called through claim
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
if [ "$(uname -m)" != x86_64 ]; then
  echo "SKIP: what a runtime does under restrictions was measured on x86-64 only"
  exit 77
fi
restrict=$PWD/build/tests/restrict
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# ---- What needs no runtime ----

# column N ARGUMENT...: that of each prediction for .NET 9, on and off, under restrictions.
column() {
  local n=$1
  shift
  "$restrict" "$@" -- "$wxbench" probe --runtime 9 --format csv | sed 1d | cut -d , -f "$n" | paste -sd ' '
}
is_predicted() { [ "$(column 3 "${@:2}")" = "$1" ]; }
document_says() {
  local pattern=$1
  shift
  "$@" --json - | tr -d ' \n' | grep -q -e "$pattern"
}
claim probe_names_the_refusal document_says '"memfd":"EPERM"' "$restrict" memfd=EPERM -- "$wxbench" probe --runtime 9
claim probe_sees_a_filter_that_answers_by_a_signal is_predicted "dies dies" make-executable=KILL
claim probe_does_not_trust_a_filter_that_refuses_another_call is_predicted "unknown unknown" membarrier=EPERM
claim nor_one_that_kills_for_it is_predicted "unknown unknown" sigaltstack=KILL
claim nor_one_that_answers_as_no_kernel_does is_predicted "unknown unknown" membarrier=EINVAL
claim a_filter_that_refuses_nothing_of_a_start_is_no_doubt is_predicted "on off" fallocate=ENOSYS
claim probe_knows_the_limit_of_file_sizes is_predicted "dies off" file-size=1048576
claim probe_knows_that_the_signal_may_be_ignored is_predicted "off off" ignore-file-size file-size=1048576
claim probe_does_not_guess_what_was_not_measured is_predicted "unknown unknown" address-space=1600000000
a_set_heap() { DOTNET_gcServer=1 is_predicted "unknown unknown" address-space=$((64 << 30)); }
claim probe_does_not_guess_what_a_set_heap_reserves a_set_heap
claim probe_does_not_judge_other_versions document_says '"predicted":"unknown"' "$wxbench" probe --runtime 12
refused probe_wants_a_version "is no version" "$wxbench" probe --runtime x
refused probe_wants_a_folder_with_a_runtime "there is no runtime" "$wxbench" probe --runtime "$scratch/"
refused probe_wants_a_process_that_is_there "no such process" "$wxbench" probe --pid 4194304
refused probe_wants_a_process_with_a_runtime "runs no .NET runtime" "$wxbench" probe --pid $$
refused probe_takes_a_process_or_versions "exclude each other" "$wxbench" probe --pid 1 --runtime 9

# ---- Prediction and outcome ----

# shellcheck source=tests/support/real.sh
. tests/support/real.sh

# observes SWITCH EXPECTED: what is said of a running hello, held at its first step.
observes() {
  local version=${here[0]%% *} root=${here[0]#* } said told line target
  rm -f "$scratch"/{said,told}.pipe && mkfifo "$scratch"/{said,told}.pipe
  exec {said}<>"$scratch/said.pipe" {told}<>"$scratch/told.pipe"
  DOTNET_EnableWriteXorExecute=$1 WXBENCH_STEP_FDS=$told,$said \
    "$root/dotnet" exec --fx-version "$version" "$program" hello >"$scratch/output" 2>&1 &
  target=$!
  read -r line <&"$said"
  "$wxbench" probe --pid "$target" --json - >"$scratch/observed"
  kill "$target"
  wait "$target" 2>"$scratch/ignored"
  exec {said}<&- {told}<&-
  [[ $line = step* ]] && tr -d ' \n' <"$scratch/observed" | grep -q -e "\"runtime\":\"$version\",$2"
}
# Each line: restrictions for tests/fixtures/restrict.c.
restrictions=(
  "none"
  "mdwe"
  "mdwe-filter=EPERM"
  "make-executable=EACCES"
  "make-executable=KILL"
  "write-exec=EACCES"
  "write-exec=EPERM"
  "write-exec=KILL"
  "shared-writing=EACCES"
  "memfd=ENOSYS"
  "memfd=EPERM"
  "memfd=KILL"
  "memfd=EPERM write-exec=EACCES"
  "ftruncate=EPERM"
  "ftruncate=KILL"
  "ftruncate=EINVAL write-exec=EPERM"
  "fallocate=ENOSYS"
  "thread=EAGAIN"
  "file-size=0"
  "file-size=0 ignore-file-size"
  "file-size=4096"
  "file-size=1048576"
  "file-size=16777216"
  "file-size=107374182400"
  "file-size=16777216 ignore-file-size"
  "file-size=16777216 memfd=EPERM"
  "file-size=1048576 memfd=EPERM"
  "address-space=$((1 << 29))"
  "address-space=$((1 << 30))"
  "address-space=$((2 << 30))"
  "address-space=$((8 << 30))"
  "address-space=$((64 << 30))"
  "address-space=$((512 << 30))"
  "memfd-noexec=1"
  "memfd-noexec=2"
  "no-proc"
  "no-proc mdwe"
  "mdwe thread=EAGAIN"
  "shared-writing=EACCES write-exec=EACCES"
  "noexec-tmp"
)
mapfile -t here < <(scripts/runtimes --list)


# All goes through pipes: a limit of file sizes is one of what is written, too.
set -o pipefail
# predict RESTRICTION...: lines `VERSION,MODE,on|off|dies|unknown,ENDS,MESSAGE` in $scratch/predicted; the reason why a
# restriction cannot be had in $scratch/said.
predict() {
  local names=() line
  for line in "${here[@]}"; do names+=(--runtime "${line#* }/"); done
  { "$restrict" "$@" -- "$wxbench" probe "${names[@]}" --format csv 2>&3 | cat >"$scratch/predicted"; } 3>&1 | cat >"$scratch/said"
  return "${PIPESTATUS[0]}"
}
# start ROOT VERSION MODE RESTRICTION...: `on exit 0`, `dies SIGSEGV` and so on, with stderr in $scratch/said.
start() {
  local switch=1
  [ "$3" = on ] || switch=0
  {
    DOTNET_EnableWriteXorExecute=$switch "$restrict" --outcome "${@:4}" -- \
      "$1/dotnet" exec --fx-version "$2" "$PWD/$program" hello 2>&1 >&3 | cat >"$scratch/said"
  } 3>&1
}
# agrees ROOT VERSION MODE RESTRICTION...: whether that start is as predicted.
agrees() {
  local version mode state ends message happened
  IFS=, read -r version mode state ends message < <(grep "^$2,$3," "$scratch/predicted")
  # Whether .NET 11 starts within 1 GiB varies, and what else is reserved is not seen.
  [ "$state" != unknown ] || [[ $4 != address-space* ]] || return 0
  message=${message#\"}
  message=${message%\"}
  happened=$(start "$@")
  [ "$state" = dies ] || ends="exit 0"
  [ -n "$ends" ] || ends=${happened#dies } # It is not known how it dies.
  [ "$happened" = "$state $ends" ] && { [ -z "$message" ] || grep -qF -e "$message" "$scratch/said"; } && return
  echo "$version $mode: predicted $state $ends '$message', but: $happened; $(head -c 300 "$scratch/said")"
  false
}
all_agree() {
  local line mode differ=0
  for line in "${here[@]}"; do
    for mode in on off; do agrees "${line#* }" "${line%% *}" "$mode" "$@" || differ=1; done
  done
  return "$differ"
}
claim a_running_process_is_seen_with_it_on observes 1 '"observed":"on","why":null'
claim a_running_process_is_seen_with_it_switched_off observes 0 '"observed":"off","why":"switchedoffby'
claim a_hexadecimal_zero_switches_it_off observes 0x0 '"observed":"off","why":"switchedoffby'
for line in "${restrictions[@]}"; do
  read -ra words <<<"$line"
  name=what_is_predicted_happens_under_${line//[ =]/_}
  predict "${words[@]}"
  status=$?
  if [[ $line = noexec-tmp && ("$PWD ${here[*]}" = *" /tmp/"* || $PWD = /tmp/*) ]]; then
    skip "$name" "what is started lies in /tmp"
  elif [ "$status" = 77 ]; then
    skip "$name" "$(<"$scratch/said")"
  else
    claim "$name" all_agree "${words[@]}"
  fi
done
tap_end
