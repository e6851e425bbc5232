#!/usr/bin/env bash
# scripts/fresh, as far as it goes without making a Debian: which lines of the README it types, and what it says where it
# cannot be done.
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
if ! git rev-parse --verify --quiet HEAD >/dev/null 2>&1; then
  skip fresh_types_what_the_readme_says "this folder is no checkout by git"
  exit 77
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

typed=$(scripts/fresh --commands)
types() { grep -qxE "$1" <<<"$typed" || { echo "$typed" && false; }; }
claim readme_says_what_a_bare_system_lacks types 'apt-get update && apt-get install -y git make .*'
claim readme_says_how_to_get_the_program types 'git clone [^ ]+ .* && cd .*'
claim readme_says_make_bench types 'make bench'
claim readme_says_make_test types 'make test'

# checkout README-LINE...: a checkout in $scratch/checkout with a README of these lines.
checkout() {
  rm -rf "$scratch/checkout" && mkdir "$scratch/checkout" && cp -r scripts "$scratch/checkout" &&
    (cd "$scratch/checkout" && printf '%s\n' "$@" >README.md && git init -q && git add . &&
      git -c user.name=test -c user.email=test commit -q -m test)
}
checkout '# Title' '' '    make bench' '' 'Text.' '' '    apt-get update' '    git clone URL x # here' '' '    make bench   # all' 'Text' '    make test'
block_is_found() {
  [ "$("$scratch/checkout/scripts/fresh" --commands)" = "apt-get update
git clone URL x
make bench" ]
}
claim the_block_that_gets_the_program_is_typed_without_remarks block_is_found
checkout '# Title' '' '    make bench' '' '    make test'
refused a_readme_without_such_a_block_is_refused "README.md: expected a block of commands .* begins with 'git clone'" \
  "$scratch/checkout/scripts/fresh"

refused an_unknown_part_is_refused "unknown word 'sdkk'" scripts/fresh sdkk
# stands_aside PATTERN COMMAND...: says SKIP and why, in one line, and ends with 77.
stands_aside() {
  local said status
  said=$("${@:2}" 2>&1 </dev/null)
  status=$?
  [ "$status" = 77 ] && [[ $said =~ ^SKIP:\ .*$1 ]] && [ "$(wc -l <<<"$said")" = 1 ] || { echo "$status $said" && false; }
}
rm -rf "$scratch/checkout/.git"
claim without_a_checkout_it_stands_aside stands_aside 'no checkout by git' env GIT_CEILING_DIRECTORIES="$scratch" "$scratch/checkout/scripts/fresh"
mkdir "$scratch/bin"
printf '#!/bin/sh\necho 1000\n' >"$scratch/bin/id"
chmod +x "$scratch/bin/id"
claim without_root_it_stands_aside stands_aside 'takes root' env PATH="$scratch/bin:$PATH" scripts/fresh
printf '#!/bin/sh\necho 0\n' >"$scratch/bin/id"
printf '#!/bin/sh\nexit 1\n' | tee "$scratch/bin/dpkg-query" "$scratch/bin/apt-get" >/dev/null
chmod +x "$scratch/bin/dpkg-query" "$scratch/bin/apt-get"
without_debootstrap() {
  local said
  said=$(PATH=$scratch/bin:$PATH scripts/fresh 2>/dev/null </dev/null)
  [ $? = 77 ] && [ "$said" = "SKIP: no bare system can be made here: debootstrap is missing" ] || { echo "$said" && false; }
}
claim without_debootstrap_it_stands_aside without_debootstrap

# For a part of the bare system this machine's settings are gathered; a home that has never used NuGet has nothing to give.
gathers() {
  mkdir -p "$scratch/home" &&
    env "$@" bash -c 'set -Eeuo pipefail; . scripts/fresh.d/host.sh; settings_of_this_machine "$0"' "$scratch/tree" </dev/null &&
    [ -s "$scratch/tree/etc/resolv.conf" ] && [ ! -e "$scratch/tree/etc/skel/.nuget" ] && [ -f "$scratch/tree/fresh/environment" ]
}
claim an_empty_home_has_settings_to_give gathers HOME="$scratch/home"
claim without_a_home_there_are_settings_to_give gathers -u HOME
tap_end
