#!/usr/bin/env bash
# What is installed: moved anywhere and run from / with an empty environment it finds all that it needs; uninstall leaves
# nothing. Manual pages and completions say what --help says.
# shellcheck disable=SC2317 # the functions are called through claim
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
[ -f build/manual/made ] || { echo 'build/manual is not built; type: make tests' && exit 77; }

staged() { DESTDIR=$scratch/staged PREFIX='/opt/w x' packaging/install "$@"; }
claim it_is_installed_where_it_is_told staged install
find "$scratch/staged" -type f -printf '%P\n' | sed 's|^opt/w x/||' | sort >"$scratch/found"
packaging/install list | sed 's/^[0-9]* [^ ]* //' | sort >"$scratch/wanted"
claim it_installs_what_it_lists diff "$scratch/wanted" "$scratch/found"
mkdir "$scratch/elsewhere"
cp -r "$scratch/staged/opt/w x" "$scratch/elsewhere/a b"
here=$scratch/elsewhere/a\ b
bare() { (cd / && env -i "$here/bin/wxbench" "$@"); }
says() {
  if bare "${@:2}" >"$scratch/out" 2>&1 && grep -q -- "$1" "$scratch/out"; then return; fi
  head -n 5 "$scratch/out"
  return 1
}
claim a_moved_one_finds_its_scenarios says '^release_retains' run release_retains
claim a_moved_one_lists_its_workloads says '^asm ' list workloads
claim a_moved_one_finds_its_preload bare reclaim -- /bin/true
records() {
  bare record -o "$scratch/none.wxt" -- /bin/true >"$scratch/out" 2>&1
  grep -q 'no .NET runtime with W^X ran' "$scratch/out"
}
claim a_moved_one_finds_its_recorder records
says_what_it_lacks() {
  touch "$scratch/before"
  (cd / && env -i XDG_CACHE_HOME="$scratch/cache" PATH=/nowhere "$here/bin/wxbench" validate) >"$scratch/out" 2>"$scratch/err"
  [ $? = 77 ] && [ "$(wc -l <"$scratch/err")" = 1 ] && [ -z "$(find "$here" -newer "$scratch/before" -type f)" ]
}
claim without_an_sdk_a_validate_says_so_in_one_line says_what_it_lacks
names_a_script_that_is_there() {
  bare validate --runtime 99.0.0 >"$scratch/out" 2>&1
  [ -x "$(sed -nE "s/.*is not here; type: '(.*)' 99\.0\.0 .*/\1/p" "$scratch/out")" ] || { cat "$scratch/out" && false; }
}
claim a_runtime_that_is_not_here_is_got_by_an_installed_script names_a_script_that_is_there
# caches_in FOLDER NAME=VALUE...: where installed scripts put what they build, with such an environment: where the program looks.
caches_in() {
  # shellcheck disable=SC2016 # for the other shell
  [ "$(env -i PATH="$PATH" "${@:2}" bash -c '. "$1" && echo "$WXBENCH_BUILD"' - "$here/share/wxbench/scripts/dotnet.sh")" = "$1/wxbench/$(cat VERSION)" ]
}
claim scripts_build_in_the_cache_that_is_named caches_in "$scratch/cache" HOME="$scratch" XDG_CACHE_HOME="$scratch/cache"
claim scripts_build_in_no_relative_cache caches_in "$scratch/.cache" HOME="$scratch" XDG_CACHE_HOME=cache
claim scripts_without_a_home_build_in_that_of_the_user caches_in "$(getent passwd "$(id -u)" | cut -d : -f 6)/.cache" HOME=
fixture=$PWD/tests/fixtures/plot/retained.json
draws() {
  (cd / && env -i PATH="$PATH" "$here/share/wxbench/scripts/plot" "$fixture" "$scratch/plot") >"$scratch/out" 2>&1 && [ -n "$(find "$scratch" -name "plot*.svg" -size +1k)" ] ||
    { cat "$scratch/out" && false; }
}
if type -P gnuplot >/dev/null; then claim a_moved_one_draws draws; else skip a_moved_one_draws 'no gnuplot here'; fi
shows_a_reproduction() { (cd / && env -i "$here/share/wxbench/scripts/repro/run" repro.c) >"$scratch/out" 2>&1 || { cat "$scratch/out" && false; }; }
if type -P cc >/dev/null; then
  claim a_moved_one_shows_the_reproduction_in_c shows_a_reproduction
