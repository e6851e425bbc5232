#!/usr/bin/env bash
# scripts/runtimes: lays out all that can be had and says in one line what cannot; nothing is ever half laid out. The SDK and
# the packages are imitations, but for the last part.
# shellcheck disable=SC2317 # the functions are called through claim
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
# shellcheck source=scripts/dotnet.sh
. scripts/dotnet.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# shellcheck source=tests/support/checkout.sh
. tests/support/checkout.sh
package=microsoft.netcore.app.runtime.linux-x64
mapfile -t versions < <(pinned runtime)
store=$checkout/build/runtimes

# An SDK of that version whose NuGet serves what lies in $scratch/feed; `restore` does what a file $scratch/trouble tells it.
# Of several items of one name it takes the first, as NuGet does, and it leaves alone what it has in its folder already.
sdk=$scratch/sdk
mkdir -p "$sdk" "$scratch/feed" "$scratch/nuget"
echo 10.0.999 >"$scratch/sdk-version"
cat >"$sdk/dotnet" <<END
#!/usr/bin/env bash
scratch='$scratch' package=$package version=\$(cat '$scratch/sdk-version')
END
cat >>"$sdk/dotnet" <<'END'
restore() {
  local folder=$scratch/nuget versions version file
  echo "restore" >>"$scratch/restores"
  cp "$1" "$scratch/project"
  [ "${2-}" != --packages ] || folder=$3
  versions=$(sed -n '/<PackageDownload /{s/.*Version="\([^"]*\)".*/\1/p;q}' "$1")
  for version in ${versions//;/ }; do
    version=${version#[} version=${version%]} file=$folder/$package/$version/$package.$version.nupkg
    if [ -e "$file" ]; then
      continue
    elif [ -e "$scratch/silence" ]; then
      printf ' 1>Done Building Project "x.csproj" (_GenerateProjectRestoreGraph target(s)).\n     Restoring packages for x.csproj...\n'
      sleep 1000 &
      echo "$!" >"$scratch/child"
      wait
    elif [ -e "$scratch/trouble" ]; then
      cat "$scratch/trouble"
      return 1
    elif [ -e "$scratch/feed/$version" ]; then
      mkdir -p "$(dirname "$file")"
      cp "$scratch/feed/$version" "$file"
    else
      echo "x.csproj : error NU1102: Unable to find package $package with version (= $version)"
      failed=1
    fi
    [ ! -e "$scratch/then" ] || mv "$scratch/then" "$scratch/trouble"
  done
  return "${failed-0}"
}
case $1 in
  --list-sdks) [ -z "$version" ] || echo "$version [$scratch/sdk/sdk]" ;;
  --version) echo "$version" ;;
  --list-runtimes) echo "Microsoft.NETCore.App 10.0.998 [$scratch/sdk/shared/Microsoft.NETCore.App]" ;;
  nuget) echo "global-packages: $scratch/nuget/" ;;
  restore) restore "${@:2}" ;;
esac
END
chmod +x "$sdk/dotnet"

# make_package FILE: a package with the files of a runtime in it.
make_package() {
  local folder=$scratch/content
  rm -rf "$folder" "$1"
  mkdir -p "$folder/runtimes/linux-x64/native" "$folder/runtimes/linux-x64/lib/net8.0"
  touch "$folder"/runtimes/linux-x64/{native/{libhostfxr.so,createdump,System.Private.CoreLib.dll},lib/net8.0/{System.Runtime.dll,x.deps.json}}
  head -c 2000000 /dev/urandom >"$folder/runtimes/linux-x64/native/libcoreclr.so"
  (cd "$folder" && zip -q -r "$1.zip" . && mv "$1.zip" "$1")
}
make_package "$scratch/whole"
head -c 1000000 "$scratch/whole" >"$scratch/cut"

