#!/usr/bin/env bash
# The short cut of `make soak-compare`: a comparison of each kind finds nothing.
# shellcheck disable=SC2317 # the functions are called through claim
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
kinds=(again environment no_environment folder user chroot order stack descriptors named_more)
soak() { SOAK_SCENARIOS=fork_without_exec SOAK_COMPARISONS=$1 tests/soak/compare.sh "${@:2}" >"$scratch/table" 2>&1 || { cat "$scratch/table" && false; }; }
claim no_false_alarm_in_any_setting soak "${#kinds[@]}" "${kinds[@]}"
claim each_setting_is_a_row test "$(grep -cE '^\| (again|environment|no_environment|folder|user|chroot|order|stack|descriptors|named_more) ' "$scratch/table")" = "${#kinds[@]}"
tap_end
