#!/usr/bin/env bash
# shellcheck disable=SC2317 # the functions are called through sed's output
# What `compare` finds: a strategy is made slower by some percent, and one keeps a single page. `make soak-power` compares each with
# the same program unchanged, SOAK_POWER (20) times, and prints how often it was found. Times want a quiet machine.
#   tests/soak/power.sh [PERCENT]...    default: 0 5 10 15 30
set -u
export LC_ALL=C
tries=${SOAK_POWER:-20}
percents=("$@")
[ $# != 0 ] || percents=(0 5 10 15 30)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# variant NAME RELEASE: a copy of the tree whose `added` is `pwrite` with this C before each release; builds it.
variant() {
  local tree=$work/$1
  mkdir -p "$tree/build/plain" && cp -r Makefile VERSION packaging harness scripts scenarios "$tree" || return
  awk -v before="$2" '{ gsub(/wx_strategy_pwrite/, "wx_strategy_added"); gsub(/"pwrite"/, "\"added\"") } { print }
    /^static int release\(/ { print before } /^#include "strategy\/drafts.h"/ { print "#include \"os/os.h\"\n#include \"os/process.h\"" }' \
    harness/strategy/pwrite.c >"$tree/harness/strategy/added.c"
  mkdir -p "$tree/build/obj" && cp -a build/obj/plain "$tree/build/obj/" || return
  find "$tree" -path '*/build' -prune -o -type f ! -name added.c -exec touch -d 2000-01-01 {} +
  make -C "$tree" -j2 WARNINGS='-Wall -Wno-unused' build/wxbench >"$work/make.log" 2>&1 || { tail -n 5 "$work/make.log" >&2 && false; }
}
waits() { echo "const uint64_t until = wx_os_now_ns() + $1; while (wx_os_now_ns() < until) {}"; }
keeps='static bool kept; if (!kept) { kept = true; (void)wx_os_pwrite(((WxDoubleMapping *)allocator)->fd, "x", 1, 1ULL << 40); }'

base=$work/base/build/wxbench
cycle() {
  (cd "$work/base" && build/wxbench bench strategies -q --quick --workload block_cycle --strategy added --json -) |
    jq '[.results[]|select(.strategy=="added")|.time_ns.cycle.median][0]|round'
}
# found COMMAND...: of how many tries it ended with 1.
found() {
  local count=0 i ended
  for ((i = 0; i < tries; ++i)); do
    "$@" >"$work/compared" 2>&1
    ended=$?
    [ "$ended" -le 1 ] || { cat "$work/compared" >&2; return 1; }
    count=$((count + ended))
  done
  echo "$count"
}
timed() { (cd "$work/$1" && build/wxbench compare --against "$base" --workload block_cycle --strategy added --gate-times); }
page() {
  (cd "$work/page" && build/wxbench run -q block_cycle --strategy added --json "$work/new.json") && "$base" compare "$work/page.json" "$work/new.json"
}

variant base '' && variant page "$keeps" || exit 1
cost=$(cycle)
echo "kernel $(uname -r), $(nproc) processors, $(date -u +%F), load $(cut -d ' ' -f 1-3 /proc/loadavg), a cycle takes $cost ns"
printf '| %-22s | %9s | %9s |\n|---|---:|---:|\n' 'the strategy' compared found
(cd "$work/base" && build/wxbench run -q block_cycle --strategy added --json "$work/page.json")
printf '| %-22s | %9d | %9s |\n' 'keeps one page' "$tries" "$(found page)"
for percent in "${percents[@]}"; do
  variant "slow$percent" "$( ((percent == 0)) || waits $((cost * percent / 100)))" || exit 1
  printf '| %-22s | %9d | %9s |\n' "is slower by $percent %" "$tries" "$(found timed "slow$percent")"
done
echo "load at the end: $(cut -d ' ' -f 1-3 /proc/loadavg)"