# given VERSION...: a source that has these, an empty NuGet folder and nothing laid out.
given() {
  rm -rf "$checkout/build" "$scratch"/{nuget,feed,restores,trouble,then}
  mkdir "$scratch/nuget" "$scratch/feed"
  for version in "$@"; do cp "$scratch/whole" "$scratch/feed/$version"; done
}
# runtimes STATUS WORD...: whether it ends so; the rows are in $scratch/rows and the rest in $scratch/said.
runtimes() {
  local status=$1 ended
  shift
  here env DOTNET_ROOT="$sdk" scripts/runtimes "$@" >"$scratch/rows" 2>"$scratch/said"
  ended=$?
  [ "$ended" = "$status" ] && nothing_is_left || { echo "exit $ended" && cat "$scratch/rows" "$scratch/said" && return 1; }
}
says() { [ "$(cat "$scratch/said")" = "$1" ] || { cat "$scratch/said"; return 1; }; }
says_once() { [ "$(wc -l <"$scratch/said")" = 1 ] && [[ $(cat "$scratch/said") =~ $1 ]] || { cat "$scratch/said"; return 1; }; }
# rows VERSION...: exactly these are shown, and each of them is whole.
rows() {
  local version
  [ "$(cat "$scratch/rows")" = "$(for version in "$@"; do echo "$version $store/$version"; done)" ] ||
    { cat "$scratch/rows"; return 1; }
  for version in "$@"; do
    [ -x "$store/$version/dotnet" ] && [ -f "$store/$version/host/fxr/$version/libhostfxr.so" ] &&
      cmp "$scratch/content/runtimes/linux-x64/native/libcoreclr.so" \
        "$store/$version/shared/Microsoft.NETCore.App/$version/libcoreclr.so" || return
  done
}

given "${versions[@]}"
first_run() { runtimes 0 && says '' && rows "${versions[@]}"; }
claim a_first_run_lays_out_every_pinned_version first_run
one_item() { [ "$(grep -c '<PackageDownload ' "$scratch/project")" = 1 ]; }
claim all_versions_are_one_item one_item
second_run() { rm "$scratch/restores" && runtimes 0 && rows "${versions[@]}" && [ ! -e "$scratch/restores" ]; }
claim a_second_run_fetches_nothing second_run

given 9.0.998 8.0.998
some() { runtimes 0 9.0.998 7.0.998 8.0.998 && rows 9.0.998 8.0.998; }
claim one_that_cannot_be_had_leaves_the_others some
claim and_is_one_line says 'runtimes: cannot get .NET runtime 7.0.998: no package source has it'
none() { runtimes 2 7.0.998 6.0.998 && rows && says 'runtimes: cannot get .NET runtime 7.0.998 6.0.998: no package source has it'; }
claim none_at_all_is_2_and_one_line none

# trouble LINE: what NuGet says where it cannot get a package.
trouble() { echo "$1" >"$scratch/trouble"; }
no_network='x : error NU1301: Unable to load the service index for source https://example.org/index.json.'
given 9.0.998
unreachable() {
  trouble "$no_network" && runtimes 77 9.0.998 && rows &&
    says 'SKIP: cannot get .NET runtime 9.0.998: no package source can be reached; set DOTNET_ROOT=FOLDER to use an installed one'
}
claim no_network_is_a_skip unreachable
instead() { runtimes 0 && says_once '^SKIP: ' && [ "$(cat "$scratch/rows")" = "10.0.998 $sdk" ]; }
claim where_no_default_one_can_be_had_the_installed_one_is_shown instead
certificates() {
  trouble "$no_network The remote certificate is invalid because of errors in the certificate chain: UntrustedRoot" &&
    runtimes 77 9.0.998 && says_once '^SKIP: .*9.0.998: the certificate of the package source cannot be checked; install ca-certificates; '
}
claim missing_certificates_are_the_cause_that_is_named certificates
nuget_folder_full() { trouble 'error : No space left on device' && runtimes 2 9.0.998 && says_once '9.0.998: no space is left on the disk$'; }
claim a_full_nuget_folder_is_the_cause_that_is_named nuget_folder_full
silent_source() {
  given 9.0.998
  touch "$scratch/silence"
  WXBENCH_PATIENCE=1 runtimes 77 9.0.998 && rows && says_once '^SKIP: .*9.0.998: no package source can be reached; set' || return
  rm "$scratch/silence"
  runtimes 0 9.0.998 && rows 9.0.998
}
claim a_source_that_does_not_answer_is_a_skip silent_source
half_way() {
  given 9.0.998 8.0.998 10.0.998
  echo "$no_network" >"$scratch/then"
  runtimes 0 10.0.998 9.0.998 8.0.998 && rows 10.0.998 && says_once '^SKIP: cannot get .NET runtime 9.0.998 8.0.998: no package' &&
    rm "$scratch/trouble" && runtimes 0 10.0.998 9.0.998 8.0.998 && rows 10.0.998 9.0.998 8.0.998 && says ''
}
claim after_a_network_gone_half_way_the_next_run_goes_on half_way

