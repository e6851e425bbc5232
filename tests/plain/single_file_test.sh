#!/usr/bin/env bash
# Programs that bring a host program of their own: an apphost, a single file, a single file with the whole runtime linked
# into it, and .NET processes started by them. The preload libraries and the live reclaim know each of them.
# shellcheck disable=SC2317 # the functions are called through claim
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
# shellcheck source=tests/support/live.sh
. tests/support/live.sh
# shellcheck source=tests/support/trace.sh
. tests/support/trace.sh
# shellcheck source=scripts/dotnet.sh
. scripts/dotnet.sh
muxer=$(sdk_muxer) || sdk_missing "publish single files"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
library=$PWD/build/libwxreclaim.so
newest=$(pinned runtime | head -n 1)

work=(asm rounds=1 count=40)
# expect_of VERSION: a collectible assembly of this shape is released as 3 blocks of 64 KiB on .NET 8 to 10, as 2 on 11
# (scenarios/dotnet/README.md).
expect_of() {
  releases=120
  [ "${1%%.*}" -lt 11 ] || releases=80
  exactly=" $((releases * 65536)) bytes given back, $releases releases recognised, 0 .* 0 .* 0 failed\$"
}

# publish NAME SWITCH...: the program in $app; nothing is done when it is up to date. Exit status as of dotnet.
publish() {
  app=$PWD/build/single/$1/wxsingle
  [ ! -e "$app" ] || [ -n "$(find tests/fixtures/single scenarios/dotnet -type f -newer "$app" -print -quit)" ] || return 0
  "$muxer" publish tests/fixtures/single --configuration Release --output "build/single/$1" "${@:2}" >"$scratch/log" 2>&1
}
# Each process says what it gave back in a file of its own; together they are $scratch/stats.
with_library() {
  rm -f "$scratch"/says.*
  env LD_PRELOAD="$library" WXRECLAIM=stats:"$scratch/says" "$@" || return
  cat "$scratch"/says.* >"$scratch/stats"
}
is_recognised_exactly() {
  local expected actual
  expected=$("$app" "${work[@]}") && actual=$(with_library "$app" "${work[@]}")
  cat "$scratch/stats"
  [ -n "$expected" ] && [ "$actual" = "$expected" ] && [[ $(<"$scratch/stats") =~ ^libwxreclaim.*$exactly ]]
}
child_is_recognised_too() {
  local expected actual
  expected=$("$app" "${work[@]}") && actual=$(with_library "$app" as-child "${work[@]}")
  cat "$scratch/stats"
  [ "$actual" = "$expected" ] && [ "$(grep -cE "$exactly" "$scratch/stats")" = 1 ]
}
is_recorded() {
  rm -f "$scratch"/trace*
  "$wxbench" record -q -o "$scratch/trace" -- "$app" "${work[@]}" >/dev/null &&
    of_trace "$scratch/trace" | grep -qx "$releases release 65536 mark"
}
child_is_recorded() {
  rm -f "$scratch"/trace*
  "$wxbench" record -q -o "$scratch/trace" -- "$app" as-child "${work[@]}" >/dev/null
  [ "$(for each in "$scratch"/trace*; do of_trace "$each"; done | grep -cx "$releases release 65536 mark")" = 1 ]
}
is_reclaimed_live() {
  local long=("${work[@]}" rounds=12) # Long enough to be found on a busy machine.
  "$app" "${long[@]}" >"$scratch/alone" && live "$scratch/beside" "$app" "${long[@]}" &&
    cmp "$scratch/alone" "$scratch/beside" && gave_back
}
is_validated() {
  "$wxbench" validate -q --mode on --mode off --command "$app ${work[*]}" --json "$scratch/validated.json" || return
  jq -e '(.results[] | select(.mode == "on") | .verdict.code == "retained" or .metrics.retained_bytes > 1048576) and
    (.results[] | select(.mode == "off") | .metrics.allocated_peak_bytes == 0) and all(.results[]; .runtime | test("^[0-9]+[.]"))' "$scratch/validated.json" >/dev/null
}
check() { # check NAME SWITCH...
  local name=$1
  if ! publish "$@"; then
    if nuget_unreachable "$scratch/log" || grep -qE 'NU110[12]' "$scratch/log"; then
      skip "$name" "its packages cannot be had: $(first_error "$scratch/log")"
    else
      cat "$scratch/log"
      not_ok "${name}_can_be_published"
    fi
    return
  fi
  claim "${name}_is_recognised_exactly" is_recognised_exactly
  claim "${name}_in_a_child_process_is_recognised_exactly" child_is_recognised_too
  claim "${name}_is_recorded" is_recorded
  claim "${name}_in_a_child_process_is_recorded" child_is_recorded
  # One of each kind is enough.
  [[ $name =~ self_contained.*_[89] ]] || claim "${name}_is_validated_by_its_command" is_validated
  claim_where_idle "${name}_is_reclaimed_live" is_reclaimed_live
}

# These two look for the runtime in DOTNET_ROOT.
expect_of "$newest"
if laid_out "$newest"; then
  export DOTNET_ROOT=$runtime_store/$newest DOTNET_ROLL_FORWARD=Major # They are built by what may be an older SDK.
  check apphost --self-contained false -p:PublishSingleFile=false
  check single_file --self-contained false
  unset DOTNET_ROOT DOTNET_ROLL_FORWARD
else
  skip apphost "no runtime laid out: scripts/runtimes $newest"
  skip single_file "no runtime laid out: scripts/runtimes $newest"
fi
sdk=$(newest_sdk "$muxer")
for version in $(pinned runtime); do
  if [ "${version%%.*}" -gt "${sdk%%.*}" ]; then
    skip "self_contained_single_file_$version" "SDK $sdk builds for no newer version than its own"
    continue
  fi
  expect_of "$version"
  check "self_contained_single_file_$version" --self-contained true -p:Framework="net${version%.*}" \
    -p:RuntimeFrameworkVersion="$version"
done
tap_end
