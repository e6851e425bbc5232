# Writes the table of a version's programs, harness/clr/program_netN.c, from lines `RUN WORKLOAD WHEN WHAT NUMBER` as own.awk has
# them, WORKLOAD being - for every one. Of several runs, numbered from 1 (-v runs=N), it takes the midpoint of the smallest and
# the largest number: no other value has a smaller greatest distance to the runs. -v model=net11 -v version=VERSION; -v
# jitted=BYTES of data that the model itself takes for each method.
# Three times at the start, once for the first unit and twice at the end the program has the runtime write a stub of virtual
# calls, one of the stub linker, where it makes any, and the write barrier; all other views are the hot methods'.
BEGIN {
  PAGE = 4096; METHOD = 464 # 440 bytes, with header and alignment
  steps["start"] = 3; steps["first"] = 1; steps["hot"] = 0; steps["late"] = 0; steps["end"] = 2
  count = split("start first hot late end", moments, " ")
}
{
  if (!($2 in workload)) { workload[$2] = 1; workloads[++all] = $2 }
  sum[$1, $2, $3, $4] += $5
  found[$2, $3, $4]
  if ($4 == "stub-views") stubs = 1
  split($4, name, ":")
  if (name[2] > most) most = name[2]
}
# A half goes to the side of the mean: what one run alone has once is in no row. Where a size is written (written:PAGES), the runs
# without that size have nothing to say.
function middle(what,   run, value, all_of_it, counted, least, greatest, half) {
  for (run = 1; run <= runs; ++run) {
    value = sum[run, what] + 0
    if (value == 0 && what ~ /written/) continue
    all_of_it += value
    if (!counted++ || value < least) least = value
    if (counted == 1 || value > greatest) greatest = value
  }
  half = (least + greatest) / 2
  return half == int(half) ? half : all_of_it / counted > half ? half + 0.5 : half - 0.5
}
function number(w, when, what) { return int(n[w, when, what] + 0.5) }
function row(text) { printf "%s%s", rows++ ? ",\n              " : "", "{" text "}" }
# Of no method there would be no row, which ends a table.
function step(methods) { if (methods < 1) methods = 1; printf "%s%s(%d)", rows++ ? ",\n              " : "", stubs ? "STEP" : "STEP_WITHOUT_STUBS", methods }
function pages(heap, count) { if (count > 0) row(sprintf("%s, %sPAGE, SMALL, 0", heap, count > 1 ? count " * " : "")) }
function large(heap, w, when, what, taken,   k, count) {
  for (k = 2; k <= 64; ++k) {
    count = number(w, when, what ":" k) - (k == 2 ? taken : 0)
    if (count > 0) row(sprintf("%s, %d, %d * KIB, 0", heap, count, 4 * k))
  }
}
function pairs(heap, count) { if (count > 0) row(sprintf("%s, %sPAIR, 24, 0", heap, count > 1 ? count " * " : "")) }
# Blocks of pairs that a heap alone would not need are there because the pairs of two heaps do not share one.
function first_pairs(w,   blocks, more, i) {
  for (i = 2; i <= count; ++i) more += number(w, moments[i], "pairs")
  for (i = 2; i <= count; ++i) blocks += n[w, moments[i], "pair-blocks"]
  return blocks > int((more + 1) / 2) ? 1 : 2
}
function views_of(w, when) { return n[w, when, "views"] }
function code(w, when,   bytes, methods, i, views) {
  bytes = n[w, when, "code"]
  if (when == "hot") {
    # The steps of the other moments make this many by themselves.
    views = views_of("-", "start") - (stubs ? 15 : 5)
    for (i = 2; i <= 5; ++i) views += views_of(w, moments[i])
    views = int(views - (stubs ? 12 : 4) + 0.5)
    if (views > 0) row(sprintf("WX_CLR_CODE, %d, %d, 0", views, int(bytes / views / 8) * 8))
    return views
  }
  methods = int((bytes - PAGE / 2 - (when == "start" ? 1024 : 0)) / METHOD)
  if (methods < 0) methods = 0
  for (i = 1; i <= steps[when]; ++i) step(int(methods / steps[when] + (i == 1 ? methods % steps[when] : 0)))
  return methods
}
function start(w,   k, first, low) {
  first = 3; low = number(w, "start", "low")
  pages("WX_CLR_LOW", low < first ? low : first)
  for (k = 65; k <= most; ++k)
    if (number(w, "start", "low:" k))
      row(sprintf("WX_CLR_LOW, 1, %d * KIB, %d * KIB", 4 * k, n[w, "start", "written:" k] / 1024))
  pages("WX_CLR_CELLS", number(w, "start", "cells"))
  pairs("WX_CLR_STUB_PRECODES", 1)
  pairs("WX_CLR_PRECODES", number(w, "start", "pairs") - 1)
  pages("WX_CLR_HIGH", number(w, "start", "high"))
  large("WX_CLR_HIGH", w, "start", "high", 0)
  pages("WX_CLR_LOW", low - first - int(45 * jitted / PAGE))
  large("WX_CLR_LOW", w, "start", "low", 1) # one is the map of the code heap, which the model makes
  code(w, "start")
}
function moment(w, when,   methods) {
  pages("WX_CLR_HIGH", number(w, when, "high"))
  large("WX_CLR_HIGH", w, when, "high", 0)
  large("WX_CLR_LOW", w, when, "low", 0)
  if (when == "first") pairs("WX_CLR_CALL_COUNTS", first_pairs(w))
  pairs("WX_CLR_PRECODES", number(w, when, "pairs") - (when == "first" ? first_pairs(w) : 0))
  methods = when == "late" ? 0 : code(w, when)
  pages("WX_CLR_LOW", number(w, when, "low") - int(methods * jitted / PAGE))
}
END {
  for (what in found) n[what] = middle(what)
  printf "// What programs take of .NET %s for themselves; made by scripts/measure-model --programs %s.\n", substr(model, 4), version
  printf "#include \"clr/program_units.h\"\n\nconst WxClrPrograms wx_clr_programs_%s = {\n    .version = \"%s\",\n    .programs =\n        {\n", model, model
  for (i = 1; i <= all; ++i)
    for (j = 1; j <= count; ++j) {
      w = workloads[i]
      if (!((w, moments[j], "high") in n)) continue
      rows = 0
      printf "            {\"%s\",\n             \"%s\",\n             {", w == "-" ? "" : w, moments[j]
      if (moments[j] == "start") start(w)
      else moment(w, moments[j])
      print "}},"
    }
  print "        },\n};"
}
