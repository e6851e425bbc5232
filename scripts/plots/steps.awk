# Turns the samples of wxbench (CSV) into what steps.gp draws, one folder entry a group of results:
# GROUP.dat (the curves), GROUP.ends (their labels), GROUP.set (gnuplot variables).
# awk -v folder=DIR -f steps.awk FILE.csv; prints the name of each group.

function mib(bytes) { return bytes == "" ? "NaN" : sprintf("%.3f", bytes / 1048576) }
function short(value) { return value == "NaN" ? "n/a" : sprintf(value + 0 < 9.95 && value + 0 > 0.04 ? "%.1f" : "%.0f", value) }
function place(name) { return name in order ? order[name] : 9 }
function curve_key(group, name, x) { return group SUBSEP name SUBSEP x }

BEGIN {
  FS = ","
  count = split("on coreclr:preload coreclr+punch:live live:off coreclr-off:rwx rwx", styles, ":")
  split("#c0392b #1e8449 #7d3c98 #2471a3 #7f8c8d", colour, " ")
  split("7 9 5 11 13", point, " ")
  split("1 1 2 4 3", dash, " ")
  for (i = 1; i <= count; ++i) {
    split(styles[i], both, " ")
    order[both[1]] = order[both[2]] = i
  }
  split("on=W^X on:off=W^X off:preload=preload:live=reclaimed", pairs, ":")
  for (i in pairs) title_of[substr(pairs[i], 1, index(pairs[i], "=") - 1)] = substr(pairs[i], index(pairs[i], "=") + 1)
  others = split("#b9770e #117a65 #6c3483 #a04000", other, " ")
}

NR == 1 { for (i = 1; i <= NF; ++i) at[$i] = i; next }

{
  subject = $at["scenario"] $at["workload"]
  version = $at["runtime"] != "" ? $at["runtime"] : $at["model"]
  group = subject (version == "" ? "" : "-" version)
  gsub(/[^A-Za-z0-9._-]/, "_", group)
  # A model that was run beside the real runtime is drawn with it.
  name = $at["runtime"] != "" && $at["model"] != "" ? "model" : $at["strategy"] $at["mode"]
  if (!(group in subjects)) {
    groups[++group_count] = group
    subjects[group] = $at["workload"] != "" ? "workload " subject " on .NET " version \
                                            : "scenario " subject " on the simulator" (version == "" ? "" : " of " version)
  }
  if (!((group, name) in points)) {
    names[group, ++curves[group]] = name
    points[group, name] = 0
  }
  x = points[group, name]++
  key = curve_key(group, name, x)
  memfd[key] = mib($at["allocated_bytes"])
  rss[key] = mib($at["rss_bytes"])
  # Without the file nothing tells how much of a real program's code is live.
  live[key] = $at["mode"] == "off" ? "NaN" : mib($at["live_bytes"])
  mapped[key] = mib($at["mapped_bytes"])
  step[key] = $at["step"]
  round[key] = $at["round"]
}

# Whether a run did not get to its end.
function is_cut(group, name) { return step[curve_key(group, name, points[group, name] - 1)] != "end" }

# The curve with the most points: one that was cut off must not shorten the others.
function longest(group,   i, best) {
  best = names[group, 1]
  for (i = 2; i <= curves[group]; ++i) if (points[group, names[group, i]] > points[group, best]) best = names[group, i]
  return best
}

# Sorts the curves of a group: what shows the finding first, then the remedies, then the rest.
function sort_curves(group,   i, j, swap) {
  for (i = 2; i <= curves[group]; ++i)
    for (j = i; j > 1 && place(names[group, j]) < place(names[group, j - 1]); --j) {
      swap = names[group, j]; names[group, j] = names[group, j - 1]; names[group, j - 1] = swap
    }
}

# Places the labels of one panel. Where all curves end at one height one label does for all: its first words
# are returned, else nothing.
function place_labels(group, values, heights, gap,   i, low, high) {
  low = high = values[1] + 0
  for (i = 1; i <= curves[group]; ++i) {
    if (values[i] + 0 < low) low = values[i] + 0
    if (values[i] + 0 > high) high = values[i] + 0
  }
  if (curves[group] > 1 && high - low <= 0.05 * high) {
    for (i = 1; i <= curves[group]; ++i) heights[i] = (low + high) / 2
    return short(low) == short(high) ? "all " : "all about "
  }
  spread(group, values, heights, gap)
  return ""
}

# The text at the end of a curve; `~` is a line break.
function label(group, i, values, same,   name) {
  if (same != "") return i == 1 ? same short(values[i]) : ""
  name = names[group, i] in title_of ? title_of[names[group, i]] : names[group, i]
  if (is_cut(group, names[group, i])) return name ", cut off"
  if (length(name) > 14 && match(name, /^.*[-+]/)) name = substr(name, 1, RLENGTH) "~" substr(name, RLENGTH + 1)
  return name " " short(values[i])
}

