# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154,SC2317 # the names are those of scripts/measure-model, which sources this
# scripts/measure-model --spread: how far runs of one program on one runtime differ, with the parameters of docs/model.md.

# counted: of a recording's events, `WHAT NUMBER`: reserves, commits and views by size in KiB, all, and those in blocks that the
# program keeps.
counted() {
  "${own[@]}" "$list" | awk '
    $2 == "units-views" { units = $3 }
    $2 == "views" { print "own-views", $3 }
    $2 ~ /^reserves:/ { print "own-" $2, $3 }
    END { print "units-views", units + 0 }'
  awk '$3 == "reserve" || $3 == "commit" || $3 == "map_rw" { ++n[$3]; ++n[$3 ":" $7 / 1024] } END { for (what in n) print what, n[what] }' "$list"
}

# begin_load LOOPS: busy loops, LOAD if that is set.
begin_load() {
  local i
  for ((i = 0; i < ${LOAD:-$1}; ++i)); do
    while :; do :; done &
    load+=($!)
  done
}
end_load() {
  [ ${#load[@]} = 0 ] || kill "${load[@]}"
  wait "${load[@]}" 2>/dev/null || true
  load=()
}

spread_of() {
  local run again=yes
  for ((run = 0; run < runs; ++run)); do
    record "$@"
    counted
  done | awk -v name="$version, $*" '
    !($1 in most) || $2 > most[$1] { most[$1] = $2 }
    !($1 in least) || $2 < least[$1] { least[$1] = $2 }
    { ++n[$1] }
    $1 == "units-views" { ++runs }
    END { for (what in most) printf "%s: %s %d..%d\n", name, what, n[what] < runs ? 0 : least[what], most[what] }' | sort -V
}

show_spread() {
  local each
  begin_load 0
  for each in "$@"; do
    choose "$each"
    spread_of asm rounds=1 count=1000 size=20
    spread_of alc rounds=2 count=100 size=8
    spread_of dyn rounds=5 count=80 size=2000 drift=4000
  done
  end_load
}
