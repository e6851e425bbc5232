#!/usr/bin/env bash
# A program that crashes beside a sidecar writes its dump: what writes it may trace the program.
# shellcheck disable=SC2317 # the functions are called through claim
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
# shellcheck source=tests/support/arena.sh
. tests/support/arena.sh
# shellcheck source=tests/support/real.sh
. tests/support/real.sh
# shellcheck source=tests/support/dumps.sh
. tests/support/dumps.sh
# The sidecar is made to trace the program for most of the time, so that every dump meets a pause.
if ! command -v strace >/dev/null; then
  skip attack_dumps "no strace"
  exit 77
fi
slowly=(strace -f --seccomp-bpf -e trace=ptrace -e inject=ptrace:delay_exit=2000 -o /dev/null)
app "${runtimes[0]}" asm count=30 rounds=100000
for time in 1 2 3 4 5; do
  claim "dump_of_crash_${time}_is_written" crash "crash$time" 60 "${app[@]}"
done
tap_end
