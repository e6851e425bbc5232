#!/usr/bin/env bash
# Dumps of every kind of one process that stands still: each figure that an audit gives of them is that of the living process, or null.
# shellcheck disable=SC2016,SC2317 # jq's variables; the functions are called through claim
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
# shellcheck source=tests/support/real.sh
. tests/support/real.sh
# shellcheck source=tests/support/held.sh
. tests/support/held.sh

# What is compared: everything but how it was asked, the file's own segments, lists of rows, which depend on the file's, and
# memory that has no name in a core only.
figures='.results[0] | {doublemapper, glibc, process, owners: (.owners // [] | map({key: .owner, value: .}) | from_entries), span_parts} | del(.doublemapper.files, .doublemapper.extents,
  .doublemapper.orphaned_extents, .process.segments, .glibc.slot_bytes, .process.threads, .owners.unnamed)
  | [paths(type == "number") as $p | {path: ($p | map(tostring) | join(".")), value: getpath($p)}] | sort_by(.path)'
alive() { "$wxbench" audit "$pid" --quiet --json - | jq "$figures" >"$1"; }
# same_or_null FILE COUNT: prints the figures of a core that are others than those of the living process; it has at least so many.
same_or_null() {
  "$wxbench" audit --core "$1" --quiet --json - 2>/dev/null | jq "$figures" >"$scratch/of-core"
  jq -r --slurpfile alive "$scratch/alive" '($alive[0] | map({key: .path, value: .value}) | from_entries) as $known
    | .[] | select($known[.path] != .value) | "\(.path): \(.value), alive \($known[.path])"' "$scratch/of-core" >"$scratch/others"
  ! grep . "$scratch/others" && [ "$(jq length "$scratch/of-core")" -ge "$2" ]
}
# cuts FILE: sizes that end in its notes, between its headers, in one of them and behind the first, descending.
cuts() {
  local count=$(($(od -An -tu2 -j56 -N2 "$1"))) notes size
  read -r notes size < <(readelf -lW "$1" | awk '$1 == "NOTE" { print $2, $5; exit }')
  printf '%s\n' $((notes + size / 2)) $((notes + 4)) $((64 + count * 56)) $((64 + count * 28)) $((64 + count * 28 + 20)) 120 65 | sort -rnu
}
# says_nothing FILE: that there is no double mapper, or nothing wrong, is not said of a part of a core.
says_nothing() {
  local code
  code=$("$wxbench" audit --core "$1" --quiet --json - 2>/dev/null | jq -r '.results[0].verdict.code')
  [ -z "$code" ] || [ "$code" = unknown ] || { echo "$code" && return 1; }
}
# The collector may run between two looks, never while the process stands still for a dump: then they are alike.
dump() { # dump KIND VERSION RUNTIME
  case $1 in
  gcore) gcore -o "$scratch/core" "$pid" && mv "$scratch/core.$pid" "$scratch/core" ;;
  kernel) # For SIGSYS the runtime has no handler. It ends the process.
    kill -SYS "$pid" && wait "$pid"
    mv "$scratch/core.$pid" "$scratch/core" 2>/dev/null || [ -s "$scratch/core" ]
    ;;
  *) "$3/shared/Microsoft.NETCore.App/$2/createdump" "--$1" -f "$scratch/core" "$pid" ;;
  esac >"$scratch/said" 2>&1
}
dump_and_compare() {
  alive "$scratch/alive" || return
  dump "$@" || { cat "$scratch/said" && return 1; }
  case $1 in
  full | gcore | kernel) # So many figures it has; of a part of the file those that are left.
    local size
    same_or_null "$scratch/core" 8 || return
    for size in $(($(stat -c %s "$scratch/core") / 2)) $(cuts "$scratch/core"); do
      truncate -s "$size" "$scratch/core"
      if ! says_nothing "$scratch/core" || ! same_or_null "$scratch/core" 0; then
        echo "# of the first $size bytes" && return 1
      fi
    done
    ;;
  *) same_or_null "$scratch/core" 0 ;;
  esac
}

# hides_the_collector KIND VERSION RUNTIME: memory without a name may be the collector's or malloc's main heap, so nothing is clean.
hides_the_collector() {
  dump "$@" || return
  "$wxbench" audit --core "$scratch/core" --quiet --json - 2>/dev/null |
    jq -e '.results[0] | .verdict.code == "unknown" and .glibc.main_arena == null and
      ([.owners[] | select(.owner == "gc_committed" or .owner == "main_heap") | .bytes] | unique) == [null]' >/dev/null || return
  ! "$wxbench" audit --core "$scratch/core" 2>/dev/null | sed -n '/^Summary by kind/,/^$/p' | grep -E '^(other anonymous|kernel|\[TOTAL\]) .*[0-9]'
}
for kind in full gcore; do
  version=$(basename "${runtimes[0]}")
  if [ "$kind" = gcore ] && ! command -v gcore >/dev/null; then
    skip a_dump_by_gcore_of_a_large_collector_is_not_clean "no gcore"
    continue
  fi
  hold "${runtimes[0]}" generated heap rounds=1 count=4096 || { not_ok "heap_on_${version}_waits" && break; }
  claim "a_dump_by_${kind}_of_a_large_collector_is_not_clean" hides_the_collector "$kind" "$version" "${runtimes[0]}"
  rm -f "$scratch/core"
  let_go
done

# What was released is in no dump, and where the file has no name its holes are all that is left of it.
is_not_called_clean() {
  dump full "$@" && ! "$wxbench" audit --core "$scratch/core" --quiet --json - 2>/dev/null | jq -e '.results[0].verdict.code == "clean"' >/dev/null
}
for runtime in "${runtimes[@]}"; do
  version=$(basename "$runtime")
  hold "$runtime" collected asm rounds=1 count=300 || { not_ok "asm_on_${version}_is_collected" && continue; }
  claim "a_full_dump_of_what_keeps_what_it_released_is_not_clean_on_$version" is_not_called_clean "$version" "$runtime"
  rm -f "$scratch/core"
  let_go
done

for runtime in "${runtimes[@]}"; do
  version=$(basename "$runtime")
  export DOTNET_TieredCompilation=0
  hold "$runtime" generated asm rounds=1 count=60 || { not_ok "asm_on_${version}_waits" && continue; }
  for kind in normal withheap triage full gcore; do
    if [ "$kind" = gcore ] && ! command -v gcore >/dev/null; then
      skip "figures_of_a_dump_by_gcore_on_${version}_are_those_of_the_living_or_null" "no gcore"
      continue
    fi
    claim "figures_of_a_dump_by_${kind}_on_${version}_are_those_of_the_living_or_null" dump_and_compare "$kind" "$version" "$runtime"
    rm -f "$scratch/core"
  done
  let_go
  # The kernel's goes to the folder of the process, so another one of its kind is looked at.
  if [ "$(cat /proc/sys/kernel/core_pattern)" = core ] && ulimit -c unlimited 2>/dev/null; then
    if held_in=$scratch hold "$runtime" generated asm rounds=1 count=60; then
      claim "figures_of_a_dump_by_the_kernel_on_${version}_are_those_of_the_living_or_null" dump_and_compare kernel "$version" "$runtime"
      rm -f "$scratch/core"
      let_go
    else
      not_ok "asm_on_${version}_waits_for_the_kernel"
    fi
  else
    skip "figures_of_a_dump_by_the_kernel_on_${version}_are_those_of_the_living_or_null" "the kernel's cores go elsewhere"
  fi
done
tap_end
