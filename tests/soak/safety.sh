#!/usr/bin/env bash
# shellcheck disable=SC2317 # the functions are called by the name of their part
# What a reclaim does to its target, over and over: `make soak-safety`. Prints one table; exit status 1 where a result was
# wrong, a signal or a dump was lost, or anything stayed held.
#   tests/soak/safety.sh [pauses|storm|strikes|crashes|service|crowd]...    default: all
# SOAK_PAUSES (10000) beside each program, SOAK_ROUNDS (10) of the service in each mode and of reclaims in a crowd,
# SOAK_STRIKES (1000) for each way of freezing, SOAK_CRASHES (200).
# SOAK_RUNTIMES: versions of .NET, default: all that are laid out. SOAK_PART is this script's own.
set -u
export LC_ALL=C
pauses=${SOAK_PAUSES:-10000} strikes=${SOAK_STRIKES:-1000} crashes=${SOAK_CRASHES:-200} service_rounds=${SOAK_ROUNDS:-10}
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
log=build/soak-safety.log # What is behind a number that is not 0.
part=${SOAK_PART-}

# The first process of namespaces of its own, where it is named here: it begins anew in them.
case $part in
pauses | crashes | crowd)
  # shellcheck source=tests/support/real.sh
  . tests/support/real.sh
  ;;&
service)
  # shellcheck source=scripts/dotnet.sh
  . scripts/dotnet.sh
  ;;&
pauses | storm | strikes | service | crowd)
  # shellcheck source=tests/support/arena.sh
  . tests/support/arena.sh
  ;;
crashes)
  # shellcheck source=tests/support/dumps.sh
  . tests/support/dumps.sh
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  ;;
esac

# row WHAT COUNT P50 P99 LONGEST ABANDONED OVER WRONG LOST HELD: `-` where there is no such number.
row() {
  printf '| %-33s | %13s | %7s | %7s | %7s | %9s | %11s | %5s | %4s | %4s |\n' "$@"
  [[ "$8$9${10}" =~ ^[0-]*$ ]]
}
table_head() {
  echo "kernel $(uname -r), $(nproc) processors, $(date -u +%F), load $(cut -d ' ' -f 1-3 /proc/loadavg)"
  row 'beside' 'count' 'p50 ms' 'p99 ms' 'longest' 'abandoned' 'over budget' wrong lost held
  echo '|---|---|---|---|---|---|---|---|---|---|'
}
# figure NAME FILE: of a result file. milliseconds NAME FILE: the same, with two digits.
figure() { sed -nE "s/.*\"$1\": ([0-9]+).*/\1/p" "$2" | head -n 1; }
milliseconds() { figure "$1" "$2" | awk '{ printf "%.2f", $1 / 1e6 }'; }
# paused WHAT FILE WRONG LOST: the row of a sidecar's result.
paused() {
  row "$1" "$(figure count "$2") pauses" "$(milliseconds p50_ns "$2")" "$(milliseconds p99_ns "$2")" "$(milliseconds max_ns "$2")" \
    "$(figure abandoned "$2")" "$(figure over_budget "$2")" "$3" "$4" -
}

# ---- Real runtimes: they compute the same beside a sidecar that always has something to do ----

