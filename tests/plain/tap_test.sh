#!/usr/bin/env bash
# tests/run and tests/support/tap.sh: what they make of a reason to skip, and which tests fail whose claims all hold.
# shellcheck disable=SC2317 # the functions are called through claim
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
top=$PWD
# What tests/run runs them under, from the folder that it is called in.
mkdir -p "$scratch/build/tests" && ln -s "$top/build/tests/guard" "$scratch/build/tests/guard"

# shown LINE COMMAND: whether tests/run shows exactly this line of a test that does the command.
shown() {
  printf '#!/usr/bin/env bash\n. "%s/tests/support/tap.sh"\n%s\n' "$top" "$2" >"$scratch/some_test.sh"
  chmod +x "$scratch/some_test.sh"
  (cd "$scratch" && "$top/tests/run" ./some_test.sh) >"$scratch/out"
  grep -qxF "    $1" "$scratch/out" || { cat "$scratch/out"; return 1; }
}
claim a_reason_is_shown_as_a_skip shown 'SKIP: no SDK' 'echo "no SDK"; exit 77'
claim a_reason_that_says_skip_says_it_once shown 'SKIP: no SDK' 'echo "SKIP: no SDK"; exit 77'
claim a_reason_of_a_part_is_shown shown 'SKIP some_part: no SDK' 'skip some_part "no SDK"'
claim a_reason_of_a_part_that_says_skip_says_it_once shown 'SKIP some_part: no SDK' 'skip some_part "SKIP: no SDK"'
fails() { ! shown "$@" >/dev/null && grep -qE "$1" "$scratch/out" && grep -q ' 1 failed' "$scratch/out" || { cat "$scratch/out"; return 1; }; }
claim a_call_of_what_is_not_there_fails_a_test fails 'some_test.sh_calls_what_is_there: line 3: no_such_helper: command not found' \
  'ok one; no_such_helper 2>&1'
claim a_helper_by_another_meaning_fails_a_test fails 'some_test.sh_calls_what_is_there: line 3: ends_with: readonly function' \
  'ends_with() { true; }; ok one'
claim a_process_left_behind_fails_a_test fails 'left behind: process [0-9]+, sleep' 'ok one; sleep 100 &'
tap_end
