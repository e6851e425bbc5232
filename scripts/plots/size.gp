# What a cycle costs by the size of its block, log-log; scripts/plot sets `names`.
set title "A cycle by the size of its block, of which 1 KiB is written" font ",16"
set logscale xy
set xlabel "KiB of the block"
set ylabel "microseconds a cycle"
set xtics (4, 16, 64, 256, 1024, 4096)
set xrange [3:6000]
set key outside right font ",10" noenhanced
plot for [curve = 1:words(names)] data index curve - 1 using 1:2 with linespoints pt curve ps 0.8 lw 2 \
       lc rgb word(colours, (curve - 1) % words(colours) + 1) title word(names, curve) noenhanced
