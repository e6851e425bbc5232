#!/usr/bin/env bash
# tests/run and tests/support/tap.sh: what they make of a reason to skip.
# shellcheck disable=SC2317 # the functions are called through claim
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
top=$PWD

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
tap_end
