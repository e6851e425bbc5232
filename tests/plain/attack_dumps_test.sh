#!/usr/bin/env bash
# A program that crashes beside a sidecar writes its dump: what writes it may trace the program.
# shellcheck disable=SC2317 # the functions are called through claim
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
# shellcheck source=tests/support/real.sh
. tests/support/real.sh
# shellcheck source=tests/support/dumps.sh
. tests/support/dumps.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# A program that allocates all the time beside a sidecar that always has something to do: so that a dump is likely to
# meet a pause, or the moment before it.
for ((time = 0; time < ${WXBENCH_CRASHES:-3}; ++time)); do
  choose_crash "$time"
  claim "dump_of_crash_$((time + 1))_by_${way}_is_written" crash "crash$time" 60 "$way" "$runtime"
done
tap_end
