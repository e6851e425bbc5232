#!/usr/bin/env bash
# `wxbench reclaim -- COMMAND`: COMMAND runs with libwxreclaim.so and is not changed in any other way.
set -u
. tests/support/tap.sh

status_is() {
  local expected=$1 status
  shift
  "$@" >/dev/null 2>&1
  status=$?
  [ "$status" = "$expected" ] || { echo "exit $status" && false; }
}
prints() { [ "$("${@:2}" 2>&1)" = "$1" ]; }

claim gives_released_blocks_back prints "64 0" "$wxbench" reclaim -- build/tests/imitation releases
claim works_without_the_two_dashes prints "64 0" "$wxbench" reclaim build/tests/imitation releases
claim options_after_the_command_are_its_own prints "--json x --help" "$wxbench" reclaim -- echo --json x --help
claim exit_status_is_the_command_s status_is 7 "$wxbench" reclaim -- sh -c 'exit 7'
claim signal_is_the_command_s status_is 137 bash -c "$wxbench reclaim -- sh -c 'kill -9 \$\$'; exit \$?"
comes_last() {
  [ "$(LD_PRELOAD=$PWD/build/a.so "$wxbench" reclaim -- sh -c 'echo $LD_PRELOAD' 2>/dev/null)" = \
    "$PWD/build/a.so:$PWD/build/libwxreclaim.so" ]
}
claim library_comes_last comes_last
same_process() { [ "$(bash -c "echo \$\$; exec $wxbench reclaim -- sh -c 'echo \$\$'" | uniq | wc -l)" = 1 ]; }
claim no_process_of_ours_remains same_process

refused unknown_command_is_one_line "no-such-program.*No such file" env PATH=/usr/bin:/bin "$wxbench" reclaim -- no-such-program
refused command_that_cannot_run_is_one_line "/etc/passwd.*Permission denied" "$wxbench" reclaim -- /etc/passwd
refused nothing_to_do_is_one_line "expected" "$wxbench" reclaim

refused value_that_the_library_does_not_know_is_one_line "unknown value 'stat'; expected stats:PATH" env WXRECLAIM=stat "$wxbench" reclaim -- true
refused statistics_without_a_path_are_one_line "unknown value 'stats:'" env WXRECLAIM=stats: "$wxbench" reclaim -- true
refused statistics_that_cannot_be_written_are_one_line "cannot write '/no/such/x'" env WXRECLAIM=stats:/no/such/x "$wxbench" reclaim -- true

folder=$(mktemp -d)
mkdir "$folder/with space" "$folder/alone"
cp build/wxbench build/libwxreclaim.so "$folder/with space"
cp build/wxbench "$folder/alone"
claim a_folder_with_a_space_in_its_path_is_no_obstacle prints "64 0" "$folder/with space/wxbench" reclaim -- \
  bash -c 'exec 3<&0 4<&0; build/tests/imitation releases'
refused missing_library_is_one_line "libwxreclaim.so.*No such file" "$folder/alone/wxbench" reclaim -- true
rm -r "$folder"
tap_end
