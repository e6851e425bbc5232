#!/usr/bin/env bash
# The Dockerfile: built and run where an engine is. Everywhere its lines are read, and its last command and its image are imitated:
# what it installs is the root of an ordinary user.
# shellcheck disable=SC2317 # the functions are called through claim
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
scratch=$(mktemp -d)
cleanup() {
  umount "$scratch/root/proc" 2>/dev/null
  rm -rf "$scratch"
}
trap cleanup EXIT

# value WORD: of the last such line.
value() { sed -n "s/^$1 //p" Dockerfile | tail -n 1; }
is_known() { ! sed -E '/^(#|$|FROM|RUN|WORKDIR|COPY|USER|ENV|ENTRYPOINT|CMD| && )/d' Dockerfile | grep .; }
claim every_line_is_an_instruction is_known
user=$(value USER)
claim it_is_no_root test "$user" = 65532:65532
pinned_images() { ! sed -nE 's/^FROM ([^ ]+).*/\1/p' Dockerfile | grep -vE '^scratch$|:[0-9]'; }
claim every_image_has_a_version pinned_images
claim its_words_are_a_list jq -e 'length > 0' <<<"$(value ENTRYPOINT)"
ignores_what_is_built() { grep -qx /build .dockerignore && grep -qx /.git .dockerignore; }
claim what_is_built_here_is_left_out ignores_what_is_built

# Every package that is installed in it is one of Debian's, as far as is known here.
packages() { sed -nE 's/.*apt-get install (-[^ ]+ )*//p' Dockerfile && scripts/bootstrap --list build; }
are_known() { [ "$(packages | wc -w)" -gt 4 ] && ! for package in $(packages); do apt-cache show "$package" >/dev/null 2>&1 || echo "no package $package"; done | grep .; }
if apt-cache show make >/dev/null 2>&1; then
  claim every_package_is_known are_known
else
  skip every_package_is_known 'no list of packages here'
fi

# The line that installs, as it stands there, into a folder of ours.
line=$(sed -nE "s|^ && (DESTDIR=.*)|\\1|p" Dockerfile)
entry=$(value ENTRYPOINT | jq -r '.[0]')
if [ ! -x "build/static/$(uname -m)/wxbench" ]; then
  skip the_image_holds_all_it_needs 'no static program is built; type: make static'
elif mkdir -p "$scratch"/root/{proc,tmp} && chmod 755 "$scratch" && chmod 1777 "$scratch/root/tmp" && mount -t proc proc "$scratch/root/proc" 2>/dev/null; then
  claim its_install_line_works bash -c "${line//\/root-of-image/$scratch/root}"
  within() { (cd / && env -i HOME=/tmp "$(type -P chroot)" --userspec="$user" "$scratch/root" "$entry" "$@"); }
  claim the_image_starts_its_program test "$(within --version)" = "wxbench $(cat VERSION)"
  runs() { within run release_retains --json /tmp/out.json | grep -q '^release_retains .*3 ok$'; }
  claim the_image_holds_its_scenarios runs
  claim the_image_runs_as_an_ordinary_user test "$(stat -c %u:%g "$scratch/root/tmp/out.json")" = "$user"
  claim the_image_holds_its_preload within reclaim -- "$entry" --version
else
  skip the_image_holds_all_it_needs 'cannot mount /proc; needs root'
fi

engine=
for engine in docker podman ''; do [ -n "$engine" ] && "$engine" info >/dev/null 2>&1 && break; done
if [ -n "$engine" ]; then
  built() { "$engine" build -q -t wxbench-test . >"$scratch/log" 2>&1 || { tail -n 5 "$scratch/log" && return 1; }; }
  claim the_image_is_built built
  claim the_image_runs test "$("$engine" run --rm wxbench-test --version)" = "wxbench $(cat VERSION)"
  "$engine" rmi wxbench-test >/dev/null 2>&1
else
  skip the_image_is_built 'no container engine runs here'
fi
tap_end
