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
for kind in x86_64 aarch64; do [ ! -x "build/static/$kind/wxbench" ] || machines+=("$kind"); done
[ ${#machines[@]} -gt 0 ] && [ -f build/manual/made ] || { echo 'no static program or manual is built; type: make static manual' && exit 77; }

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

# Unpacked beside each other, as Debian installs them.
for package in "$scratch"/packages/*_{all,"$(dpkg --print-architecture)"}.deb; do dpkg-deb -x "$package" "$scratch/root"; done
runs() { (cd / && env -i "$scratch/root/usr/bin/wxbench" run release_retains) | grep -q '^release_retains .*3 ok$'; }
claim what_is_unpacked_finds_its_scenarios runs
claim what_is_unpacked_finds_its_preload env -i "$scratch/root/usr/bin/wxbench" reclaim -- /bin/true
refused an_unknown_machine_is_one_line 'riscv64: expected one of' packaging/deb "$scratch/none" riscv64
tap_end