# What lies in NuGet's folder may be half a package: it is got once more, and the folder left as it was.
half_package() {
  given 9.0.998
  mkdir -p "$scratch/nuget/$package/9.0.998"
  cp "$scratch/cut" "$scratch/nuget/$package/9.0.998/$package.9.0.998.nupkg"
  runtimes 0 9.0.998 && rows 9.0.998 && says '' && cmp "$scratch/cut" "$scratch/nuget/$package/9.0.998/$package.9.0.998.nupkg"
}
claim half_a_package_in_the_folder_of_nuget_is_got_again half_package
damaged_source() {
  given 8.0.998
  cp "$scratch/cut" "$scratch/feed/9.0.998"
  runtimes 0 9.0.998 8.0.998 && rows 8.0.998 && says 'runtimes: cannot get .NET runtime 9.0.998: the package is damaged' &&
    [ ! -e "$store/9.0.998" ]
}
claim a_damaged_package_is_one_line_and_no_runtime damaged_source
wrong_byte() {
  given
  cp "$scratch/whole" "$scratch/feed/9.0.998"
  printf 'wrong' | dd of="$scratch/feed/9.0.998" bs=1 seek=1000000 conv=notrunc status=none
  runtimes 2 9.0.998 && says_once '9.0.998: the package is damaged$' && [ ! -e "$store/9.0.998" ]
}
claim a_wrong_byte_in_a_package_is_found wrong_byte

# A package whose archive is whole and that is of something else.
other_content() {
  given 9.0.998
  cp "$scratch/whole" "$scratch/feed/8.0.998" && zip -q -d "$scratch/feed/8.0.998" '*libcoreclr.so' &&
    runtimes 0 9.0.998 8.0.998 && rows 9.0.998 && [ ! -e "$store/8.0.998" ] &&
    says 'runtimes: cannot get .NET runtime 8.0.998: error : there is no libcoreclr.so in the package'
}
claim a_package_without_a_runtime_is_one_line other_content

at_once() {
  given "${versions[@]}"
  runtimes 0 & local first=$!
  (here env DOTNET_ROOT="$sdk" scripts/runtimes >"$scratch/rows-2" 2>"$scratch/said-2") & local second=$!
  wait "$first" && wait "$second" && [ ! -s "$scratch/said-2" ] && cmp "$scratch/rows" "$scratch/rows-2" && rows "${versions[@]}" &&
    [ "$(wc -l <"$scratch/restores")" = 1 ]
}
claim two_runs_at_once_fetch_once at_once
killed_before() {
  given 9.0.998
  mkdir -p "$store/.new.killed/9.0.998"
  runtimes 0 9.0.998 && rows 9.0.998
}
claim what_a_killed_run_left_is_removed killed_before
tight_umask() { given 9.0.998 && (umask 077 && runtimes 0 9.0.998) && rows 9.0.998; }
claim a_tight_umask_does_no_harm tight_umask
broken_before() {
  given 9.0.998
  mkdir -p "$store/9.0.998"
  runtimes 0 9.0.998 && rows 9.0.998
}
claim a_runtime_that_is_not_whole_is_laid_out_anew broken_before