else
  skip a_moved_one_shows_the_reproduction_in_c 'no C compiler here'
fi
# closed SCRIPT NAME=VALUE: where the cache cannot be written one line says so, and what to do.
closed() {
  env -i PATH="$PATH" DOTNET_ROOT="${DOTNET_ROOT-}" "${@:2}" "$here/share/wxbench/scripts/$1" >/dev/null 2>"$scratch/err"
  [ "$(wc -l <"$scratch/err")" = 1 ] && grep -q 'cannot write in .*; set XDG_CACHE_HOME=FOLDER to build elsewhere$' "$scratch/err" || { cat "$scratch/err" && false; }
}
if type -P dotnet unzip >/dev/null; then
  mkdir -p "$scratch/others/wxbench/$(cat VERSION)/obj/dotnet/lock"
  claim a_cache_that_cannot_be_made_is_one_line closed build-workloads XDG_CACHE_HOME=/dev/null
  claim a_cache_of_somebody_else_is_one_line closed build-workloads XDG_CACHE_HOME="$scratch/others"
  claim runtimes_for_which_there_is_no_room_are_one_line closed runtimes HOME=/dev/null
else
  skip a_cache_that_cannot_be_made_is_one_line 'no dotnet or no unzip here'
fi
# With one it builds its workload in the user's cache.
validates() {
  (cd / && env -i HOME="${HOME-}" DOTNET_ROOT="${DOTNET_ROOT-}" PATH="$PATH" XDG_CACHE_HOME="$scratch/cache" \
    "$here/bin/wxbench" validate --workload hello --mode on) >"$scratch/out" 2>"$scratch/err"
  validated=$?
  [ "$validated" = 77 ] || { [ "$validated" = 0 ] && grep -q '^hello .*2 ok$' "$scratch/out" && [ -z "$(find "$here" -newer "$scratch/before" -type f)" ]; } ||
    { head -n 5 "$scratch/out" "$scratch/err" && return 1; }
}
if type -P dotnet >/dev/null; then
  claim with_an_sdk_a_moved_one_validates validates
  [ "$validated" != 77 ] || skip with_an_sdk_it_validates "$(tail -n 1 "$scratch/err")"
else
  skip with_an_sdk_a_moved_one_validates 'no dotnet here'
fi

mkdir -p "$scratch/second/opt"
cp -r "$here" "$scratch/second/opt/0.2"
echo 'name: x' >"$scratch/second/opt/0.2/share/wxbench/scenarios/other.yaml"
claim a_second_version_leaves_the_first_alone says '^release_retains' run release_retains

staged uninstall
claim uninstall_leaves_nothing test -z "$(find "$scratch/staged" -mindepth 1)"
staged install
touch "$scratch/staged/opt/w x/share/mine"
staged uninstall
claim uninstall_leaves_what_is_not_ours test "$(find "$scratch/staged" -type f)" = "$scratch/staged/opt/w x/share/mine"

