# Turns the results of `wxbench bench strategies` (CSV) into what scatter.gp, size.gp and pairs.gp draw:
# scatter.dat, size.dat, second_thread.dat, writers.dat, each with a .set (gnuplot variables).
# awk -v folder=DIR -f strategies.awk FILE.csv; prints the name of each picture that has data.

# Splits a row of CSV, in which quoted cells may hold commas.
function split_row(row, cells,   count, cell) {
  count = 0
  while (row != "") {
    if (match(row, /^"([^"]|"")*"/)) {
      cell = substr(row, 2, RLENGTH - 2)
      gsub(/""/, "\"", cell)
    } else {
      match(row, /^[^,]*/)
      cell = substr(row, 1, RLENGTH)
    }
    cells[++count] = cell
    row = substr(row, RLENGTH + 2)
  }
  return count
}
function value(name) { return name in at ? cell[at[name]] : "" }

# What an attacker can do to code at its own address or another one, as observed.
function class_of(wx_page, writable) {
  if (writable == "never") return 4
  if (writable == "while written") return 3
  if (writable == "not afterwards") return 3
  return wx_page == "yes" || wx_page == "true" ? 1 : 2
}

NR == 1 { count = split_row($0, cell); for (i = 1; i <= count; ++i) at[cell[i]] = i; next }

{
  delete cell
  split_row($0, cell)
  name = value("strategy") value("peer")
  work = value("workload")
  ns = ""
  for (column in at) if (column ~ /^time_ns\..*\.median$/ && value(column) != "") ns = value(column) + 0
  if (ns == "" || name ~ / again$/) next
  if (!(name in known)) { known[name] = 1; names[++name_count] = name }
  time[work, name] = ns
  if (work == "block_cycle") {
    base = value("ratio.base")
    ratio[name] = value("ratio.median")
    class[name] = class_of(value("security.wx_page"), value("security.writable_alias"))
  }
}

# names[] in order of their time at `work`, those that have one; returns how many.
function order_by(work, sorted,   i, j, n, swap) {
  n = 0
  for (i = 1; i <= name_count; ++i) if ((work, names[i]) in time) sorted[++n] = names[i]
  for (i = 2; i <= n; ++i)
    for (j = i; j > 1 && time[work, sorted[j]] < time[work, sorted[j - 1]]; --j) { swap = sorted[j]; sorted[j] = sorted[j - 1]; sorted[j - 1] = swap }
  return n
}

function settings(picture, text,   file, origin) {
  file = folder "/" picture ".set"
  origin = ENVIRON["origin"]
  gsub(/["\\]/, "", origin)
  printf "origin = \"%s\"\n%s", origin, text >file
  close(file)
  print picture
}

# In a row of one class names stand above their points, by turns at four heights.
function write_scatter(   sorted, n, i, drawn, file) {
  file = folder "/scatter.dat"
  n = order_by("block_cycle", sorted)
  for (i = 1; i <= n; ++i)
    if (ratio[sorted[i]] != "") {
      printf "%g %d %g \"%s\"\n", ratio[sorted[i]], class[sorted[i]], class[sorted[i]] + 0.16 + 0.2 * (turn[class[sorted[i]]]++ % 4), sorted[i] >file
      ++drawn
    }
  close(file)
  if (drawn > 1) settings("scatter", sprintf("base = \"%s\"\n", base))
}

function write_size(   works, kib, list, i, j, drawn, points, file) {
  file = folder "/size.dat"
  split("size_4k size_16k block_cycle size_256k size_1m size_4m", works, " ")
  split("4 16 64 256 1024 4096", kib, " ")
  for (i = 1; i <= name_count; ++i) {
    points = 0
    for (j = 1; j <= 6; ++j) points += (works[j], names[i]) in time
    if (points < 2) continue
    for (j = 1; j <= 6; ++j) if ((works[j], names[i]) in time) printf "%d %g\n", kib[j], time[works[j], names[i]] / 1000 >file
    printf "\n\n" >file
    list = list (drawn++ ? " " : "") names[i]
  }
  close(file)
  if (drawn) settings("size", sprintf("names = \"%s\"\n", list))
}

# Two bars a strategy: what it takes alone, and what in the other work.
function write_pairs(picture, work, scale, title, axis, alone, other,   sorted, n, i, drawn, file) {
  file = folder "/" picture ".dat"
  n = order_by("block_cycle", sorted)
  for (i = 1; i <= n; ++i)
    if ((work, sorted[i]) in time) {
      printf "\"%s\" %g %g\n", sorted[i], scale == "time" ? time["block_cycle", sorted[i]] / 1000 : 1e9 / time["block_cycle", sorted[i]] / 1000, \
        scale == "time" ? time[work, sorted[i]] / 1000 : 1e9 / time[work, sorted[i]] / 1000 >file
      ++drawn
    }
  close(file)
  if (drawn) settings(picture, sprintf("heading = \"%s\"\naxis = \"%s\"\nalone = \"%s\"\nother = \"%s\"\nrows = %d\n", title, axis, alone, other, drawn))
}

END {
  write_scatter()
  write_size()
  write_pairs("second_thread", "second_thread", "time", "A cycle alone, and while another thread runs code", "microseconds a cycle", "alone", "beside a second thread")
  write_pairs("writers", "writers_2", "rate", "Throughput of one writer and of two", "thousand cycles a second", "one writer", "two writers")
}
