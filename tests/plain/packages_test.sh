#!/usr/bin/env bash
# The packages that scripts/bootstrap names are those that are used: by a header that is included, a library that is linked or
# loaded, a command that is run. And each header and command comes from one of them, or from what every Debian has.
# Of a package that is not installed nothing can be told; scripts/fresh runs everything where nothing else is installed.
# shellcheck disable=SC2046 # lists of words, none of which has a space
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
if ! command -v dpkg-query >/dev/null; then
  skip packages_are_what_is_used "no dpkg here, and the packages are Debian's"
  exit 77
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# What a group of packages is for. Only of shell scripts can be told which of their words are commands.
mapfile -t sources < <(find harness tests scripts/repro -name '*.[ch]')
mapfile -t makefiles < <(find Makefile harness tests -name Makefile -o -name '*.mk')
mapfile -t tests < <(find tests -name '*.sh')
tests+=(tests/run tests/fuzz/run)
dotnet="scripts/dotnet.sh scripts/sdk scripts/runtimes scripts/build-workloads"
declare -A scripts=(
  [build]=scripts/bootstrap
  [test]="scripts/bootstrap scripts/plot $dotnet ${tests[*]}"
  [bench]="scripts/bootstrap scripts/bench scripts/plot $dotnet"
  [lint]="scripts/bootstrap scripts/lint"
  [fresh]="scripts/bootstrap scripts/dotnet.sh scripts/fresh scripts/fresh.d/host.sh scripts/fresh.d/part scripts/fresh.d/enter"
)

# owners: of the files that are read, `PACKAGE FILE` for each package that has the file.
owners() {
  xargs -r dpkg-query -S 2>/dev/null | grep -v '^diversion by ' | sed -E 's/:[a-z0-9]+([,:])/\1/g' |
    awk -F ': ' '{ n = split($1, package, ", "); for (i = 1; i <= n; i++) print package[i], $2 }'
}
# programs WORD...: `PACKAGE FILE` of those that are programs, as they are called and as what they are a link to. /usr/bin and
# /bin are one folder, and dpkg knows a file by either name.
programs() {
  local word path
  for word in "$@"; do
    if [ "$(type -t "$word")" = file ]; then type -P "$word"; fi
  done | while read -r path; do printf '%s\n' "$path" "${path#/usr}" "$(readlink -f "$path")"; done | sort -u | owners
}
# words PATTERN FILE...: the words of that kind in them, without comments.
words() { sed -E -e 's/(^|[ \t])#.*//' -e 's#//.*##' "${@:2}" | grep -oE -- "$1" | sort -u; }

# ---- What is used, as `PACKAGE WHAT` ----

headers() {
  grep -hoE '^ *# *include <[^>]+>' "${sources[@]}" | sort -u >"$scratch/included"
  # What the compiler finds of these names, without what those include in turn.
  gcc -M -D_GNU_SOURCE $(pkg-config --cflags $(sed -nE 's/^PACKAGES := //p' Makefile)) -x c "$scratch/included" |
    tr ' \\' '\n\n' | awk '
      FNR == NR { gsub(/.*<|>.*/, ""); names[$0]; next }
      { for (name in names) if (substr($0, length($0) - length(name)) == "/" name) print }' "$scratch/included" - |
    xargs realpath | sort -u | owners
}
# What the compilers link for the instrumented builds.
runtimes() {
  local flag
  for flag in $(words '-fsanitize=[a-z]+' "${makefiles[@]}"); do
    clang "$flag" '-###' -x c /dev/null 2>&1 | grep -oE '/[^" ]*libclang_rt[^" ]*'
  done | xargs realpath -e 2>/dev/null | sort -u | owners
}
# Libraries and folders of another machine's that are named as such.
named() { words '/usr/[a-z0-9_]+-linux-[a-z]+|lib[a-z0-9]+\.so\.[0-9]+' "$@" | sed 's#^lib#/usr/lib/*/&#' | owners; }
# Words of a makefile and texts of a C program can be commands: enough to say that a package is used.
perhaps_commands() {
  programs $(words '[a-z][a-z0-9_+.-]*' "${makefiles[@]}") $(grep -hoE '"[a-z][a-z0-9_+.-]*"' "${sources[@]}" | tr -d '"' | sort -u)
}

headers >"$scratch/headers"
{ cat "$scratch/headers" && runtimes && perhaps_commands; } >"$scratch/by-all"

# ---- The claims ----

# available GROUP: its packages; false with one line where one is not installed.
available() {
  local package
  for package in $(scripts/bootstrap --list "$1"); do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || { echo "$package is not installed" && return 1; }
  done
}
# brought GROUP...: their packages, those that these depend on in turn, and those of every Debian.
brought() {
  local known=$scratch/known
  {
    dpkg-query -W -f '${Essential} ${Priority} ${Package}\n' | awk '$1 == "yes" || $2 == "required" { print $NF }'
    scripts/bootstrap --list "$@"
  } | sort -u >"$known"
  for _ in 1 2 3; do
    { cat "$known" && dpkg-query -W -f '${Depends}, ${Pre-Depends}\n' $(cat "$known") 2>/dev/null | grep -oE '(^|[,|] *)[a-z0-9][a-z0-9.+-]+' | grep -oE '[a-z0-9.+-]+$'; } |
      sort -u >"$known.more"
    mv "$known.more" "$known"
  done
  cat "$known"
}
# Some files have no name in a program; but scripts/bootstrap installs no recommended package unless it is asked to.
is_recommended() { dpkg-query -W -f '${Recommends}\n' $(cat "$scratch/brought") 2>/dev/null | grep -qE "(^|[ ,])$1([ ,]|\$)"; }
all_are_used() {
  local package unused=0
  for package in $(scripts/bootstrap --list "$1"); do
    grep -q "^$package " "$scratch/by-all" "$scratch/run" "$scratch/named" || is_recommended "$package" && continue
    echo "package $package of group $1 is neither included, linked nor run by anything"
    unused=1
  done
  return "$unused"
}
all_are_named() {
  local package what unnamed=0
  while read -r package what; do
    # These are for who has them: one to install the others, one to boot (cgroup2_test.sh, which says SKIP without it).
    [[ " sudo user-mode-linux " = *" $package "* ]] || grep -qxF "$package" "$scratch/brought" && continue
    echo "$what of package $package is used by what group $1 is for, and no package that scripts/bootstrap names brings it"
    unnamed=1
  done <"$2"
  return "$unnamed"
}

declare -A optional=([test]=browser)
for group in build test bench lint fresh; do
  if ! lacking=$(available "$group"); then
    skip "packages_of_${group}_are_what_is_used" "$lacking"
    continue
  fi
  read -ra files <<<"${scripts[$group]}"
  programs $(awk -f tests/support/commands.awk "${files[@]}") >"$scratch/run"
  named "${files[@]}" >"$scratch/named"
  # To lint or to measure one builds first; some tests skip where the packages of another group are not there.
  brought build "$group" ${optional[$group]-} >"$scratch/brought"
  claim "every_package_of_${group}_is_used" all_are_used "$group"
  claim "every_command_that_${group}_runs_is_named" all_are_named "$group" "$scratch/run"
done
brought build test >"$scratch/brought"
claim every_header_is_named all_are_named build "$scratch/headers"
tap_end
