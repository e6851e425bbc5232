# What each strategy permits against what it costs; scripts/plot sets `base`.
set title "Executable memory: what it permits, and what a block costs" font ",16"
set logscale x
set xlabel "time of a cycle / ".base.", to the left is faster" noenhanced
set ytics ("W+X page" 1, "writable alias\nafterwards too" 2, "writable while\nit is written" 3, "never writable" 4)
set yrange [0.7:4.9]
set offsets graph 0.08, graph 0.12, 0, 0
plot data using 1:2:2 with points pt 7 ps 1.2 lc rgb "#2471a3", \
     data using 1:3:4 with labels font ",10" noenhanced
