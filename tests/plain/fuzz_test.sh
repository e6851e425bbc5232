#!/usr/bin/env bash
# Every parser survives its corpus and ten seconds of fuzzing; `make fuzz` goes on for longer.
set -u
. tests/support/tap.sh
targets=()
for source in tests/fuzz/*_fuzz.c; do
  target=build/tests/fuzz/$(basename "$source" .c)
  if [ -x "$target" ]; then
    targets+=("$target")
  else
    skip "$(basename "$source" _fuzz.c)_fuzzing" "not built; it needs clang and libclang-rt-14-dev"
  fi
  claim "$(basename "$source" _fuzz.c)_has_a_corpus" test -n "$(ls "tests/fuzz/corpus/$(basename "$source" _fuzz.c)")"
done
if [ ${#targets[@]} -gt 0 ]; then
  FUZZ_SECONDS=${FUZZ_SECONDS:-10} tests/fuzz/run "${targets[@]}" || tap_failed=1
fi
tap_end
