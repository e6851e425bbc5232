#!/usr/bin/env bash
# What people save of a process of the real runtime that nothing is wrong with: clean from maps, smaps and a core, and nothing
# else from any part of them.
# shellcheck disable=SC2317 # the functions are called through claim
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
# shellcheck source=tests/support/real.sh
. tests/support/real.sh
# shellcheck source=tests/support/held.sh
. tests/support/held.sh

is_clean() {
  local code
  code=$("$wxbench" audit "$@" --json - --quiet | jq -r '.results[0].verdict | "\(.code): \(.text)"')
  [[ $code == clean:* ]] || { echo "$code" && return 1; }
}
save() {
  cat "/proc/$pid/maps" >"$scratch/$1.maps" && cat "/proc/$pid/smaps" >"$scratch/$1.smaps"
}
for runtime in "${runtimes[@]}"; do
  version=$(basename "$runtime")
  hold "$runtime" generated hello || { not_ok "hello_on_${version}_waits" && continue; }
  claim "hello_on_${version}_is_saved" save "$version"
  claim "hello_on_${version}_is_clean_alive" is_clean "$pid"
  claim "hello_on_${version}_is_clean_from_its_maps" is_clean --maps "$scratch/$version.maps"
  claim "hello_on_${version}_is_clean_from_its_smaps" is_clean --smaps "$scratch/$version.smaps"
  if gcore -o "$scratch/core" "$pid" >/dev/null 2>&1; then
    claim "hello_on_${version}_is_clean_from_a_core_by_gcore" is_clean --core "$scratch/core.$pid"
    if [ "$runtime" = "${runtimes[0]}" ]; then mv "$scratch/core.$pid" "$scratch/$version.core"; else rm -f "$scratch/core.$pid"; fi
  else
    skip "hello_on_${version}_is_clean_from_a_core_by_gcore" "gcore cannot be run"
  fi
  let_go
done

# Seven kinds of process on each: the verdict from its saved smaps and maps is that of the living process, or none where the file
# cannot decide it.
# kind VERDICT OF-SMAPS OF-MAPS STEP WORD...: with the variables in $with. Of the first of each verdict on 10 the files stay.
with=()
verdict_of() { "$wxbench" audit "$@" --json - --quiet | jq -r '.results[0].verdict.code'; }
kind() {
  local file=$scratch/kind said
  env_hold "$runtime" "$4" "${@:5}" || { echo "it does not wait" && return 1; }
  cat "/proc/$pid/maps" >"$file.maps" && cat "/proc/$pid/smaps" >"$file.smaps"
  said="$(verdict_of "$pid") $(verdict_of --smaps "$file.smaps") $(verdict_of --maps "$file.maps")"
  pmap -x "$pid" >"$file.pmap" 2>/dev/null
  if [[ $version == 10.* && ! -e $scratch/$1.maps ]]; then
    cp "$file.maps" "$scratch/$1.maps"
    [ ! -s "$file.pmap" ] || cp "$file.pmap" "$scratch/$1.pmap"
    [ "$1" != gc ] || cp "$file.smaps" "$scratch/$1.smaps"
  fi
  let_go
  [ "$said" = "$1 $2 $3" ] || { echo "alive, smaps, maps: $said; expected $1 $2 $3" && return 1; }
}
env_hold() {
  local setting
  for setting in "${with[@]}"; do export "${setting?}"; done
  hold "$@"
  local status=$?
  for setting in "${with[@]}"; do unset "${setting%%=*}"; done
  return "$status"
}
for runtime in "${runtimes[@]}"; do
  version=$(basename "$runtime")
  [[ $version == 8.* || $version == 10.* ]] || continue
  if ${CC:-gcc} -D_GNU_SOURCE -shared -fPIC -pthread -o "$scratch/threads.so" tests/fixtures/threads.c 2>/dev/null; then
    with=(LD_PRELOAD="$scratch/threads.so")
    claim "many_arenas_on_${version}_are_told_from_files" kind malloc malloc unknown generated hello
  else
    skip "many_arenas_on_${version}_are_told_from_files" "no C compiler"
  fi
  with=(MALLOC_ARENA_MAX=1)
  claim "one_arena_on_${version}_is_told_from_files" kind malloc malloc unknown generated native rounds=1 count=4096
  with=(GLIBC_TUNABLES=glibc.malloc.hugetlb=1)
  claim "huge_pages_on_${version}_are_told_from_files" kind malloc malloc unknown generated native rounds=1 count=4096
  with=()
  claim "regions_of_the_collector_on_${version}_are_told_from_files" kind gc gc unknown generated heap rounds=1 count=4096
  with=(DOTNET_gcServer=1)
  claim "a_collector_for_servers_on_${version}_is_told_from_files" kind gc gc unknown generated heap rounds=1 count=4096
  with=(DOTNET_EnableWriteXorExecute=0)
  claim "a_process_without_wx_on_${version}_is_told_from_files" kind not-affected not-affected not-affected generated hello
  with=()
  claim "what_was_unloaded_on_${version}_gives_no_verdict_from_files" kind retained unknown unknown collected asm rounds=1 count=300
done

# Of hello on the newest and the oldest, and of each kind on 10. What libcheck logs there is not this test's.
cut_anywhere() {
  env -u CK_TAP_LOG_FILE_NAME WXBENCH_CUT="$scratch/$1" CK_RUN_CASE=the_files_that_were_asked_for_cut_anywhere_give_their_verdict_or_none \
    build/tests/plain/cut_test >"$scratch/cut" || { cat "$scratch/cut" && return 1; }
}
claim any_part_of_what_was_saved_of_hello_gives_its_verdict_or_none cut_anywhere "{$(basename "${runtimes[0]}"),$version}.*maps"
for kind in malloc gc retained not-affected; do
  if [ -e "$scratch/$kind.maps" ]; then
    claim "any_part_of_what_was_saved_where_it_is_${kind}_gives_its_verdict_or_none" cut_anywhere "$kind.{maps,smaps,pmap}"
  else
    skip "any_part_of_what_was_saved_where_it_is_${kind}_gives_its_verdict_or_none" "there is no such process of 10"
  fi
done
if compgen -G "$scratch/*.core" >/dev/null; then
  claim any_part_of_a_core_gives_its_verdict_or_none cut_anywhere "*.core"
else
  skip any_part_of_a_core_gives_its_verdict_or_none "gcore cannot be run"
fi
tap_end
