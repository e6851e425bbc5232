#!/usr/bin/env bash
# The Debian packages (packaging/deb): lintian has nothing to say, they name no folder but Debian's, and what they bring works.
# shellcheck disable=SC2317 # the functions are called through claim
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
type -P dpkg-deb >/dev/null || { echo 'no dpkg-deb here' && exit 77; }
machines=()
for kind in x86_64 aarch64; do [ ! -x "build/static/$kind/wxbench" ] || [ ! -x "build/server/$kind/wxbench" ] || machines+=("$kind"); done
[ ${#machines[@]} -gt 0 ] && [ -f build/manual/server/made ] || { echo 'no static program, server or manual is built; type: make static-tests manual' && exit 77; }

claim they_are_packed packaging/deb "$scratch/packages" "${machines[@]}"
for package in "$scratch"/packages/*.deb; do
  name=$(basename "$package" .deb)
  claim "${name}_has_nothing_outside_usr" test -z "$(dpkg-deb -c "$package" | grep -v ' \./\(usr/.*\)\?$' | grep -v ' \./usr')"
done
lintian_is_silent() {
  lintian --allow-root --fail-on error,warning "$scratch"/packages/*.deb >"$scratch/said" 2>&1 && [ ! -s "$scratch/said" ] && return
  cat "$scratch/said"
  return 1
}
if type -P lintian >/dev/null; then claim lintian_is_silent lintian_is_silent; else skip lintian_is_silent 'no lintian here'; fi

# Unpacked, each for itself: they stand in each other's place.
for package in wxbench wxbench-server; do
  dpkg-deb -x "$scratch/packages/${package}_$(cat VERSION)_$(dpkg --print-architecture).deb" "$scratch/$package"
done
bare() { (cd / && env -i "$scratch/$package/usr/bin/wxbench" "$@"); }
package=wxbench
runs() { bare run release_retains | grep -q '^release_retains .*3 ok$'; }
claim wxbench_finds_its_scenarios runs
claim wxbench_finds_its_preload bare reclaim -- /bin/true
package='wxbench-server'
verbs() { [ "$(bare --help | sed -nE 's/^  ([a-z]+) +[a-z].*/\1/p' | tr '\n' ' ')" = 'record reclaim audit explain ' ]; }
claim a_server_has_four_verbs verbs
# What it says of itself speaks of no verb that it lacks.
names_its_verbs_only() {
  local verb
  ! {
    bare --help
    for verb in record reclaim audit explain; do bare help "$verb"; done
    zcat "$scratch"/wxbench-server/usr/share/man/man1/*.gz | sed 's/\\f[BIR]//g; s/\\//g'
    cat "$scratch"/wxbench-server/usr/share/{bash-completion/completions,zsh/vendor-completions,fish/vendor_completions.d}/*
  } | grep -oE '\bwxbench[ -][a-z]+' | sort -u | grep -vxE 'wxbench[ -](record|reclaim|audit|explain|help)'
}
claim a_server_names_its_verbs_only names_its_verbs_only
verb_says_the_same() {
  "$wxbench" "$@" >"$scratch/whole" 2>&1
  env -i "$scratch/wxbench-server/usr/bin/wxbench" "$@" >"$scratch/server" 2>&1
  diff "$scratch/whole" "$scratch/server"
}
claim a_server_audits_alike verb_says_the_same audit --smaps tests/fixtures/audit.smaps --format csv
claim a_server_explains_alike verb_says_the_same explain 7f4000000000-7f4007ff6000 7f404c021000-7f4051b4c000
claim a_server_finds_its_preload bare reclaim -- /bin/true
records() { bare record -o "$scratch/none.wxt" -- /bin/true 2>&1 | grep -q 'no .NET runtime with W^X ran'; }
claim a_server_finds_its_recorder records
needs_libc_only() { ! readelf -dW "$scratch/wxbench-server/usr/bin/wxbench" | grep NEEDED | grep -vE '\[(libc|libm)\.so\.6\]'; }
claim a_server_needs_the_c_library_only needs_libc_only
half() { [ "$(stat -c %s "$scratch/wxbench-server/usr/bin/wxbench")" -le $((512 * 1024)) ]; }
claim a_server_is_at_most_512_kib half
pages() { (cd "$scratch/wxbench-server/usr/share/man/man1" && echo *) | grep -qx 'wxbench-audit.1.gz wxbench-explain.1.gz wxbench-reclaim.1.gz wxbench-record.1.gz wxbench.1.gz'; }
claim a_server_has_the_pages_of_its_verbs pages
# Installed by dpkg in a system that has nothing else.
system=$scratch/system
in_system() { dpkg --root="$system" --force-depends --force-architecture --log=/dev/null "$@" >"$scratch/said" 2>&1 || { cat "$scratch/said" && false; }; }
installed() { (cd "$scratch/packages" && in_system -i "$1"_*_"$2".deb); }
left() { find "$system" ! -type d ! -path "$system/var/lib/dpkg/*"; }
# takes_turns ARCHITECTURE: one is installed, the other takes its place and gives it back; nothing is left of either.
takes_turns() {
  local package
  rm -rf "$system"
  mkdir -p "$system/var/lib/dpkg"/{info,updates,triggers}
  touch "$system/var/lib/dpkg/status"
  for package in wxbench wxbench-server wxbench; do
    installed "$package" "$1" && [ "$(dpkg-query --root="$system" -W -f '${binary:Package} ${db:Status-Status}\n' | grep ' installed$')" = "$package${foreign:+:$1} installed" ] &&
      [ -x "$system/usr/bin/wxbench" ] && dpkg --root="$system" --verify || return
  done
  in_system --purge "$package${foreign:+:$1}" && [ -z "$(left)" ] && [ ! -e "$system/usr" ]
}
if [ "$(id -u)" = 0 ]; then
  for kind in "${machines[@]}"; do
    architecture=$([ "$kind" = aarch64 ] && echo arm64 || echo amd64)
    foreign=
    [ "$architecture" = "$(dpkg --print-architecture)" ] || foreign=yes
    claim "${architecture}_is_installed_replaced_and_removed" takes_turns "$architecture"
  done
else
  skip packages_are_installed_replaced_and_removed 'needs root'
fi
# A version that leads to another is older than that.
leads_to() {
  local package
  mkdir "$scratch/tree"
  cp -r --parents harness/strategy/wxbench_plugin.h packaging scripts scenarios docs README.md LICENSE SECURITY.md "$scratch/tree"
  ln -s "$PWD/build" "$scratch/tree/build"
  echo 9.0.0-rc.1 >"$scratch/tree/VERSION"
  echo '## 9.0.0-rc.1 - 2026-01-02' >"$scratch/tree/CHANGELOG.md"
  "$scratch/tree/packaging/deb" "$scratch/next" "${machines[0]}" && for package in "$scratch"/next/*.deb; do
    dpkg --compare-versions "$(dpkg-deb -f "$package" Version)" lt 9.0.0 && dpkg --compare-versions "$(dpkg-deb -f "$package" Version)" gt 8.9 || return
  done
}
claim a_version_that_leads_to_another_is_older leads_to
refused an_unknown_machine_is_one_line 'riscv64: expected one of' packaging/deb "$scratch/none" riscv64
tap_end
