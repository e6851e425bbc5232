#!/usr/bin/env bash
# The verb `explain`, as a user types it: the published case, pasted rows, bad input.
set -u
. tests/support/tap.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$wxbench" explain 7f4000000000-7f4007ff6000 7f3fc4000000-7f3fcbff5000 7f404c021000-7f4051b4c000 \
  7f3fae82e000-7f3fb4000000 7f406c021000-7f40701ff000 --json "$work/published.json" >"$work/published.txt"
claim explain_prints_the_published_case_row_by_row cmp "$work/published.txt" tests/fixtures/explain/published.txt

values() { sed -n "s/.*\"$1\": \"\([^\"]*\)\".*/\1/p" | paste -sd, -; }
certainties=$(values certainty <"$work/published.json")
claim explain_states_its_certainty_in_json [ "$certainties" = "very high,very high,very high,low,very high" ]

readings=$("$wxbench" explain --json - <tests/fixtures/explain/pasted.txt | values reading)
claim explain_reads_rows_pasted_from_a_debugger [ "$readings" = "full-heaps,reserved-tail,undetermined" ]

readings=$(printf '%s\n' '7f8624000000-7f862425d000 rw-p 00000000 00:00 0' '7f862425d000-7f8628000000 ---p 00000000 00:00 0' |
  "$wxbench" explain --json - | values reading)
claim explain_tells_the_tail_of_an_arena_by_the_row_before_it [ "$readings" = "heap-front,grown-tail" ]

refused explain_refuses_a_range_that_is_none "expected START-END" "$wxbench" explain 7f00
refused explain_refuses_a_range_backwards "expected START-END" "$wxbench" explain 7f0000002000-7f0000001000
# shellcheck disable=SC2016 # backticks as people paste them
owners=$(printf '%s\n' '7f2900010000-7f2900014000 r-xs 00161000 00:01 4711 /memfd:doublemapper (deleted)' \
  'Is `7f4000000000-7f4007ff6000` or 7f3fc4000000-7f3fcbff5000 malloc'"'"'s?' | "$wxbench" explain --json - | values reading)
claim explain_takes_a_name_before_the_addresses_and_every_range_of_a_sentence [ "$owners" = "named,full-heaps,full-heaps" ]

refused explain_says_what_to_paste_instead_of_a_summary "a summary has no addresses" "$wxbench" explain
refused explain_refuses_text_without_ranges "none of the 0 lines on stdin has a range" "$wxbench" explain
refused explain_refuses_a_slot_that_is_no_power_of_two "expected a power of two" "$wxbench" explain --slot 3MiB 7f0000000000-7f0000001000
tap_end