if in_namespace true 2>/dev/null; then
  given 9.0.998
  mkdir -p "$checkout/build"
  # mounted COMMAND STATUS PATTERN: with that done first, scripts/runtimes ends so, with one line, and leaves nothing.
  mounted() {
    in_namespace bash -c "$1"' && cd "$1" && DOTNET_ROOT=$2 PATH=$3 scripts/runtimes 9.0.998; ended=$?; ls -A build/runtimes >&3 2>/dev/null; exit $ended' \
      - "$checkout" "$sdk" "$scratch/programs" >"$scratch/rows" 2>"$scratch/said" 3>"$scratch/left"
    [ $? = "$2" ] && says_once "$3" && [ ! -s "$scratch/rows" ]
  }
  claim a_full_disk_is_one_line mounted 'mount -t tmpfs -o size=1m none "$1/build"' 2 'runtime 9.0.998: no space is left on the disk$'
  claim and_nothing_half_written_is_left test "$(cat "$scratch/left")" = .lock
  claim a_disk_without_room_for_a_folder_is_one_line mounted 'mount -t tmpfs -o nr_inodes=3 none "$1/build"' 2 \
    '^runtimes: cannot write in .*/build/runtimes: No space left on device$'
  claim a_read_only_checkout_is_one_line mounted 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1"' 2 \
    "^runtimes: cannot write in .*/build/runtimes: Read-only file system$"
else
  skip a_full_disk_is_one_line "no mounts of one's own here"
fi

# ---- What it takes for an SDK ----
given "${versions[@]}"
old_sdk_8() { echo 8.0.100 >"$scratch/sdk-version" && runtimes 0 && rows "${versions[@]}" && grep -q '>net8.0<' "$scratch/project"; }
claim an_old_sdk_8_is_enough old_sdk_8
older_sdk() { echo 6.0.400 >"$scratch/sdk-version" && runtimes 77 9.0.998 && says_once "the SDK of $sdk/dotnet, 6.0.400, is older than 8.0"; }
claim an_older_sdk_is_named older_sdk
runtime_only() {
  : >"$scratch/sdk-version" && runtimes 77 9.0.998 &&
    says_once "^SKIP: $sdk/dotnet brings a runtime only, no SDK, needed to .* DOTNET_ROOT=FOLDER to the folder of one$"
}
claim a_folder_with_a_runtime_only_is_named runtime_only
no_sdk_there() { sdk=$scratch/nowhere runtimes 77 9.0.998 && says_once "^SKIP: there is no $scratch/nowhere/dotnet, needed to"; }
claim a_folder_without_dotnet_is_named no_sdk_there
no_sdk_at_all() { (here scripts/runtimes 9.0.998 2>"$scratch/said"; [ $? = 77 ]) && says_once '^SKIP: no .NET SDK found, needed to get .NET runtimes 9.0.998: '; }
claim no_sdk_at_all_is_a_skip no_sdk_at_all
echo 10.0.999 >"$scratch/sdk-version"
rm "$scratch/programs/unzip"
refused without_unzip_it_says_what_to_type '^runtimes: unzip is missing; type: scripts/bootstrap bench$' \
  here env DOTNET_ROOT="$sdk" scripts/runtimes 9.0.998
ln -s "$(command -v unzip)" "$scratch/programs"

