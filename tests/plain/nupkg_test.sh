#!/usr/bin/env bash
# The .NET tool (packaging/nupkg), from a folder as source: installed, run, updated, uninstalled, and run by dnx.
# shellcheck disable=SC2317 # the functions are called through claim
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
# shellcheck source=scripts/dotnet.sh
. scripts/dotnet.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
machine=$(uname -m)
[ -x "build/static/$machine/wxbench" ] || { echo "build/static/$machine is not built; type: make static" && exit 77; }
type -P zip >/dev/null || { echo 'no zip here' && exit 77; }

# tree VERSION: what packages are made of, with that version.
tree() {
  local tree=$scratch/tree-$1
  mkdir -p "$tree/build"
  cp -r --parents harness/strategy/wxbench_plugin.h packaging scripts scenarios README.md LICENSE "$tree"
  ln -s "$PWD/build/static" "$tree/build/static"
  echo "$1" >"$tree/VERSION"
  echo "## $1 - 2026-01-02" >"$tree/CHANGELOG.md"
  "$tree/packaging/nupkg" "$scratch/source" "${machines[@]}"
}
machines=()
for kind in x86_64 aarch64; do [ ! -x "build/static/$kind/wxbench" ] || machines+=("$kind"); done
version=$(cat VERSION)
claim it_is_packed packaging/nupkg "$scratch/source" "${machines[@]}"
names() { unzip -Z1 "$scratch/source/$1.$version.nupkg"; }
has_the_program() {
  local rid
  for rid in linux-x64 linux-arm64; do
    [ -e "$scratch/source/wxbench.$rid.$version.nupkg" ] || continue
    for file in wxbench libwxreclaim.so libwxrecord.so DotnetToolSettings.xml scenarios/steady.yaml; do
      names "wxbench.$rid" | grep -qx "tools/any/$rid/$file" || { echo "no $file in $rid" && return 1; }
    done
  done
}
claim each_kind_of_machine_has_program_preloads_and_scenarios has_the_program
every_part_has_a_type() {
  local name
  unzip -p "$scratch/source/wxbench.$version.nupkg" '\[Content_Types\].xml' >"$scratch/types"
  names wxbench | while read -r name; do
    case $name in
    '[Content_Types].xml') ;;
    *.*) grep -q "Extension=\"${name##*.}\"" "$scratch/types" || return ;;
    *) grep -q "PartName=\"/$name\"" "$scratch/types" || return ;;
    esac
  done
}
claim every_part_has_a_type every_part_has_a_type
refused an_unknown_machine_is_one_line 'riscv64: expected one of' packaging/nupkg "$scratch/none" riscv64

