# shellcheck shell=bash
# Helpers for scripts that need a .NET SDK: source this. Everything that dotnet itself says goes to a log of ours.
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
export DOTNET_CLI_WORKLOAD_UPDATE_NOTIFY_DISABLE=true DOTNET_GENERATE_ASPNET_CERTIFICATE=false
export DOTNET_CLI_UI_LANGUAGE=en MSBUILDDISABLENODEREUSE=1 MSBUILDTERMINALLOGGER=off

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

# sdk_missing PURPOSE: says that there is no SDK, in one line, and ends the script with 77.
sdk_missing() {
  echo "SKIP: no .NET SDK found, needed to $1: $sdk_advice"
  exit 77
}

# nuget_unreachable LOG: whether a failed restore or build failed because no package source answered.
nuget_unreachable() {
  grep -qE 'NU1301|NU1801|Unable to load the service index|Failed to download package' "$1"
}

# first_error LOG: the first error of a log without addresses and project paths, for a one-line message.
first_error() {
  { grep -m 1 -oE 'error +[A-Z0-9]*: .*' "$1" || tail -n 1 "$1"; } | sed -e 's#https\?://[^ ]*#(address)#g' -e 's# \[[^]]*\]$##'
}
