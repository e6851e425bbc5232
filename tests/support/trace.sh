# shellcheck shell=bash
# The calls of a program for its executable memory, from a trace and from strace, in the same words.

# of_trace FILE: its events without time, thread, place and growth, counted: "5 commit 4096 protection r-x".
of_trace() {
  "${wxbench:?}" replay "$1" --list | awk '
    { what = $3; size = ""; rest = ""
      for (i = 4; i <= NF; i++) {
        if ($i == "size") size = " " $(i + 1)
        if ($i == "protection" || $i == "value") rest = rest " " $i " " $(i + 1)
        if ($i == "mark" && (what == "release" || what == "reserve")) rest = rest " mark" }
      if (what == "extents") { size = ""; sub(/ value/, " of", rest) }
      count[what size rest]++ }
    END { for (what in count) print count[what], what }' | sort -k2
}

# What strace sees of the runtime's file, in the words of of_trace.
of_strace() {
  awk '
    function number(text,  value, i) { value = 0; text = tolower(substr(text, 3))
      for (i = 1; i <= length(text); i++) value = value * 16 + index("0123456789abcdef", substr(text, i, 1)) - 1
      return value }
    function granule(text) { return int(number(text) / 65536) }
    { thread = $1; sub(/^[0-9]+ +/, "") }
    sub(/ <unfinished \.\.\.>$/, "") { begun[thread] = $0; next }
    /^<\.\.\. / { sub(/^<\.\.\. [a-z0-9_]+ resumed>/, ""); $0 = begun[thread] $0 }
    /^memfd_create\("doublemapper"/ { fd = $NF; next }
    fd == "" || / = -1 / { next }
    { split($0, call, /[(), ]+/); start = call[2]; size = call[3] }
    $0 ~ "^mmap.*, MAP_SHARED.*, " fd ", .* = 0x" {
      start = $NF
      if (/PROT_NONE/) { for (g = granule(start); g * 65536 < number(start) + size; g++) block[g] = 1; count["reserve " size (/MAP_FIXED/ ? " mark" : "")]++ }
      else if (/MAP_FIXED/) filled[start] = size
      else { view[start] = size; count["map_rw " size]++ }
      next }
    /^munmap/ && start in filled { count["release " size " mark"]++; delete filled[start]; next }
    /^munmap/ && start in view { count["unmap_rw " size]++; delete view[start]; next }
    /^mprotect/ && granule(start) in block {
      rights = (/PROT_READ/ ? "r" : "-") (/PROT_WRITE/ ? "w" : "-") (/PROT_EXEC/ ? "x" : "-")
      count["commit " size " protection " rights]++ }
    END { for (what in count) print count[what], what }' "$1" | sort -k2
}
