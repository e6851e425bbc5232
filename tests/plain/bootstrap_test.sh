#!/usr/bin/env bash
# scripts/bootstrap and what calls it: installs what is missing where it may, otherwise says what to type and stops.
# The package manager is an imitation; nothing is installed.
# shellcheck disable=SC2317 # the functions are called through claim
set -u
. tests/support/tap.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
bin=$scratch/bin
mkdir "$bin"

# stub NAME LINE...: a program of that name, before the real one.
stub() {
  local name=$1
  shift
  printf '#!/bin/sh\n' >"$bin/$name"
  printf '%s\n' "$@" >>"$bin/$name"
  chmod +x "$bin/$name"
}

# The packages named in $scratch/missing are not there.
# shellcheck disable=SC2016 # expanded by the stubs
{
  stub dpkg-query 'for package; do :; done' "grep -qx -- \"\$package\" $scratch/missing && exit 1" 'echo installed'
  stub apt-get "mkdir $scratch/busy 2>/dev/null || { echo 'E: Could not get lock'; exit 100; }" \
    "echo \"apt-get \$*\" >>$scratch/log" "[ ! -p $scratch/go ] || read -r _ <$scratch/go" "rmdir $scratch/busy" \
    "[ ! -e $scratch/offline ] || { echo 'E: no network'; exit 100; }"
  stub sudo "echo sudo >>$scratch/log" "[ -e $scratch/sudoer ] || exit 1" '[ "$1" = -n ] && shift' 'exec "$@"'
  stub id "cat $scratch/uid"
}

# given UID PACKAGE...: a user and the packages that are missing; forgets what was done before.
given() {
  rm -f "$scratch/log" "$scratch/offline" "$scratch/sudoer"
  : >"$scratch/log"
  echo "$1" >"$scratch/uid"
  shift
  printf '%s\n' "$@" >"$scratch/missing"
}

# bootstrap STATUS WORD...: whether scripts/bootstrap ends so; what it says is in $scratch/said.
bootstrap() {
  local status=$1
  shift
  PATH=$bin:$PATH scripts/bootstrap "$@" >"$scratch/said" 2>&1
  [ $? = "$status" ] || { cat "$scratch/said"; return 1; }
}

installed_nothing() { ! grep -q '^apt-get' "$scratch/log"; }
says_only() { [ "$(cat "$scratch/said")" = "$1" ] || { cat "$scratch/said"; return 1; }; }

given 1000
complete() { bootstrap 0 build test bench lint && says_only '' && installed_nothing; }
claim nothing_missing_is_nothing_said complete

