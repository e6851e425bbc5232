#!/usr/bin/env bash
# wxbench demo: what the reproductions print becomes figures and sentences; one that is not possible here is said.
# shellcheck disable=SC2317,SC2016 # functions are called through claim; what stands in single quotes is for another shell, or jq
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$scratch/scripts/repro"

# demo COMMANDS: with these instead of the reproductions, whose name is $1.
demo() {
  printf '#!/usr/bin/env bash\n%s\n' "$1" >"$scratch/scripts/repro/run"
  chmod +x "$scratch/scripts/repro/run"
  WXBENCH_HOME=$scratch "$wxbench" demo --json "$scratch/demo.json" >"$scratch/out" 2>"$scratch/err"
}
said() { grep -q -- "$1" "$scratch/out" || { cat "$scratch/out" "$scratch/err"; return 1; }; }
both='case $1 in repro.c) echo "100 blocks of 64 KiB, 1 of 16"; echo "zero fill (the runtime)      4000 KiB    64000 KiB        0 KiB         64.8  yes"; echo "punch instead   4000 KiB  0 KiB  0 KiB" ;;
  *) echo ".NET 10.0.12     memfd, code loaded"; echo "W^X on   47,424 KiB   131,892 KiB   3,872 KiB"; echo "W^X off   0 KiB   0 KiB   0 KiB" ;; esac'
figures() {
  demo "$both" && jq -e '[.results[] | [.reproduction, .shown, [.rows[] | [.name, .before_bytes, .after_bytes, .rss_shmem_bytes]]]] == [
    ["repro.c", true, [["zero fill (the runtime)", 4096000, 65536000, 0], ["punch instead", 4096000, 0, 0]]],
    ["leak.cs", true, [["W^X on", 48562176, 135057408, 3964928], ["W^X off", 0, 0, 0]]]]' "$scratch/demo.json" >/dev/null
}
claim every_row_becomes_figures figures
claim growing_is_said said '^repro.c, zero fill (the runtime): releasing made the file grow, from 3.9 MiB to 62.5 MiB. RSS, top and dumps show 0 B of it.$'
claim giving_back_is_said said '^repro.c, punch instead: releasing gave 3.9 MiB of 3.9 MiB back.$'
claim no_file_is_said said '^leak.cs, W^X off: there is no such file, and nothing to grow.$'
not_shown() { demo '[ "$1" = repro.c ] && exit 1; exit 0'; [ $? = 1 ] && said '^NOT SHOWN: repro.c: exit status 1' && jq -e '[.results[].shown] == [false, true]' "$scratch/demo.json" >/dev/null; }
claim what_is_not_shown_is_1 not_shown
dies() { demo 'kill -SEGV $$'; [ $? = 1 ] && said '^NOT SHOWN: leak.cs: killed by signal 11'; }
claim one_that_dies_is_1 dies
half() { demo '[ "$1" = repro.c ] || { echo "SKIP: no SDK" >&2; exit 77; }' && said '^leak.cs was not run: SKIP: no SDK$' && jq -e '.results[1].skipped == "SKIP: no SDK"' "$scratch/demo.json" >/dev/null; }
claim one_that_cannot_be_run_is_said half
neither() { demo 'echo "no compiler" >&2; exit 77'; [ $? = 77 ] && [ ! -s "$scratch/out" ] && [ "$(wc -l <"$scratch/err")" = 1 ]; }
claim where_none_can_be_run_it_is_77 neither
rm "$scratch/scripts/repro/run"
refused a_script_that_is_not_there_is_named "cannot start '.*scripts/repro/run'" env WXBENCH_HOME="$scratch" "$wxbench" demo

mkdir -p "$scratch/real/scripts/repro" && cp scripts/repro/repro.c "$scratch/real/scripts/repro"
sed 's/^  muxer=.*/  missing "left out"/' scripts/repro/run >"$scratch/real/scripts/repro/run" && cp scripts/dotnet.sh "$scratch/real/scripts"
chmod +x "$scratch/real/scripts/repro/run"
really() { WXBENCH_HOME=$scratch/real "$wxbench" demo >"$scratch/out" && said '^repro.c, zero fill (the runtime): releasing made the file grow' && said '^leak.cs was not run: .*left out'; }
if command -v "${CC:-cc}" >/dev/null; then claim the_real_one_is_shown really; else skip the_real_one_is_shown "no C compiler"; fi
refused run_takes_a_reproduction 'expected repro.c or leak.cs' scripts/repro/run other.c
tap_end
