# Three panels over the steps of one run: the memfd, RSS, and what is live, one curve a mode or strategy.
#
# Called by scripts/plot, which sets:
#   data    file: one block a curve (two empty lines between), columns x, memfd, RSS, live in MiB
#   ends    file: one row a curve: colour, point type, three times (label height, label text)
#   names   the curves' names, separated by spaces
#   tics    the labels of the x axis, as `"start" 0, "generated" 1`
#   finding, subject, top (of the y axis), last (x), origin (where and when it was measured), out (file without its ending), type (svg or png)

if (type eq "svg") {
  set terminal svg size 1150,430 font "DejaVu Sans,12" background "white"
} else {
  set terminal pngcairo size 1725,645 font "DejaVu Sans,12" fontscale 1.5 linewidth 1.5 background "white"
}
set output out.".".type

grey = "#666666"
array heads[3] = ["memfd, MiB allocated", "RSS, MiB", "live, MiB"]
array notes[3] = ["what executable memory really holds", "of the whole process: what tools show", "executable memory in use"]

set multiplot layout 1,3 margins 0.045,0.905,0.19,0.74 spacing 0.13,0
set label 100 finding at screen 0.02,0.945 font ",17" front noenhanced
set label 101 subject at screen 0.02,0.875 textcolor rgb grey front noenhanced
set label 102 origin at screen 0.985,0.875 right font ",8" textcolor rgb grey front noenhanced
set border 3 lc rgb grey
set tics nomirror textcolor rgb "#333333"
set grid ytics lc rgb "#dddddd" lw 0.7
set key off
set yrange [0:top]
set xrange [-0.15:last + 0.15]
set datafile missing "NaN"
eval "set xtics rotate by rotation right (".tics.")"

# A long label stands on two lines.
broken(text) = strstrt(text, "~") ? text[1:strstrt(text, "~") - 1]."\n".text[strstrt(text, "~") + 1:*] : text
# A label that stands for all curves has no curve's colour.
is_for_all(panel) = strcol(2 * panel + 1)[1:4] eq "all "
ends_at(curve, panel) = strcol(1) eq word(names, curve) && !is_for_all(panel) ? column(2 * panel) : NaN

do for [panel = 1:3] {
  set label 1 heads[panel] at graph 0,1.10 font ",13" front
  set label 2 notes[panel] at graph 0,1.035 font ",10" textcolor rgb grey front
  # The scale is the same in all panels.
  if (panel > 1) { set format y "" }
  plot for [curve = 1:words(names)] data index curve - 1 using 1:(column(1 + panel)) \
         with linespoints lc rgb word(colours, curve) pt int(word(points, curve)) ps 0.8 \
         lw (curve == 1 ? 3 : 2) dt int(word(dashes, curve)), \
       for [curve = 1:words(names)] ends using (last):(ends_at(curve, panel)):(broken(strcol(2 * panel + 1))) \
         with labels left offset 1.2,0 textcolor rgb word(colours, curve) font ",11" noenhanced, \
       ends using (last):(is_for_all(panel) ? column(2 * panel) : NaN):(strcol(2 * panel + 1)) \
         with labels left offset 1.2,0 textcolor rgb grey font ",11"
  unset label 100
  unset label 101
  unset label 102
}
unset multiplot
