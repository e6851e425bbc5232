#!/usr/bin/env bash
# Two builds in two folders, a day, a locale, a time zone, a umask and a temporary file system apart, by users who have wishes of
# their own for what packs, are the same to the byte: program, preload libraries, manual, Debian packages, .NET tool, sources. Of
# this machine's kind; WXBENCH_REPRODUCE=all builds the others too.
# shellcheck disable=SC2317 # the functions are called through claim
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
scratch=$(mktemp -d)
memory=$(mktemp -d -p /dev/shm) # Where folders have other sizes.
trap 'rm -rf "$scratch" "$memory"' EXIT
machine=$(uname -m)
[ -x "build/static/$machine/wxbench" ] && [ -f build/manual/server/made ] || { echo "build/static/$machine is not built; type: make static-tests" && exit 77; }

other=$scratch/'another folder'
mkdir "$other"
# As a user unpacks them: without a repository, and with times and rights of their own.
if git rev-parse >/dev/null 2>&1; then git ls-files -z; else find . -path ./build -prune -o -type f -printf '%P\0'; fi |
  xargs -0 cp --parents -t "$other" 2>/dev/null
chmod -R g-rwx,o-rwx "$other"

apart=(env -u MAKEFLAGS TZ=Pacific/Auckland TMPDIR="$memory"
  GZIP=-1 TAR_OPTIONS=--sort=none ZIPOPT=-1 DPKG_DEB_COMPRESSOR_LEVEL=1
  GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=core.autocrlf GIT_CONFIG_VALUE_0=true)
# shellcheck source=tests/support/locale.sh
. tests/support/locale.sh
if foreign_locale "$scratch/locales"; then
  apart+=("${foreign[@]}")
else
  skip they_are_a_locale_apart 'no localedef or no sources of locales here'
fi
if type -P faketime >/dev/null; then
  apart+=(faketime -f +1d)
else
  skip they_are_a_day_apart 'no faketime here'
fi
# there COMMAND...: in the other folder, at the other time.
there() { (umask 077 && cd "$other" && "${apart[@]}" "$@"); }

machines=("$machine")
[ "${WXBENCH_REPRODUCE-}" != all ] || mapfile -t machines < <(ls build/static)
if ! there make -j"$(nproc)" "${machines[@]/#/static-}" "${machines[@]/#/server-}" build/manual/server/made >"$scratch/log" 2>&1; then
  tail -n 5 "$scratch/log"
  not_ok it_is_built_in_another_folder
  tap_end
fi
for kind in "${machines[@]}"; do
  for file in wxbench libwxreclaim.so libwxrecord.so; do
    claim "${kind}_server_${file%.so}_is_the_same" cmp "build/server/$kind/$file" "$other/build/server/$kind/$file"
    claim "${kind}_${file%.so}_is_the_same" cmp "build/static/$kind/$file" "$other/build/static/$kind/$file"
  done
done
# The manual is made by the program; the static one will do.
cp "$other/build/static/$machine/wxbench" "$other/build/wxbench"
manual_is_the_same() { there make -o build/wxbench manual >"$scratch/log" 2>&1 && diff -r build/manual "$other/build/manual"; }
claim the_manual_is_the_same manual_is_the_same

# same KIND: all that packaging/KIND makes in both folders.
same() {
  local name=$1
  if ! { "packaging/$name" "$scratch/here/$name" "${machines[@]}" && there "packaging/$name" "$scratch/there/$name" "${machines[@]}"; } >"$scratch/log" 2>&1; then
    cat "$scratch/log"
    return 1
  fi
  [ -n "$(ls "$scratch/here/$name")" ] && diff -r "$scratch/here/$name" "$scratch/there/$name"
}
if type -P dpkg-deb >/dev/null; then claim deb_is_the_same same deb; else skip deb_is_the_same 'no dpkg-deb here'; fi
if type -P zip >/dev/null; then claim nupkg_is_the_same same nupkg; else skip nupkg_is_the_same 'no zip here'; fi

there packaging/dist "$scratch/there/dist" >"$scratch/log" 2>&1
rm -rf "$other/build"
cp -r "$other" "$scratch/third"
"$scratch/third/packaging/dist" "$scratch/here/dist" >/dev/null
claim dist_is_the_same diff -r "$scratch/here/dist" "$scratch/there/dist"
if git diff --quiet HEAD -- 2>/dev/null && [ -z "$(git ls-files --others --exclude-standard)" ]; then
  # of_a_repository FOLDER: what it packs of that one.
  of_a_repository() {
    "${apart[@]}" "$1/packaging/dist" "$scratch/committed" >"$scratch/log" 2>&1 && diff -r "$scratch/committed" "$scratch/there/dist"
  }
  claim dist_of_a_repository_is_the_same of_a_repository .
  ln -s "$PWD" "$scratch/link"
  claim dist_of_a_linked_repository_is_the_same of_a_repository "$scratch/link"
  if [ "$(id -u)" = 0 ] && git clone -q --depth 1 "file://$PWD" "$scratch/foreign"; then
    chown -R 65534 "$scratch/foreign"
    claim dist_of_a_repository_of_another_user_is_the_same of_a_repository "$scratch/foreign"
  else
    skip dist_of_a_repository_of_another_user_is_the_same 'needs root'
  fi
else
  skip dist_of_a_repository_is_the_same 'there is no repository here, or not all is committed'
fi
tap_end
