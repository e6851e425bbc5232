# Two bars a strategy; scripts/plot sets heading, axis, alone, other, rows.
set title heading font ",16"
set ylabel axis
set logscale y
set style data histogram
set style histogram clustered gap 1
set style fill solid 0.9 noborder
set bmargin at screen 0.22
set xtics rotate by 40 right noenhanced
set key top right font ",11"
plot data using 2:xtic(1) lc rgb "#2471a3" title alone, data using 3 lc rgb "#c0392b" title other