# ---- What it is asked for ----
given "${versions[@]}"
by_beginning() { runtimes 0 "${versions[-1]%%.*}" "${versions[0]%.*}" && rows "${versions[-1]}" "${versions[0]}"; }
claim the_beginning_of_a_pinned_version_is_enough by_beginning
refused any_other_beginning_is_refused "'7' is none of ${versions[*]}; type the whole version" here scripts/runtimes 7
refused a_word_is_no_version "'latest' is not a version" here scripts/runtimes latest
refused a_patience_that_is_no_number_is_named "^WXBENCH_PATIENCE: 'long' is not a number of seconds" \
  here env WXBENCH_PATIENCE=long scripts/runtimes
refused list_takes_no_version "unexpected '9'" here scripts/runtimes --list 9

# ---- One list, one place ----
# No script, test or source types a version where it means the pinned one: not these, and none beside the words that take one.
only_once() {
  local pattern files=(Makefile scripts harness tests/plain tests/support)
  pattern=$(sed -n 's/^[a-z]* //p' scripts/versions | sed 's/\./\\./g' | paste -sd '|')
  ! grep -rnE "(^|[^0-9.])($pattern)([^0-9.]|$)" "${files[@]}" | grep -v '^scripts/versions:' &&
    ! grep -rnE '(scripts/runtimes|build/runtimes/|--runtime[ =])[ "/]*(8|9|1[0-9])\.[0-9]+\.[0-9]{1,2}([^0-9]|$)' "${files[@]}"
}
claim no_other_file_types_a_pinned_version only_once

# ---- From a folder of packages ----
folder=$scratch/packages
mkdir "$folder"
refused a_folder_that_is_not_there_is_named "there is no folder 'nowhere'" here scripts/runtimes --from nowhere
refused from_needs_a_folder 'from needs a folder' here scripts/runtimes --from
refused a_folder_without_packages_says_what_it_looks_for "no package $package.VERSION.nupkg in $folder" here scripts/runtimes --from "$folder"
cp "$scratch/whole" "$folder/Microsoft.NETCore.App.Runtime.linux-x64.9.0.998.nupkg"
cp "$scratch/cut" "$folder/$package.8.0.998.nupkg"
from_folder() {
  given
  here scripts/runtimes --from "$folder" >"$scratch/rows" 2>"$scratch/said"
  [ $? = 2 ] && rows 9.0.998 && [ ! -e "$store/8.0.998" ] && nothing_is_left &&
    grep -qx "runtimes: $folder/$package.8.0.998.nupkg: the package is damaged" "$scratch/said"
}
claim packages_are_laid_out_without_an_sdk from_folder
claim a_compiler_that_lacks_is_named grep -qx \
  "build-workloads: no package microsoft.net.compilers.toolset.$(pinned compiler).nupkg in $folder, needed to build the workloads without an SDK" "$scratch/said"
refused a_version_that_is_not_in_the_folder_is_named "no package $package.7.0.998.nupkg in $folder" \
  here scripts/runtimes --from "$folder" 7.0.998

# ---- For another machine's kind ----
refused an_unknown_kind_is_refused "no package is known for 'linux-z'; expected one of linux-x64 linux-arm64" here scripts/runtimes --rid linux-z
refused rid_needs_a_kind 'rid needs a runtime identifier' here scripts/runtimes --rid
cp "$scratch/whole" "$folder/microsoft.netcore.app.runtime.linux-arm64.9.0.998.nupkg"
foreign_store=${store}-linux-arm64/9.0.998
foreign() {
  given
  here scripts/runtimes --rid linux-arm64 --from "$folder" >"$scratch/rows" 2>"$scratch/said" &&
    [ "$(cat "$scratch/rows")" = "9.0.998 $foreign_store" ] && [ ! -e "$store" ] && [ ! -s "$scratch/said" ] &&
    [[ $(file -b "$foreign_store/dotnet" 2>/dev/null || readelf -h "$foreign_store/dotnet") = *[Aa][Aa]rch64* ]]
}
if command -v aarch64-linux-gnu-gcc >/dev/null; then
  claim those_of_another_kind_have_a_folder_and_a_host_of_their_own foreign
