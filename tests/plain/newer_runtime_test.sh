#!/usr/bin/env bash
# A runtime newer than every model: a copy of the newest one under another version goes through validate, record, replay, audit
# and reclaim, and is held against the newest model, which is said.
# shellcheck disable=SC2317 # the functions are called through claim
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
# shellcheck source=tests/support/real.sh
. tests/support/real.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# shellcheck disable=SC2154 # runtimes is that of real.sh
original=${runtimes[0]} version=99.0.0
root=$scratch/$version
cp -r "$original" "$root"
for folder in "$root/shared/Microsoft.NETCore.App" "$root/host/fxr"; do
  mv "$folder/$(basename "$original")" "$folder/$version"
done
newest_model=$("$wxbench" list models --format csv | sed -n 's/^[^,]*,\(net[0-9]*\),.*/\1/p' | sort -V | tail -n 1)

run_modes() {
  "$wxbench" validate -q --runtime "$root" --set count=40 --json "$scratch/modes.json" &&
    jq -e --arg version "$version" '[.results[] | [.runtime, .mode, all(.expectations[]; .ok)]] ==
      [[$version, "on", true], [$version, "off", true], [$version, "preload", true]]' "$scratch/modes.json" >/dev/null
}
claim validate_runs_every_mode run_modes

"$wxbench" validate --fidelity=1 --runtime "$root" --set count=20 --json "$scratch/model.json" >"$scratch/model.txt"
claim validate_compares_it_with_the_newest_model grep -q "^asm, $newest_model (the newest model) against $version\$" "$scratch/model.txt"
claim and_says_that_no_model_knows_it grep -q "^$version: no model knows this version" "$scratch/model.txt"
is_labelled() {
  jq -e --arg version "$version" --arg model "$newest_model" \
    '.results[1] | .runtime == $version and .model == $model and .model_stands_in' "$scratch/model.json" >/dev/null
}
claim a_document_labels_it is_labelled
its_own_has_no_label() {
  "$wxbench" validate -q --fidelity=1 --runtime "$original" --set count=20 --json "$scratch/own.json"
  jq -e '.results[1] | has("fidelity") and (has("model_stands_in") | not)' "$scratch/own.json" >/dev/null
}
claim a_version_with_a_model_has_no_label its_own_has_no_label

# shellcheck disable=SC2154 # program is that of real.sh
app=("$root/dotnet" exec --fx-version "$version" "$program" asm rounds=1 count=100)
"${app[@]}" >"$scratch/alone"
replays_exactly() {
  "$wxbench" record -o "$scratch/trace" -- "${app[@]}" >"$scratch/recorded" 2>/dev/null &&
    cmp "$scratch/alone" "$scratch/recorded" && "$wxbench" replay -q "$scratch/trace" --strategy coreclr
}
claim a_recording_replays_exactly replays_exactly

# advance STEP: answers the program until it has reached this step.
advance() {
  local said=
  until [[ $said == *" $1 -" ]]; do
    [ -z "$said" ] || echo >&"$answers"
    read -r -t 60 -u "$steps" said || return
  done
}
mkfifo "$scratch/answers" "$scratch/steps"
exec {answers}<>"$scratch/answers" {steps}<>"$scratch/steps"
WXBENCH_STEP_FDS=$answers,$steps "${app[@]}" >"$scratch/held" &
process=$!
trap 'kill $process 2>/dev/null; rm -rf "$scratch"' EXIT
claim it_runs_until_its_memory_is_released advance collected
audits() {
  "$wxbench" audit "$process" -q --json "$scratch/audit.json"
  jq -e '.results[0].verdict.code == "retained"' "$scratch/audit.json" >/dev/null
}
claim audit_finds_what_it_retains audits
gives_back() {
  "$wxbench" reclaim --pid "$process" -q --json "$scratch/reclaim.json" &&
    jq -e '.results[0] | .punched_bytes >= 8388608 and .after_bytes < .before_bytes / 2' "$scratch/reclaim.json" >/dev/null
}
claim_where_idle reclaim_gives_it_back gives_back
goes_on() {
  echo >&"$answers"
  advance end && echo >&"$answers" && wait "$process" && cmp "$scratch/alone" "$scratch/held"
}
claim it_goes_on_and_computes_the_same goes_on
tap_end