# runs ROUNDS: the program alone, then beside a sidecar. $wrong: 1 where the results differ.
runs() {
  local result=$scratch/result.json said=$scratch/said target sidecar
  app "$runtime" asm count=12 rounds="$1"
  "${app[@]}" >"$scratch/alone" || return
  rm -f "$result"
  "${app[@]}" >"$scratch/beside" &
  target=$!
  until "$wxbench" reclaim --pid "$target" --dry-run -q >"$said" 2>&1; do
    kill -0 "$target" 2>/dev/null || break
  done
  "$wxbench" reclaim --pid "$target" --every 0.001 --above 0 --json "$result" -q >"$said" 2>&1 &
  sidecar=$!
  wrong=0
  if ! wait "$target" || ! cmp -s "$scratch/alone" "$scratch/beside"; then wrong=1; fi
  wait "$sidecar" || wrong=1
  [ "$wrong" = 0 ] || cat "$scratch/alone" "$scratch/beside" "$said" >>"$log"
  [ -s "$result" ]
}
# beside_runtime VERSION: as many rounds as it takes; how many is found by fewer.
beside_runtime() {
  local rounds=20 count=0 wrong runtime=build/runtimes/$1
  until [ "$count" -ge "$pauses" ]; do
    [ "$count" = 0 ] || rounds=$((rounds * pauses * 5 / 4 / count + 1))
    runs "$rounds" || { row ".NET $1" - - - - - - 1 - - && return; }
    count=$(figure count "$scratch/result.json")
    if [ "$wrong" = 1 ] || [ "$count" = 0 ]; then break; fi
  done
  paused ".NET $1" "$scratch/result.json" "$wrong" - && [ "$count" -ge "$pauses" ]
}
part_pauses() {
  local status=0 version
  for version in ${SOAK_RUNTIMES:-$(cd build/runtimes && echo *)}; do beside_runtime "$version" || status=1; done
  return "$status"
}

# ---- A program with 64 threads in every kind of call, and signals as fast as the machine gives ----

# wrong NAME, lost NAME: what the program NAME accounts for.
wrong() { awk '$1 ~ /_wrong$/ { sum += $2 } END { print sum + 0 }' "$scratch/$1.out"; }
lost() { awk '$1 ~ /^signals_(lost|doubled|reordered|altered)$/ { sum += $2 } END { print sum + 0 }' "$scratch/$1.out"; }
# ended NAME: ends the program, and keeps its account where it is not clean.
ended() {
  end "$1" || echo "$1 ended with $?" >>"$log"
  [ "$(wrong "$1")$(lost "$1")" = 00 ] || cat "$scratch/$1.out" "$scratch/$1.err" >>"$log"
}
# sum_up NUMBER: reads lines of a sidecar until they tell of so many pauses.
sum_up() {
  local sum=0 line
  while [ "$sum" -lt "$1" ] && read -r line; do
    [[ $line =~ given\ back\ in\ ([0-9]+)\ pauses ]] && sum=$((sum + BASH_REMATCH[1]))
  done
  return 0
}
part_storm() {
  local sidecar said name
  start storm "$attacks/victim" threads=64 rate=1000000 pages=4096 children=1
  mkfifo "$scratch/said"
  "$wxbench" reclaim --pid "$pid" --every 0.001 --above 0 --json "$scratch/storm.json" >"$scratch/table" 2>"$scratch/said" &
  sidecar=$!
  exec {said}<"$scratch/said"
  sum_up "$pauses" <&"$said"
  ended storm
  cat <&"$said" >"$scratch/rest"
  wait "$sidecar" || cat "$scratch/rest" >>"$log"
  name="64 threads, $(account storm signals_a_second) signals/s"
  paused "$name" "$scratch/storm.json" "$(wrong storm)" "$(lost storm)" && [ "$(figure count "$scratch/storm.json")" -ge "$pauses" ]
}

# ---- The tool is killed ----

