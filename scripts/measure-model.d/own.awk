# What a program takes of the runtime for itself, phase by phase: reads the events of a recording (wxbench replay --list) and
# prints `PHASE WHAT NUMBER`, as `2 high 28` (commits of a page), `2 high:3 1` (of three), `2 pairs 4`, `2 code 40960` (bytes),
# `2 views 31` (all but those of pairs), `2 reserves:64 3` (KiB). Its own is what lies in blocks that are never released; the
# rest is the units': `2 units-views 400`.
# -v cuts="A B ...": how many events there were at the end of each phase but the last.
# -v kept=1: the units are assemblies that are never released, either. Then a block of code that holds data, too, is one of theirs,
# and so are a block with a single page of data, and for each of the former a pair in a block of its own.
BEGIN { KIB = 1024; PAGE = 4096; phases = split(cuts, cut, " ") + 1 }

$3 == "reserve" {
  ++blocks; at[blocks] = $5; size[blocks] = $7; born[blocks] = NR
  for (page = $5 / PAGE; page < ($5 + $7) / PAGE; ++page) owner[page] = blocks
}
$3 == "release" { gone[owner[$5 / PAGE]] = NR }
$3 == "commit" || $3 == "map_rw" {
  ++events; line[events] = NR; where[events] = $5; bytes[events] = $7; of[events] = owner[$5 / PAGE]
  kind[events] = $3 == "map_rw" ? "views" : /r-x/ ? "code" : "data"
}
$3 == "extents" && $5 == 0 { used = $NF } # the last whole look

function phase_of(number,   p) { for (p = 1; p < phases && number > cut[p]; ++p); return p }
function add(phase, what, n) { if (!((phase, what) in sum)) found[++all] = phase SUBSEP what; sum[phase, what] += n }
# The first three blocks are the copy of the write barrier, the global allocator's first one, whose first three pages are a heap
# of data of its own, and the cells of virtual calls.
function part(e, b) { return where[e] - at[b] < 3 * PAGE ? "low" : "high" }
# Whose block of data it is: of the heap that does not come back to the block that it had before.
function heap_of(b) {
  if (last[present["low"]] < born[b] && last[present["high"]] >= born[b]) return "low"
  if (last[present["high"]] < born[b] && last[present["low"]] >= born[b]) return "high"
  return first[b] > 64 * KIB ? "low" : "high"
}
# Bytes of [start, start + size) that were in use at the end.
function written(start, size,   i, n, range, from, to, total) {
  n = split(used, range, ",")
  for (i = 1; i <= n; ++i) {
    split(range[i], from, "+")
    to = from[1] + from[2] < start + size ? from[1] + from[2] : start + size
    if (to > (from[1] > start ? from[1] : start)) total += to - (from[1] > start ? from[1] : start)
  }
  return total
}
END {
  for (i = 1; i <= blocks; ++i)
    if (!(i in gone)) {
      add(phase_of(born[i]), "reserves:" size[i] / KIB, 1)
      if (size[i] == 64 * KIB && !cells) { if (global) cells = i; else global = i }
    }
  for (e = 1; e <= events; ++e) {
    b = of[e]
    if (b in gone) { of[e] = 0; continue }
    if (!(b in first)) first[b] = bytes[e]
    if (kind[e] == "code") { code[b] = 1; if (bytes[e] == 16 * KIB) pair[b] = 1 }
    last[b] = line[e]
    if (b == global && kind[e] == "data") last[part(e, b)] = line[e]
  }
  if (kept) {
    for (e = 1; e <= events; ++e) if (kind[e] == "data") data[of[e]] += bytes[e]
    for (b = 1; b <= blocks; ++b)
      if (phase_of(born[b]) > 1 && b in data && !(b in pair) && (b in code || data[b] == PAGE)) {
        unit[b] = 1
        if (b in code) { add(phase_of(born[b]), "pairs", -1); add(phase_of(born[b]), "pair-blocks", -1) }
      }
    for (e = 1; e <= events; ++e) if (of[e] in unit) of[e] = 0
    for (b in unit) { delete first[b]; delete code[b] }
  }
  present["low"] = "low"; present["high"] = "high"
  for (b = 1; b <= blocks; ++b)
    if (!(b in gone) && b in first && b != global && b != cells && !(b in code)) { heap[b] = heap_of(b); present[heap[b]] = b }
  for (b in pair) add(phase_of(born[b]), "pair-blocks", 1)
  for (e = 1; e <= events; ++e) {
    b = of[e]; p = phase_of(line[e]); pages = bytes[e] / PAGE
    if (!b) add(p, "units-" kind[e], 1)
    else if (b in pair) { if (kind[e] == "code") add(p, "pairs", 1) }
    else if (kind[e] == "views") { add(p, "views", 1); if (b == global) add(p, "stub-views", 1) }
    else if (kind[e] == "code") { if (b != global && size[b] >= 64 * KIB) add(p, "code", bytes[e]) }
    else if (b == cells) add(p, "cells", pages)
    else if (b in code) add(p, "dynamic", pages)
    else {
      name = b == global ? part(e, b) : heap[b]
      add(p, pages == 1 ? name : name ":" pages, 1)
      if (bytes[e] > 256 * KIB) add(p, "written:" pages, written(where[e], bytes[e]))
    }
  }
  for (i = 1; i <= all; ++i) { split(found[i], words, SUBSEP); print words[1], words[2], sum[words[1], words[2]] }
}