muxer=$(sdk_muxer) || { skip nupkg_is_installed "$(sdk_lack)" && tap_end; }
sdk=$(newest_sdk "$muxer")
[ "${sdk%%.*}" -ge 10 ] || { skip nupkg_is_installed "SDK $sdk reads no such tool; 10.0 does" && tap_end; }
tree 99.0.1 >/dev/null
mv "$scratch/source"/wxbench*.99.0.1.nupkg "$scratch"
printf '<configuration><packageSources><clear/><add key="folder" value="%s"/></packageSources></configuration>' "$scratch/source" >"$scratch/nuget.config"
mkdir "$scratch/home"
# dotnet WORD...: with a home and packages of its own.
dotnet() {
  (cd "$scratch" && HOME=$scratch/home DOTNET_CLI_HOME=$scratch/home NUGET_PACKAGES=$scratch/home/packages "$muxer" "$@") >"$scratch/said" 2>&1 && return
  head -n 5 "$scratch/said"
  return 1
}
tool=$scratch/home/.dotnet/tools/wxbench
claim a_tool_is_installed dotnet tool install -g wxbench --configfile nuget.config
bare() { (cd / && env -i "$tool" "$@"); }
claim the_tool_runs test "$(bare --version)" = "wxbench $version"
claim the_tool_finds_its_preload bare reclaim -- /bin/true
finds_its_scenarios() { bare run release_retains | grep -q '^release_retains .*3 ok$'; }
claim the_tool_finds_its_scenarios finds_its_scenarios
# Of the folder that has all of it: the plots are drawn with the program beside.
fixture=$PWD/tests/fixtures/plot/retained.json
draws() {
  local plot
  plot=$(find "$scratch/home/.dotnet/tools" -path '*/scripts/plot' | head -n 1)
  (cd / && env -i PATH="$PATH" "$plot" "$fixture" "$scratch/plot") >"$scratch/said" 2>&1 && [ -n "$(find "$scratch" -maxdepth 1 -name "plot*.svg" -size +1k)" ] ||
    { cat "$scratch/said" && false; }
}
if type -P gnuplot >/dev/null; then claim the_tool_draws draws; else skip the_tool_draws 'no gnuplot here'; fi
by_dnx() {
  (cd / && HOME=$scratch/home DOTNET_CLI_HOME=$scratch/home NUGET_PACKAGES=$scratch/home/packages \
    "$muxer" dnx -y --source "$scratch/source" wxbench audit $$ --fast) >"$scratch/said" 2>&1 && grep -q '^VERDICT not-affected' "$scratch/said"
}
claim dnx_audits_a_process by_dnx
passes_on() {
  (cd / && HOME=$scratch/home DOTNET_CLI_HOME=$scratch/home NUGET_PACKAGES=$scratch/home/packages \
    "$muxer" dnx -y --source "$scratch/source" wxbench -- "$@")
}
claim dnx_passes_on_what_follows_two_dashes test "$(passes_on --version 2>&1)" = "wxbench $version"
ends_as() { passes_on reclaim -- sh -c 'exit 7' >/dev/null 2>&1; [ $? = 7 ]; }
claim dnx_ends_as_the_command_does ends_as
# Who shares a folder of tools opens it to the others.
is_shared() {
  dotnet tool install --tool-path "$scratch/tools" wxbench --version "$version" --configfile nuget.config && chmod 755 "$scratch" &&
    chmod -R go+rX "$scratch/tools" && (cd / && setpriv --reuid 65534 --regid 65534 --clear-groups env -i "$scratch/tools/wxbench" run steady) | grep -q '^steady .* ok$'
}
if [ "$(id -u)" = 0 ]; then claim a_shared_tool_runs_for_other_users is_shared; else skip a_shared_tool_runs_for_other_users 'needs root'; fi
two_at_once() {
  mv "$scratch"/wxbench*.99.0.1.nupkg "$scratch/source"
  dotnet tool install --tool-path "$scratch/second" wxbench --version 99.0.1 --configfile nuget.config &&
    dotnet tool list -g && grep -q "^wxbench *$version" "$scratch/said" && bare --version && "$scratch/second/wxbench" --version
}
claim a_second_version_stands_beside_the_first two_at_once
is_updated() {
  dotnet tool update -g wxbench --configfile nuget.config &&
    dotnet tool list -g && grep -q '^wxbench *99.0.1' "$scratch/said" && bare --version
}
claim a_tool_is_updated is_updated
is_gone() {
  dotnet tool uninstall -g wxbench && [ ! -e "$tool" ] && [ -z "$(find "$scratch/home/.dotnet/tools" -name '*wxbench*')" ]
}
claim a_tool_is_uninstalled is_gone
# As on a system of which there is no package: the only one is for another kind of machine.
elsewhere() {
  machines=("$1")
  tree 99.0.2
  ! dotnet tool install --tool-path "$scratch/third" wxbench --version 99.0.2 --configfile nuget.config >/dev/null &&
    grep -i 'not support.* linux-' "$scratch/said" && [ ! -e "$scratch/third/wxbench" ]
}
for kind in "${machines[@]}"; do
  [ "$kind" = "$machine" ] || claim on_an_unsupported_system_it_is_refused elsewhere "$kind"
done
if old=$("$muxer" --list-sdks | grep -oE '^[89]\.[0-9.]+' | tail -n 1) && [ -n "$old" ]; then
  printf '{"sdk":{"version":"%s","rollForward":"disable"}}' "$old" >"$scratch/global.json"
  is_too_old() { ! dotnet tool install --tool-path "$scratch/fourth" wxbench --configfile nuget.config >/dev/null && grep -i 'version' "$scratch/said"; }
  claim "sdk_${old%%.*}_says_that_it_is_too_old" is_too_old
else
  skip sdk_8_says_that_it_is_too_old "$muxer has no SDK 8 or 9 beside $sdk"
fi
tap_end
