#!/usr/bin/env bash
# wxbench validate --memory-limit and --smallest-limit on a real runtime: releasing is what kills it.
# shellcheck disable=SC2317 # the functions are called through claim
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
# shellcheck source=tests/support/real.sh
. tests/support/real.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

version=$(basename "${runtimes[0]}")
real() { "$wxbench" validate --runtime "$version" --workload asm --json "$scratch/limit.json" "$@" >"$scratch/out" 2>"$scratch/err"; }
holds() { jq -e "[.results[] | {key: .mode, value: .}] | from_entries | $1" "$scratch/limit.json" >/dev/null || { cat "$scratch/out" "$scratch/err"; return 1; }; }
dies_freeing() {
  holds '.on.memory_group.oom_kills == 1 and .on.ended.signal == 9 and .on.samples[-1].step == "dropped" and .off.ended == null and .preload.ended == null and
    (.on.memory_group | .kernel_log_unreadable != null or .kernel_reports[0].split.shmem_unmapped_bytes > 20 * 1048576)'
}
needs_more() {
  real --set count=150 --mode on --mode off --smallest-limit=8MiB && holds '.on.smallest_limit.survives_bytes > .off.smallest_limit.survives_bytes'
}
real --set count=1250 --mode on --mode off --mode preload --memory-limit 200MiB
case $? in
77)
  skip a_real_runtime_in_a_group "$(cat "$scratch/err")"
  exit 77
  ;;
1) claim releasing_is_what_kills_it dies_freeing ;;
*) not_ok releasing_is_what_kills_it ;;
esac
claim it_needs_a_larger_limit_with_wx_on needs_more

# Files that were in no cache are nobody's, not those of the mode that happens to come first.
cold=$(mktemp -d build/tests/cold.XXXXXX)
trap 'rm -rf "$scratch" "$cold"' EXIT
cp -rL "${runtimes[0]}." "$cold" && find "$cold" -type f -exec sync {} +
find "$cold" -type f -exec dd if={} iflag=nocache count=0 status=none \;
library=$(find "$cold" -name libcoreclr.so)
no_mode_pays() {
  "$wxbench" validate --runtime "$cold" --workload hello --mode on --mode off --memory-limit 1GiB --json "$scratch/limit.json" >"$scratch/out" 2>"$scratch/err" &&
    holds '.on.memory_group.peak_bytes - .off.memory_group.peak_bytes < 12 * 1048576'
}
if [ "$(fincore --bytes --noheadings --output RES "$library" | tr -d ' ')" = 0 ]; then
  claim the_first_mode_does_not_pay_for_files no_mode_pays
else
  skip the_first_mode_does_not_pay_for_files "files cannot be put out of the cache here"
fi
tap_end