# at PREFIX WORD: without DESTDIR, as a user types it.
at() { PREFIX=$1 packaging/install "$2"; }
uninstall_leaves_no_folder_that_it_made() { at "$scratch/own//a/" install && at "$scratch/own/a" uninstall && [ ! -e "$scratch/own" ]; }
claim uninstall_leaves_no_folder_that_it_made uninstall_leaves_no_folder_that_it_made
# Of characters that a shell, a pattern or the dynamic loader reads as something else.
takes_any_name() {
  local strange=$scratch/'own/a*b "c'\''d$e:  [x] \n %s é'
  at "$strange" install && (cd / && env -i "$strange/bin/wxbench" run steady | grep -q '^steady .* ok$' && env -i "$strange/bin/wxbench" reclaim -- /bin/true) &&
    at "$strange" uninstall && [ ! -e "$scratch/own" ]
}
claim a_prefix_may_have_any_character takes_any_name
# Where nothing is built, and with nothing to build it with.
uninstalls_without_a_build() {
  mkdir "$scratch/sources" && cp -r Makefile VERSION CHANGELOG.md packaging scripts "$scratch/sources" && at "$scratch/own" install || return
  make -s -C "$scratch/sources" CC=no-such-compiler PREFIX="$scratch/own" uninstall && [ ! -e "$scratch/own" ]
}
claim uninstall_needs_no_build uninstalls_without_a_build
mkdir -p "$scratch/shared"/{bin,lib,share/man/man1,share/doc}
leaves_what_was_there() {
  find "$scratch/shared" | sort >"$scratch/before-it"
  at "$scratch/shared" install && at "$scratch/shared" install && at "$scratch/shared" uninstall &&
    find "$scratch/shared" | sort | diff "$scratch/before-it" -
}
claim uninstall_leaves_empty_folders_that_were_there leaves_what_was_there
# Another version, with a scenario that this one lacks.
mkdir "$scratch/tree"
cp -r --parents harness/strategy/wxbench_plugin.h packaging scripts scenarios docs README.md LICENSE SECURITY.md VERSION "$scratch/tree"
ln -s "$PWD/build" "$scratch/tree/build"
cp scenarios/steady.yaml "$scratch/tree/scenarios/other.yaml"
replaces_another_version() {
  PREFIX=$scratch/own "$scratch/tree/packaging/install" install && [ -f "$scratch/own/share/wxbench/scenarios/other.yaml" ] &&
    at "$scratch/own" install && [ ! -e "$scratch/own/share/wxbench/scenarios/other.yaml" ] &&
    "$scratch/own/bin/wxbench" list scenarios | grep -q '^steady '
}
claim a_version_over_another_leaves_none_of_its_files replaces_another_version
takes_another_version_away() {
  PREFIX=$scratch/own "$scratch/tree/packaging/install" install && at "$scratch/own" uninstall && [ ! -e "$scratch/own" ]
}
claim what_another_version_had_is_uninstalled takes_another_version_away
two_at_once() {
  at "$scratch/own" install & local first=$!
  at "$scratch/own" install && wait "$first" && "$scratch/own/bin/wxbench" list scenarios | grep -q '^steady ' &&
    [ -z "$(find "$scratch/own" -name '*.new.*')" ] && at "$scratch/own" uninstall && [ ! -e "$scratch/own" ]
}
claim two_installs_at_once_are_one two_at_once
is_open_to_all() {
  (umask 077 && at "$scratch/own" install) && [ -z "$(find "$scratch/own" ! -perm -444 -o -type d ! -perm -111)" ] && at "$scratch/own" uninstall
}
claim who_installs_with_a_narrow_umask_installs_for_all is_open_to_all
mkdir -p "$scratch/linked" "$scratch/programs"
ln -s "$scratch/programs" "$scratch/linked/bin"
refused a_folder_of_programs_that_is_elsewhere_is_one_line "bin' is a link to another place.*expected another PREFIX" at "$scratch/linked" install
claim nothing_is_installed_there test "$(find "$scratch/linked" "$scratch/programs" | wc -l)" = 3
notes_elsewhere() {
  at "$scratch/own" install && touch "$scratch/mine" && echo ../mine >>"$scratch/own/share/wxbench/installed" &&
    at "$scratch/own" uninstall && [ -e "$scratch/mine" ]
}
claim a_note_of_what_is_elsewhere_removes_nothing notes_elsewhere

refused a_destdir_is_a_full_path "DESTDIR 'pkg': expected a full path" env DESTDIR=pkg packaging/install install
refused a_prefix_is_a_full_path "PREFIX 'opt': expected a full path" env PREFIX=opt packaging/install install
refused what_is_not_built_is_named 'nothing/wxbench is not built' env DESTDIR="$scratch/x" packaging/install install nothing
refused a_file_in_the_way_is_one_line "cannot write '/dev/null/bin/wxbench': Not a directory" \
  env PREFIX=/dev/null packaging/install install
if [ "$(id -u)" = 0 ]; then
  mkdir -m 755 "$scratch/closed"
  refused without_rights_it_is_one_line 'cannot write .*: Permission denied' \
    setpriv --reuid 65534 --clear-groups env PREFIX="$scratch/closed" packaging/install install
  chmod 755 "$scratch"
  DESTDIR=$scratch/kept PREFIX=/usr packaging/install install
  chmod -R go+rX "$scratch/kept"
  refused without_rights_nothing_is_removed 'cannot remove .*/bin/wxbench.: Permission denied' \
    setpriv --reuid 65534 --clear-groups env DESTDIR="$scratch/kept" PREFIX=/usr packaging/install uninstall
  claim what_could_not_be_removed_is_whole test -x "$scratch/kept/usr/bin/wxbench"
fi

# ---- Manual pages and completions ----