else
  skip those_of_another_kind_have_a_folder_and_a_host_of_their_own 'no cross compiler (scripts/bootstrap test)'
fi

# The program that stands in for `dotnet`.
host() { "$1" -std=c17 -D_GNU_SOURCE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -O2 -o "$scratch/host" scripts/dotnet-host.c -ldl; }
says_what_it_lacks() { [ "$("$@" "$scratch/host" --list-runtimes 2>&1)" = "dotnet: no host/fxr/VERSION in $scratch" ]; }
claim the_host_compiles_without_warnings host cc
claim the_host_says_what_it_lacks says_what_it_lacks env
if command -v aarch64-linux-gnu-gcc qemu-aarch64 >/dev/null; then
  claim the_host_compiles_for_aarch64 host aarch64-linux-gnu-gcc
  claim the_host_runs_on_aarch64 says_what_it_lacks qemu-aarch64 -L /usr/aarch64-linux-gnu
else
  skip the_host_runs_on_aarch64 'no cross compiler or no emulator (scripts/bootstrap test)'
fi

# ---- The same with real packages, as far as they can be had ----
if ! muxer=$(sdk_muxer); then
  skip real_packages "$(sdk_lack)"
  tap_end
fi
real=$scratch/real
mkdir "$real"
cat >"$real/x.csproj" <<END
<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFramework>net$("$muxer" --version | cut -d. -f1,2)</TargetFramework>
<DisableTransitiveFrameworkReferenceDownloads>true</DisableTransitiveFrameworkReferenceDownloads><NuGetAudit>false</NuGetAudit></PropertyGroup><ItemGroup>
<PackageDownload Include="$package" Version="[$(paste -sd ' ' <<<"${versions[*]}" | sed 's/ /];[/g')]" />
<PackageDownload Include="microsoft.net.compilers.toolset" Version="[$(pinned compiler)]" />
<PackageDownload Include="Microsoft.NETCore.App.Ref" Version="[$(pinned reference)]" />
</ItemGroup></Project>
END
if ! "$muxer" restore "$real/x.csproj" >"$scratch/log" 2>&1; then
  skip real_packages "$(nuget_cause "$scratch/log")"
  tap_end
fi
nuget=$("$muxer" nuget locals global-packages --list | sed -n 's/^global-packages: //p')
for version in "${versions[@]}"; do cp "${nuget%/}/$package/$version"/*.nupkg "$real"; done
cp "${nuget%/}/microsoft.net.compilers.toolset/$(pinned compiler)"/*.nupkg "${nuget%/}/microsoft.netcore.app.ref/$(pinned reference)"/*.nupkg "$real"
rm -rf "$checkout/build"
mkdir "$checkout/build"
ln -s "$PWD/build/libwxreclaim.so" "$checkout/build"
real_rows() {
  here scripts/runtimes --from "$real" >"$scratch/rows" 2>"$scratch/said"
  [ $? = 0 ] && [ "$(cut -d ' ' -f 1 "$scratch/rows")" = "$(printf '%s\n' "${versions[@]}")" ] || { cat "$scratch/said"; return 1; }
}
claim all_is_built_from_packages_without_an_sdk real_rows
for version in "${versions[@]}"; do
  computes() { [[ $(here "$store/$version/dotnet" exec --fx-version "$version" "$checkout/build/workloads/wxworkload.dll" alc count=5) =~ ^alc\ checksum ]]; }
  claim "a_workload_runs_on_${version}_from_packages" computes
done
measured() {
  here env WXBENCH_HOME="$checkout" "$PWD/$wxbench" validate --runtime "$store/${versions[-1]}" --workload asm --set count=100 \
    --mode on --mode off --mode preload >"$scratch/out" || { cat "$scratch/out"; return 1; }
}
claim asm_is_measured_on_a_runtime_from_packages measured
tap_end
