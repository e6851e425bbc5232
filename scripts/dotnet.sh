# shellcheck shell=bash
# Helpers for scripts that need a .NET SDK: source this. Everything that dotnet itself says goes to a log of ours.
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
export DOTNET_CLI_WORKLOAD_UPDATE_NOTIFY_DISABLE=true DOTNET_GENERATE_ASPNET_CERTIFICATE=false
export DOTNET_CLI_UI_LANGUAGE=en MSBUILDDISABLENODEREUSE=1 MSBUILDTERMINALLOGGER=off
# An SDK unpacked by hand brings no libicu, without which it aborts unless it is told so.
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1

# pinned KIND: the versions of scripts/versions of that kind, one a line.
pinned() { sed -n "s/^$1 //p" "${BASH_SOURCE[0]%/*}/versions"; }

# The oldest SDK that builds scenarios/dotnet and runs scripts/repro/leak.cs as a single file.
sdk_wanted=10.0
sdk_advice="install .NET SDK $sdk_wanted or later, or set DOTNET_ROOT=FOLDER"

# sdk_muxer: prints the path of the `dotnet` program of an SDK (DOTNET_ROOT's, else that on PATH); fails without one.
sdk_muxer() {
  local candidate
  for candidate in "${DOTNET_ROOT:+$DOTNET_ROOT/dotnet}" "$(command -v dotnet || true)"; do
    if [ -x "$candidate" ] && [ -n "$("$candidate" --list-sdks 2>/dev/null)" ]; then
      readlink -f "$candidate"
      return 0
    fi
  done
  return 1
}

# sdk_missing PURPOSE: says that there is no SDK, in one line on stderr, and ends the script with 77.
sdk_missing() {
  echo "SKIP: no .NET SDK found, needed to $1: $sdk_advice" >&2
  exit 77
}

# nuget_unreachable LOG: whether a failed restore or build failed because no package source answered.
nuget_unreachable() {
  grep -qE 'NU1301|NU1801|Unable to load the service index|Failed to download package' "$1"
}

# What is found in the log of a failed restore or build, and what it means; the first that is found counts.
causes=(
  'No space left on device|There is not enough space on the disk:no space left on the disk'
  'remote certificate is invalid|UntrustedRoot|PartialChain:the certificate of the package source cannot be checked; install ca-certificates'
  'Read-only file system|Permission denied|Access to the path .* is denied:a folder of NuGet cannot be written'
  'NU1301|NU1801|Unable to load the service index|Failed to download package:no package source can be reached'
  'NU110[123]:no package source has it'
)

# nuget_cause LOG: in a few words why a restore or build failed: a known cause, else its first error without addresses and
# project paths.
nuget_cause() {
  local row
  for row in "${causes[@]}"; do
    if grep -qE "${row%:*}" "$1"; then
      echo "${row##*:}"
      return
    fi
  done
  first_error "$1"
}

# first_error LOG: the first error of a log without addresses and project paths, for a one-line message.
first_error() {
  { grep -m 1 -oE 'error +[A-Z0-9]*: .*' "$1" || tail -n 1 "$1"; } | sed -e 's#https\?://[^ ]*#(address)#g' -e 's# \[[^]]*\]$##'
}