# holds_all FILE VERB: every option that --help shows, in that file; a page has its dashes escaped.
holds_all() {
  local option
  "$wxbench" help "$2" | grep -oE '^ {2,6}(-., )?--[a-z-]+' | grep -oE -- '--[a-z-]+' >"$scratch/options"
  [ -s "$scratch/options" ] || return
  while read -r option; do
    sed 's,\\f[BIR],,g; s,\\,,g' "$1" | grep -qE -- "(^|[^a-z])${option#--}([^a-z-]|\$)" || { echo "no $option of $2 in $1"; return 1; }
  done <"$scratch/options"
}
all_said() {
  local verb
  for verb in $("$wxbench" --help | sed -nE 's/^  ([a-z]+) +[a-z].*/\1/p'); do
    holds_all "build/manual/wxbench-$verb.1" "$verb" && holds_all build/manual/bash "$verb" && holds_all build/manual/zsh "$verb" &&
      holds_all build/manual/fish "$verb" || return
  done
}
claim pages_and_completions_have_every_option all_said
pages_are_clean() { ! for page in build/manual/*.1; do groff -man -ww -z -Tutf8 "$page" 2>&1; done | grep .; }
if type -P groff >/dev/null; then claim pages_are_clean pages_are_clean; else skip pages_are_clean 'no groff'; fi

# completes WORD... : what bash offers for the last word, in $offered.
completes() {
  local COMP_WORDS=(wxbench "$@") COMP_CWORD=$# COMPREPLY=()
  PATH=$PWD/build:$PATH _wxbench
  offered=" ${COMPREPLY[*]} "
}
offers() {
  completes "${@:2}"
  [[ $offered == *" $1 "* ]] || { echo "offered:$offered"; return 1; }
}
# shellcheck source=/dev/null
. build/manual/bash
claim a_verb_is_completed offers reclaim rec
claim an_option_is_completed offers --dry-run reclaim --dr
claim values_are_completed offers markdown list --format = ma
claim a_mode_is_completed offers preload validate --mode = pre
claim a_scenario_is_completed offers release_retains run rel
claim a_strategy_is_completed offers coreclr-off run --strategy = core
claim a_file_is_completed offers Makefile audit --maps = Make
claim a_file_is_completed_after_a_letter offers Makefile record -o Make
claim what_bash_knows_nothing_of_is_a_file test "$(complete -p wxbench)" = 'complete -o default -F _wxbench wxbench'

# Other shells load theirs, and offer what is in it.
zsh_completes() {
  # `_arguments` and its like are imitated: what would be offered is printed.
  PATH=$PWD/build:$PATH zsh -f -c '
    autoload -Uz compinit && compinit -u -d "$2/dump" && fpath=("$2/zsh" $fpath) && autoload -Uz +X _wxbench || exit
    _arguments() { print -rl -- "$@"; }
    _describe() { print -rl -- "${(P)2[@]}"; }
    words=(wxbench) CURRENT=2; _wxbench
    words=(wxbench reclaim "") CURRENT=3; _wxbench
    words=(wxbench record "") CURRENT=3; _wxbench
    words=(wxbench run "") CURRENT=3; _wxbench' - - "$scratch" >"$scratch/offered" 2>&1
  grep -q '^audit:' "$scratch/offered" && grep -q -- '^--dry-run\[' "$scratch/offered" && grep -q -- '^-o\[.*:_files$' "$scratch/offered" && grep -q 'release_retains' "$scratch/offered" ||
    { head -n 5 "$scratch/offered" && return 1; }
}
fish_offers() {
  HOME=$scratch/home PATH=$PWD/build:$PATH fish --no-config -c "source build/manual/fish; complete -C '$2'" 2>"$scratch/offered.err" |
    grep -qE -- "^$1(\s|\$)" && [ ! -s "$scratch/offered.err" ] || { head -n 5 "$scratch/offered.err" && return 1; }
}
mkdir -p "$scratch/zsh" "$scratch/home" && cp build/manual/zsh "$scratch/zsh/_wxbench"
if type -P zsh >/dev/null; then claim zsh_loads_and_completes zsh_completes; else skip zsh_loads_and_completes 'no zsh here'; fi
if type -P fish >/dev/null; then
  claim fish_completes_a_verb fish_offers reclaim 'wxbench rec'
  claim fish_completes_an_option fish_offers --dry-run 'wxbench reclaim --dr'
  claim fish_completes_a_scenario fish_offers release_retains 'wxbench run rel'
else
  skip fish_loads_and_completes 'no fish here'
fi

claim the_version_has_a_date test "$(packaging/date)" -gt 1700000000
tap_end
