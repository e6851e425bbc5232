#!/usr/bin/env bash
# What retained memory does to the collector's work: `pressure` within a memory group, with W^X as it is (twice a round: the A/A
# spread) and with the pages given back by the preload library, in turns that rotate; collections and pause time of the second part,
# each divided by the first of its round.
#   SOAK_ROUNDS=5    rounds; SOAK_LIMITS='11.0.0=288MiB ...'   which versions within which limit; HEAVY=COMMAND  put before each run
set -u
wxbench=${WXBENCH:-build/wxbench}
rounds=${SOAK_ROUNDS:-5}
read -ra limits <<<"${SOAK_LIMITS:-$(sed -n 's/^runtime \(11\..*\)/\1=288MiB/p; s/^runtime \(\(10\|[89]\)\..*\)/\1=352MiB/p' scripts/versions)}"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# run ROUND VARIANT VERSION LIMIT: a line `VERSION/LIMIT ROUND VARIANT GEN0 GEN2 HIGH_MEMORY PAUSE_MS`, or how it ended.
run() {
  local mode=${2%2}
  ${HEAVY:-} "$wxbench" validate --runtime "$3" --workload pressure --memory-limit "$4" --mode "$mode" --quiet --json "$scratch/run.json" >"$scratch/out" 2>&1
  jq -r --arg head "$3/$4 $1 $2" '.results[0] | if .figures then "\($head) \(.figures.gen0_collections) \(.figures.gen2_collections) \(.figures.high_memory_collections) \(.figures.pause_ns / 1e6 | floor)" else "\($head) ended \(.ended.how)" end' "$scratch/run.json"
}
variants=(on preload on2)
for one in "${limits[@]}"; do
  for ((round = 0; round < rounds; ++round)); do
    for ((i = 0; i < ${#variants[@]}; ++i)); do
      run "$round" "${variants[(i + round) % ${#variants[@]}]}" "${one%=*}" "${one#*=}"
    done
  done
done | tee "$scratch/lines"

# Medians, and least to most.
awk '
  NF == 7 { gen0[$1, $3, $2] = $4; gen2[$1, $3, $2] = $5; high[$1, $3, $2] = $6; pause[$1, $3, $2] = $7; versions[$1]; rounds[$2] }
  function row(version, name, variant, value, base,    n, i, r, list, swap, k) {
    n = 0
    for (r in rounds)
      if ((version, variant, r) in value && (!base || ((version, "on", r) in value && value[version, "on", r] > 0)))
        list[++n] = base ? value[version, variant, r] / value[version, "on", r] : value[version, variant, r]
    for (i = 2; i <= n; ++i) for (k = i; k > 1 && list[k] < list[k - 1]; --k) { swap = list[k]; list[k] = list[k - 1]; list[k - 1] = swap }
    if (n) printf "%s %s %s: median %.2f (%.2f to %.2f), %d runs\n", version, name, variant, list[int((n + 1) / 2)], list[1], list[n], n
  }
  END {
    for (version in versions) {
      split("on on2 preload", variants, " ")
      for (i = 1; i <= 3; ++i) { row(version, "collections", variants[i], gen0); row(version, "generation 2", variants[i], gen2); row(version, "in high-memory mode", variants[i], high); row(version, "pause ms", variants[i], pause) }
      row(version, "pause ratio", "on2", pause, 1); row(version, "pause ratio", "preload", pause, 1)
    }
  }' "$scratch/lines"
