# What the pictures of strategies begin with. Set by scripts/plot: type (svg or png), out (file without its ending), origin (where
# and when it was measured), data.
if (type eq "svg") {
  set terminal svg size 900,520 font "DejaVu Sans,12" background "white"
} else {
  set terminal pngcairo size 1350,780 font "DejaVu Sans,12" fontscale 1.5 linewidth 1.5 background "white"
}
set output out.".".type
grey = "#666666"
colours = "#c0392b #1e8449 #7d3c98 #2471a3 #b9770e #117a65 #6c3483 #a04000 #7f8c8d #34495e #d35400 #16a085 #8e44ad #2c3e50 #27ae60 #e67e22"
set border 3 lc rgb grey
set tics nomirror textcolor rgb "#333333"
set grid xtics ytics lc rgb "#dddddd" lw 0.7
set key off
set bmargin at screen 0.16
set label 102 origin at screen 0.985,0.02 right font ",8" textcolor rgb grey front noenhanced