# struck FREEZER WHO COUNT: kills WHO so often, half of the times at a moment at which the target is held.
struck() {
  local name=$1-$2 group=/sys/fs/cgroup/freezer/$ATTACK_GROUP-$1-$2 command=() where=() held left hit
  if [ "$1" = cgroup ]; then
    mkdir "$group" 2>/dev/null || { skip "$name" "no freezer of version 1" && return; }
    # shellcheck disable=SC2016 # for the inner shell
    command=(sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$group") where=(freezer="$group")
  fi
  start "$name" "${command[@]}" "$attacks/victim" threads=64 calm=1 rate=30000 pages=16384
  "$attacks/strike" target="$pid" rounds="$3" who="$2" when=turns ${where[@]+"${where[@]}"} -- "$(realpath "$wxbench")" \
    reclaim --pid "$pid" --every 0.005 --above 0 --max-pause 20 --freeze "$1" >"$scratch/strike" 2>>"$log"
  ended "$name"
  held=$(awk '$1 == "held" { print $2 }' "$scratch/strike") left=$(awk '$1 == "left" { print $2 }' "$scratch/strike")
  hit=$(awk '$1 == "struck" { print $2 }' "$scratch/strike")
  [ "$held$left" = 00 ] || cat "$scratch/strike" >>"$log"
  row "$1, SIGKILL of $2" "$hit kills" - - - - - "$(($(wrong "$name") + left))" "$(lost "$name")" "$held" && [ "$hit" = "$3" ]
}
# By `stop` and the freezer the target stays held if both are killed in one moment (docs/reclaim.md).
part_strikes() {
  local status=0 freezer who all
  for freezer in ptrace stop cgroup; do
    all=(worker tool)
    [ "$freezer" != ptrace ] || all+=(both)
    for who in "${all[@]}"; do
      struck "$freezer" "$who" $(((strikes + ${#all[@]} - 1) / ${#all[@]})) || status=1
    done
  done
  return "$status"
}

# ---- The program crashes ----

part_crashes() {
  local lost=0 time way runtime
  for ((time = 0; time < crashes; ++time)); do
    choose_crash "$time"
    crash "crash$time" 60 "$way" "$runtime" >>"$log" 2>&1 || lost=$((lost + 1))
  done
  row "createdump, ${#runtimes[@]} runtimes" "$crashes crashes" - - - - - - "$lost" -
}

# ---- A .NET service under a steady load: how long its answers take, without a sidecar, again, and with one ----

# served MODE: one run; its figures are a line of $scratch/MODE. $sum is what all runs have to add up to.
served() {
  local target sidecar='' answer
  "$service" 10 2000 >"$scratch/served" &
  target=$!
  if [ "$1" = beside ]; then
    until "$wxbench" reclaim --pid "$target" --dry-run -q >"$scratch/said" 2>&1; do kill -0 "$target" || return; done
    "$wxbench" reclaim --pid "$target" --every 1 --above 0 --json "$scratch/sidecar.json" -q >"$scratch/said" 2>&1 &
    sidecar=$!
  fi
  wait "$target" && { [ -z "$sidecar" ] || wait "$sidecar"; } || { cat "$scratch/said" >>"$log" && return 1; }
  [ -z "$sidecar" ] || given=$((given + $(figure punched_bytes "$scratch/sidecar.json")))
  answer=$(<"$scratch/served")
  sum=${sum:-${answer##* }}
  echo "${answer% *}" >>"$scratch/$1" && [ "${answer##* }" = "$sum" ]
}
# column NUMBER MODE: of all rounds, ascending, in milliseconds.
column() { awk -v at="$1" '{ printf "%.2f\n", $at / 1000 }' "$scratch/$2" | sort -n; }
median() { column "$@" | sed -n $((service_rounds / 2 + 1))p; }
# What 98 of 100 times holds the true median of ten rounds lies between the second and the last but one.
part_service() {
  local service=$PWD/build/paced/paced muxer order round mode wrong=0 sum='' given=0
  muxer=$(sdk_muxer) || { skip service "$(sdk_lack): $sdk_advice" && return 77; }
  "$muxer" build tests/fixtures/paced --configuration Release --output build/paced -p:Framework="net$("$muxer" --version | cut -d. -f1,2)" \
    >>"$log" 2>&1 || return
  export DOTNET_ROOT=${muxer%/dotnet}
  order=(alone again beside)
  for ((round = 0; round < service_rounds; ++round)); do
    for mode in "${order[@]}"; do served "$mode" || wrong=$((wrong + 1)); done
    order=("${order[@]:1}" "${order[0]}")
  done
  for mode in alone again beside; do
    row "service, ${mode/beside/a sidecar every second}" "$((service_rounds * 20000)) requests" "$(median 1 "$mode")" "$(median 2 "$mode")" \
      "$(column 3 "$mode" | tail -n 1)" - - "$wrong" - -
    echo "  p99 of $service_rounds rounds: $(column 2 "$mode" | sed -n 2p) to $(column 2 "$mode" | tail -n 2 | head -n 1) ms"
  done
  echo "  given back: $((given >> 20)) MiB"
  [ "$wrong" = 0 ]
}

# ---- Pauses beside 50 other .NET programs of 3,000 to 60,000 mappings, at rest and starting, alone and at a load of 10 ----

# keep ASSEMBLIES: a program that keeps so many, six mappings each, and then waits for an answer that never comes.
keep() {
  local answers steps step=''
  mkfifo "$scratch/answers" "$scratch/steps"
  exec {answers}<>"$scratch/answers" {steps}<>"$scratch/steps"
  rm "$scratch/answers" "$scratch/steps"
  app "${runtimes[0]}" keep rounds=1 count="$1"
  WXBENCH_STEP_FDS=$answers,$steps "${app[@]}" >/dev/null 2>>"$log" &
  echo >&"$answers"
  until [[ $step = *generated* ]]; do read -r -t 120 step <&"$steps" || return; done
  mappings+=("$(wc -l <"/proc/$!/maps")")
}
# reclaims WHERE: rows of reclaims of 200 MiB and 2 GiB there.
reclaims() {
  local result=$scratch/crowd.json parts=(200MiB-idle 200MiB-busy 2GiB-idle 2GiB-busy) status=0
  "$wxbench" bench reclaim "${parts[@]/#/--part=}" --rounds "$service_rounds" --json "$result" -q 2>>"$log" || return
  while IFS=$'\t' read -ra figures; do row "${figures[@]}" - - - - || status=1; done < <(jq -r --arg where "$1" '.results[] | select(.variant == "live")
    | ["\(.case), \($where)", "\(.pauses) pauses", (.p50_ns, .p99_ns, .max_ns | . / 1e4 | round / 100), .abandoned] | @tsv' "$result")
  return "$status"
}
# anew: programs that start and end, until told to end.
anew() {
  app "${runtimes[0]}" hello
  while :; do "${app[@]}" >/dev/null 2>&1; done
}
part_crowd() {
  local mappings=() loops=() number count status=0
  [ "$(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo)" -gt $((14 << 20)) ] || { skip crowd "needs 14 GiB of memory" && return 77; }
  for number in {1..50}; do
    count=480
    [ "$number" -gt 3 ] || count=2000
    [ "$number" -gt 1 ] || count=9900
    keep "$count" || { echo "program $number of the crowd did not get there" && return 1; }
  done
  echo "  ${#mappings[@]} programs of .NET $(basename "${runtimes[0]}") with $(printf '%s\n' "${mappings[@]}" | sort -n | sed -n '1p;$p' | paste -sd -) mappings"
  reclaims 'all at rest' || status=1
  anew & loops+=($!)
  anew & loops+=($!)
  reclaims 'and two starting' || status=1
  kill "${loops[@]}"
  for number in {1..10}; do while :; do :; done & loops+=($!); done
  reclaims 'at rest, load 10' || status=1
  anew & anew &
  reclaims 'starting, load 12' || status=1
  return "$status"
}

if [ -n "$part" ]; then
  "part_$part"
  exit
fi
[ $# -gt 0 ] || set -- pauses storm strikes crashes service crowd
: >"$log"
table_head
failed=0
for part; do
  SOAK_PART=$part "$0"
  status=$?
  [ "$status" = 0 ] || [ "$status" = 77 ] || failed=1
done
[ "$failed" = 0 ] || echo "more in $log"
exit "$failed"
