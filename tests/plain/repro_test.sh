#!/usr/bin/env bash
# The two reproductions for the runtime's maintainers build, show what they claim, and can fail.
# shellcheck disable=SC2317 # the functions are called through claim
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
# shellcheck source=scripts/dotnet.sh
. scripts/dotnet.sh

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
source=scripts/repro/repro.c
strict="-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror"

# ends STATUS COMMAND...: the command ends with that status; what it prints goes to $scratch/out.
ends() {
  local expected=$1
  shift
  "$@" >"$scratch/out" 2>&1 </dev/null
  [ $? = "$expected" ]
}
shorter_than() { [ "$(wc -l <"$2")" -lt "$1" ]; }
# row NAME BEFORE AFTER: the row of the table has these sizes of the memfd, in KiB.
row() { grep -qE "^$1 +$2 KiB +$3 KiB " "$scratch/out"; }

claim repro_compiles_with_libc_alone cc -o "$scratch/repro" "$source"
# shellcheck disable=SC2086 # a list of words
claim repro_compiles_without_warnings cc -std=c17 $strict -O2 -o "$scratch/strict" "$source"
claim repro_is_under_120_lines shorter_than 120 "$source"
claim repro_shows_the_claim ends 0 "$scratch/repro"
pages_kib=$(($(getconf PAGESIZE) * 1000 / 1024))
claim repro_release_allocates_whole_blocks row 'zero fill \(the runtime\)' $pages_kib $((pages_kib * 16))
claim repro_punching_gives_everything_back row 'punch instead' $pages_kib 0
claim repro_full_blocks_compile cc -DUSED=16 -o "$scratch/full" "$source"
claim repro_full_blocks_show_the_claim ends 0 "$scratch/full"

# What a system without memfd_create, or one whose punching does nothing, makes of it.
injected() { strace -qq -o /dev/null -e trace="${1%%:*}" -e inject="$1" "$scratch/repro"; }
if strace -o /dev/null true 2>/dev/null; then
  claim repro_without_memfd_is_a_skip ends 77 injected memfd_create:error=ENOSYS
  claim repro_fails_where_punching_does_nothing ends 1 injected fallocate:retval=0
  claim repro_fails_where_punching_is_refused ends 1 injected fallocate:error=EOPNOTSUPP
else
  skip repro_fails_where_punching_does_nothing "strace cannot trace here"
fi

# Built anew each time: from a file that was built before, the SDK leaves a compiler server behind, whatever UseSharedCompilation says.
leak=scripts/repro/leak.cs
claim leak_is_under_80_lines shorter_than 80 "$leak"
if ! muxer=$(sdk_muxer); then
  skip leak_shows_the_claim "no .NET SDK found: $sdk_advice"
elif [ "$("$muxer" --version | cut -d. -f1)" -lt "${sdk_wanted%.*}" ]; then
  skip leak_shows_the_claim "a single file takes SDK $sdk_wanted or later, this is $("$muxer" --version)"
else
  claim leak_shows_the_claim env -u DOTNET_EnableWriteXorExecute "$muxer" run --no-cache "$leak"
  claim leak_is_a_skip_with_wx_off ends 77 env DOTNET_EnableWriteXorExecute=0 "$muxer" run --no-cache "$leak"
fi
tap_end
