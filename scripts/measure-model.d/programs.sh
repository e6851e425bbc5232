# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154,SC2317 # the names are those of scripts/measure-model, which sources this
# scripts/measure-model --programs: what the program takes for itself, as the table of a version.

runs=${RUNS:-3}
own=(awk -f "$parts_folder/own.awk")

# stepped WORKLOAD [KEY=VALUE...]: one run of $version that is answered step by step; its events in $list, and in $cuts how many
# there were at each step: a recording is whole at every moment. It is only copied then, and read later: while a step waits for
# its answer the runtime goes on compiling.
stepped() {
  local answers steps said step=0 i
  list=$folder/stepped cuts=()
  rm -f "$folder/trace"
  start_steps "$wxbench" record -q -o "$folder/trace" -- "${command[@]}" "$@"
  said=
  until [[ $said == *' end -' ]]; do
    next_step
    cp "$folder/trace" "$folder/at-step-$step"
    step=$((step + 1))
    answer
  done
  end_steps
  for ((i = 0; i < step; ++i)); do
    cuts+=("$("$wxbench" replay --list "$folder/at-step-$i" | wc -l)")
  done
  "$wxbench" replay --list "$folder/trace" >"$list" || fail "$version: cannot read the recording of $1"
}

# moment WORKLOAD WHEN FIRST LAST SIGN: the phases FIRST to LAST of the run as what the program takes at that moment, or takes
# less of it. The cuts of a run with R rounds are: start, R times generated, dropped and collected, end.
moment() {
  "${own[@]}" -v cuts="${cuts[*]}" -v kept="${kept-}" "$list" |
    awk -v name="$run $1 $2" -v first="$3" -v last="$4" -v sign="$5" '$1 >= first && $1 <= last { print name, $2, sign * $3 }'
}

# What one more run says: the start; the first unit; the end; and what is between them, the hot methods.
measure_start() {
  stepped hello
  moment - start 1 1 1
}
# measure_unit NAME WORKLOAD: the first unit of WORKLOAD, as that of NAME.
measure_unit() {
  stepped "$2" rounds=1 count=1
  moment "$1" first 2 2 1
  moment "$1" hot 2 2 -1
}
measure_end() {
  local last=$((${#cuts[@]} + 1))
  moment "$1" end "$last" "$last" 1
}
# measure_workload WORKLOAD [KEY=VALUE...]
measure_workload() {
  measure_unit "$1" "$1"
  stepped "$@"
  moment "$1" hot 2 ${#cuts[@]} 1
  measure_end "$1"
}
measure_keep() {
  local kept
  measure_unit keep asm
  stepped keep rounds=2 count=100 size=20
  kept=1
  moment keep hot 2 ${#cuts[@]} 1
  measure_end keep
}
# What is compiled once more after some hundred units of `dyn`: of 8 rounds, what the third and later ones take.
measure_late() {
  stepped dyn rounds=8 count=200
  moment dyn late 8 $((${#cuts[@]})) 1
}

# measure_all FIRST LAST: the runs of these numbers.
measure_all() {
  local run
  for ((run = $1; run <= $2; ++run)); do
    measure_start
    measure_workload asm rounds=1 count=1000 size=20
    measure_keep
    measure_workload dyn
    measure_workload alc rounds=2 count=100 size=8
    measure_late
  done
}

# As many runs with nothing beside them as beside busy loops: a slow run lasts long enough for more methods to be compiled again,
# up to a tenth more of all that the program takes; the model stands in the middle (rows.awk).
show_programs() {
  local each
  for each in "$@"; do
    choose "$each"
    name=$(model_name)
    measure_all 1 "$runs" >"$folder/moments"
    begin_load 12
    measure_all $((runs + 1)) $((2 * runs)) >>"$folder/moments"
    end_load
    awk -v runs="$((2 * runs))" -v model="$name" -v version="$version" -v jitted="$(cost "$name" jitted)" -f "$parts_folder/rows.awk" "$folder/moments"
  done
}