# Spreads the labels of one panel upwards so that no two overlap.
function spread(group, values, heights, gap,   i, j, n, rank, swap, low) {
  n = curves[group]
  for (i = 1; i <= n; ++i) rank[i] = i
  for (i = 2; i <= n; ++i)
    for (j = i; j > 1 && values[rank[j]] + 0 < values[rank[j - 1]] + 0; --j) {
      swap = rank[j]; rank[j] = rank[j - 1]; rank[j - 1] = swap
    }
  low = -gap
  for (i = 1; i <= n; ++i) {
    low = values[rank[i]] + 0 > low + gap ? values[rank[i]] + 0 : low + gap
    heights[rank[i]] = low
  }
}

function write_curves(group, file,   i, x, key, name) {
  for (i = 1; i <= curves[group]; ++i) {
    name = names[group, i]
    for (x = 0; x < points[group, name]; ++x) {
      key = curve_key(group, name, x)
      print x, memfd[key], rss[key], live[key] >file
    }
    print "\n" >file
  }
  close(file)
}

function largest(group,   i, x, key, most) {
  most = 1
  for (i = 1; i <= curves[group]; ++i)
    for (x = 0; x < points[group, names[group, i]]; ++x) {
      key = curve_key(group, names[group, i], x)
      if (memfd[key] + 0 > most) most = memfd[key] + 0
      if (rss[key] + 0 > most) most = rss[key] + 0
      if (live[key] + 0 > most) most = live[key] + 0
    }
  return most
}

function write_ends(group, file, gap,   i, key, a, b, c, ha, hb, hc, same_a, same_b, same_c) {
  for (i = 1; i <= curves[group]; ++i) {
    key = curve_key(group, names[group, i], points[group, names[group, i]] - 1)
    a[i] = memfd[key]; b[i] = rss[key]; c[i] = live[key]
  }
  same_a = place_labels(group, a, ha, gap); same_b = place_labels(group, b, hb, gap); same_c = place_labels(group, c, hc, gap)
  for (i = 1; i <= curves[group]; ++i)
    printf "%s %g \"%s\" %g \"%s\" %g \"%s\"\n", names[group, i], ha[i], label(group, i, a, same_a), \
      hb[i], label(group, i, b, same_b), hc[i], label(group, i, c, same_c) >file
  close(file)
}

# Step names for a few samples, rounds for many.
function tics(group,   name, x, key, text, many, rounds, every) {
  name = longest(group)
  many = points[group, name] > 7
  rounds = round[curve_key(group, name, points[group, name] - 1)]
  every = int(rounds / 10) + 1
  for (x = 0; x < points[group, name]; ++x) {
    key = curve_key(group, name, x)
    if (many && (x == 0 || round[key] == round[curve_key(group, name, x - 1)] || (round[key] - 1) % every)) continue
    text = text (text == "" ? "" : ", ") "\"" (many ? "round " round[key] : step[key]) "\" " x
  }
  return text
}

# What the first curve shows, in a sentence that its figures support: the bounds are those of the verdict.
function finding(group,   name, last, held, used) {
  name = names[group, 1]
  last = curve_key(group, name, points[group, name] - 1)
  held = memfd[last] + 0
  used = mapped[last] + 0
  if (is_cut(group, name))
    return sprintf("%s did not run to its end: %.0f MiB in the memfd at its last step, %s", \
                   name in title_of ? title_of[name] : name, held, step[last])
  if (held - used >= 8 && held - used >= held / 4)
    return sprintf("Releasing code left %.0f MiB in the memfd, %s of it in use%s", held, \
                   used < 0.5 ? "none" : sprintf("%.0f MiB", used), rss[last] + 0 < held ? "; RSS does not show it" : "")
  if (held - used >= 1 && held - used >= held / 20)
    return sprintf("%.1f MiB stay in the memfd, %s of it in use: too little to be called retention", held, \
                   used < 0.05 ? "none" : sprintf("%.1f MiB", used))
  return sprintf("The memfd follows what is live: %.1f MiB at the end", held)
}

function write_settings(group, file, top,   i, name, list, colours, shapes, dashes, extra, origin) {
  for (i = 1; i <= curves[group]; ++i) {
    name = names[group, i]
    extra = name in order ? 0 : extra + 1
    list = list " " name
    colours = colours " " (extra ? other[(extra - 1) % others + 1] : colour[order[name]])
    shapes = shapes " " (extra ? 1 : point[order[name]])
    dashes = dashes " " (extra ? 5 : dash[order[name]])
  }
  printf "names = \"%s\"\ncolours = \"%s\"\npoints = \"%s\"\ndashes = \"%s\"\n", list, colours, shapes, dashes >file
  printf "top = %g\nlast = %d\nrotation = %d\n", top, points[group, longest(group)] - 1, 40 >file
  origin = ENVIRON["origin"]
  gsub(/["\\]/, "", origin)
  printf "origin = \"%s\"\n", origin >file
  printf "tics = '%s'\nfinding = \"%s\"\nsubject = \"%s\"\n", tics(group), finding(group), subjects[group] >file
  close(file)
}

END {
  for (g = 1; g <= group_count; ++g) {
    group = groups[g]
    sort_curves(group)
    top = 1.08 * largest(group)
    write_curves(group, folder "/" group ".dat")
    write_ends(group, folder "/" group ".ends", top / 16)
    write_settings(group, folder "/" group ".set", top)
    print group
  }
}