given 0 jq gnuplot-nox
as_root() {
  bootstrap 0 build test &&
    [ "$(cat "$scratch/log")" = "apt-get update -qq
apt-get install -y --no-install-recommends jq gnuplot-nox -qq -o DPkg::Lock::Timeout=300" ]
}
claim root_gets_exactly_what_is_missing as_root

given 1000 jq
by_sudo() { : >"$scratch/sudoer" && bootstrap 0 test && grep -q '^apt-get install .* jq -qq -o DPkg::Lock::Timeout=300$' "$scratch/log"; }
claim a_user_with_sudo_gets_it_by_sudo by_sudo

given 1000 jq check
without_sudo() {
  bootstrap 2 test && installed_nothing &&
    says_only 'wxbench needs packages; type: sudo apt-get install -y --no-install-recommends check jq'
}
claim a_user_without_sudo_is_told_the_one_command without_sudo

given 0 jq
without_network() {
  : >"$scratch/offline" && bootstrap 2 test && grep -qx 'E: no network' "$scratch/said" &&
    grep -qx "could not install; type: $1apt-get update && $1apt-get install -y --no-install-recommends jq" "$scratch/said"
}
claim a_failed_install_says_why_and_what_to_type without_network ''
given 1000 jq
: >"$scratch/sudoer"
claim and_who_needs_sudo_is_told_to_type_it without_network 'sudo '
refused a_group_that_is_none_is_named "^bootstrap: 'tests' is no group; expected build, test, bench, lint, fresh or browser$" scripts/bootstrap build tests
refused no_group_is_no_task "^bootstrap: '' is no group; expected build" scripts/bootstrap

given 0 zsh
without_wished() {
  : >"$scratch/offline" && bootstrap 0 test && grep -qx 'could not install them: E: no network; what needs them is skipped' "$scratch/said"
}
claim what_tests_can_do_without_is_no_failure without_wished
given 0 jq zsh
each_alone() { bootstrap 0 test && [ "$(grep -c '^apt-get install' "$scratch/log")" = 2 ] && ! grep -q 'jq zsh' "$scratch/log"; }
claim what_is_needed_does_not_depend_on_what_is_wished each_alone
given 1000 zsh
is_silent() { bootstrap 0 test && installed_nothing && says_only ''; }
claim a_user_without_sudo_does_without_what_is_wished is_silent

given 0 jq
# The first stands in the package manager until the second waits for it, or has ended.
two_at_once() {
  local first second child=
  mkfifo "$scratch/go"
  PATH=$bin:$PATH scripts/bootstrap test >"$scratch/first" 2>&1 &
  first=$!
  until [ -d "$scratch/busy" ]; do sleep 0.02; done
  PATH=$bin:$PATH scripts/bootstrap test >"$scratch/said" 2>&1 &
  second=$!
  while kill -0 "$second" 2>/dev/null && [ "$child" != flock ]; do
    child=$(cat "/proc/$second/task/$second/children" 2>/dev/null)
    child=$(cat "/proc/${child%% *}/comm" 2>/dev/null)
  done
  exec 3<>"$scratch/go"
  rm "$scratch/go"
  echo >&3
  wait "$first" && wait "$second" || { cat "$scratch/said" && false; }
}
claim a_second_bootstrap_waits_for_the_first two_at_once

given 1000 jq gcc
# stops TARGET: make TARGET ends there, before anything is built.
stops() {
  PATH=$bin:$PATH make "$1" >"$scratch/said" 2>&1
  [ $? = 2 ] && grep -q '^wxbench needs packages; type: sudo apt-get install' "$scratch/said" && ! grep -q ' CC ' "$scratch/said"
}
claim make_test_stops_there stops test
given 1000 gnuplot-nox
claim make_bench_stops_there stops bench

# A machine that has make and nothing else of what the build needs.
bare=$scratch/bare
mkdir "$bare"
for name in bash make sed find mkdir cat; do ln -s "$(command -v "$name")" "$bare"; done
# on_bare STATUS MAKE-ARGUMENT...: what it says on stderr is in $scratch/said.
on_bare() {
  local status=$1
  shift
  PATH=$bare make "$@" >"$scratch/out" 2>"$scratch/said"
  [ $? = "$status" ] || { cat "$scratch/said"; return 1; }
}
help_needs_nothing() { on_bare 0 help && says_only '' && grep -q '^make bench ' "$scratch/out"; }
claim make_help_needs_no_package help_needs_nothing
build_names_what_lacks() {
  on_bare 2 all && [ "$(wc -l <"$scratch/said")" = 1 ] &&
    grep -qF 'not installed: gcc pkg-config; `make bench` and `make test` install what is missing' "$scratch/said"
}
claim make_says_in_one_line_what_is_not_installed build_names_what_lacks
ln -s "$(command -v gcc)" "$bare"
printf '#!/bin/bash\n[[ " $* " != *" gsl "* ]]\n' >"$bare/pkg-config"
chmod +x "$bare/pkg-config"
library_is_named() { on_bare 2 all && [ "$(wc -l <"$scratch/said")" = 1 ] && grep -q 'not installed: gsl;' "$scratch/said"; }
claim make_names_the_library_that_lacks library_is_named
nowhere_to_write() {
  PATH=$bin:$PATH make all B=/proc/nowhere >"$scratch/out" 2>"$scratch/said"
  [ $? = 2 ] && [ "$(wc -l <"$scratch/said")" = 1 ] && grep -q 'cannot write /proc/nowhere, where' "$scratch/said"
}
claim make_says_in_one_line_where_it_cannot_write nowhere_to_write
tap_end
