#!/usr/bin/env bash
# What people save of a process of the real runtime that nothing is wrong with: clean from maps, smaps and a core, and nothing
# else from any part of them.
# shellcheck disable=SC2317 # the functions are called through claim
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
# shellcheck source=tests/support/real.sh
. tests/support/real.sh
# shellcheck source=tests/support/held.sh
. tests/support/held.sh

is_clean() {
  local code
  code=$("$wxbench" audit "$@" --json - --quiet | jq -r '.results[0].verdict | "\(.code): \(.text)"')
  [[ $code == clean:* ]] || { echo "$code" && return 1; }
}
save() {
  cat "/proc/$pid/maps" >"$scratch/$1.maps" && cat "/proc/$pid/smaps" >"$scratch/$1.smaps"
}
for runtime in "${runtimes[@]}"; do
  version=$(basename "$runtime")
  hold "$runtime" generated hello || { not_ok "hello_on_${version}_waits" && continue; }
  claim "hello_on_${version}_is_saved" save "$version"
  claim "hello_on_${version}_is_clean_alive" is_clean "$pid"
  claim "hello_on_${version}_is_clean_from_its_maps" is_clean --maps "$scratch/$version.maps"
  claim "hello_on_${version}_is_clean_from_its_smaps" is_clean --smaps "$scratch/$version.smaps"
  if gcore -o "$scratch/core" "$pid" >/dev/null 2>&1; then
    claim "hello_on_${version}_is_clean_from_a_core_by_gcore" is_clean --core "$scratch/core.$pid"
    rm -f "$scratch/core.$pid"
  else
    skip "hello_on_${version}_is_clean_from_a_core_by_gcore" "gcore cannot be run"
  fi
  let_go
done
# Of the newest and the oldest. What libcheck logs there is not this test's.
cut_anywhere() {
  env -u CK_TAP_LOG_FILE_NAME WXBENCH_CUT="$scratch/{$(basename "${runtimes[0]}"),$version}.*maps" \
    CK_RUN_CASE=the_files_that_were_asked_for_cut_anywhere_give_their_verdict_or_none build/tests/plain/cut_test >"$scratch/cut" ||
    { cat "$scratch/cut" && return 1; }
}
claim any_part_of_what_was_saved_gives_its_verdict_or_none cut_anywhere
tap_end
