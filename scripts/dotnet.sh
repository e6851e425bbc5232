# shellcheck shell=bash
# Helpers for scripts that need .NET: source this. Everything that dotnet itself says goes to a log of ours.
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
export DOTNET_CLI_WORKLOAD_UPDATE_NOTIFY_DISABLE=true DOTNET_GENERATE_ASPNET_CERTIFICATE=false
export DOTNET_CLI_UI_LANGUAGE=en MSBUILDDISABLENODEREUSE=1 MSBUILDTERMINALLOGGER=off
# The compiler's server would stay for ten minutes.
export UseSharedCompilation=false
# An SDK that was unpacked by hand brings no libicu, and without it aborts unless it is told so.
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1

wxbench_top=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)
# Where all that is built and fetched goes: build/ of the sources, or the user's cache where wxbench is installed.
if [ -z "${WXBENCH_BUILD-}" ]; then
  WXBENCH_BUILD=$wxbench_top/build
  if [ ! -f "$wxbench_top/Makefile" ] && [ -f "$wxbench_top/VERSION" ]; then
    # As the program looks for it (wx_scenario_cache()).
    [ -n "${HOME-}" ] || unset HOME
    WXBENCH_BUILD=~/.cache
    [[ ${XDG_CACHE_HOME-} != /* ]] || WXBENCH_BUILD=$XDG_CACHE_HOME
    WXBENCH_BUILD+=/wxbench/$(cat "$wxbench_top/VERSION")
  fi
fi
# What to do where that cannot be written, for those who source this.
# shellcheck disable=SC2034 # above
elsewhere=$([ -f "$wxbench_top/Makefile" ] || echo '; set XDG_CACHE_HOME=FOLDER to build elsewhere')
# Without a home that is there, dotnet and NuGet refuse to work.
if [ ! -d "${HOME-}" ]; then
  export HOME=$WXBENCH_BUILD/home
  mkdir -p "$HOME" 2>/dev/null || true # Who writes there says what prevents it.
fi
runtime_store=$WXBENCH_BUILD/runtimes
workload_store=$WXBENCH_BUILD/workloads
# Where scripts/sdk puts one.
own_sdk=$WXBENCH_BUILD/sdk

# The oldest SDK that builds scenarios/dotnet, and the oldest that runs scripts/repro/leak.cs as a single file.
sdk_oldest=8.0
sdk_wanted=10.0
sdk_advice="install .NET SDK $sdk_wanted or later, or set DOTNET_ROOT=FOLDER to the folder of one"

# pinned KIND: the versions of scripts/versions of that kind, one a line.
pinned() { sed -n "s/^$1 //p" "$wxbench_top/scripts/versions"; }

# candidates: the `dotnet` programs that may belong to an SDK, one a line.
candidates() {
  [ -z "${DOTNET_ROOT-}" ] || echo "$DOTNET_ROOT/dotnet"
  command -v dotnet || true
  echo "$own_sdk/dotnet"
}

# newest_sdk MUXER: the version of its newest SDK, or nothing.
newest_sdk() { "$1" --list-sdks 2>/dev/null | sed -n '$s/ .*//p'; }

# sdk_muxer: prints the path of the `dotnet` program of an SDK (DOTNET_ROOT's, that on PATH, or that of scripts/sdk); fails
# without one.
sdk_muxer() {
  local candidate sdk
  while read -r candidate; do
    [ -x "$candidate" ] || continue
    sdk=$(newest_sdk "$candidate")
    if [ "${sdk%%.*}" -ge "${sdk_oldest%.*}" ] 2>/dev/null; then
      readlink -f "$candidate"
      return
    fi
  done < <(candidates)
  return 1
}

# sdk_lack: why sdk_muxer finds none, in a few words.
sdk_lack() {
  local candidate sdk
  while read -r candidate; do
    if [ -x "$candidate" ]; then
      sdk=$(newest_sdk "$candidate")
      if [ -n "$sdk" ]; then
        echo "the SDK of $candidate, $sdk, is older than $sdk_oldest"
      else
        echo "$candidate brings a runtime only, no SDK"
      fi
      return
    elif [ "$candidate" = "${DOTNET_ROOT-}/dotnet" ]; then
      echo "there is no $candidate"
      return
    fi
  done < <(candidates)
  echo 'no .NET SDK found'
}

# sdk_missing PURPOSE: says that there is no SDK, in one line on stderr, and ends the script with 77. Says nothing where
# scripts/sdk has said it already.
sdk_missing() {
  [ -n "${WXBENCH_SDK_SAID-}" ] || echo "SKIP: $(sdk_lack), needed to $1: $sdk_advice" >&2
  exit 77
}

# laid_out VERSION: whether scripts/runtimes has laid it out.
laid_out() {
  [ -x "$runtime_store/$1/dotnet" ] && [ -f "$runtime_store/$1/shared/Microsoft.NETCore.App/$1/libcoreclr.so" ]
}

# workloads_up_to_date: whether they are built from the sources that are there. A build that older runtimes cannot run is
# done again once one of those is laid out.
workloads_up_to_date() {
  local stamp=$workload_store/built-for muxer
  [ -f "$stamp" ] && [ -f "$workload_store/wxworkload.dll" ] || return
  [ -z "$(find "$wxbench_top/scenarios/dotnet" -type f ! -name '*.md' -newer "$stamp" -print -quit)" ] || return
  for muxer in "$runtime_store"/*/dotnet; do
    [ ! -x "$muxer" ] || runs_on "$(basename "$(dirname "$muxer")")" "$(cat "$stamp")" || return
  done
}

# runs_on VERSION FRAMEWORK: whether what is compiled for FRAMEWORK (net8.0) runs there. Nothing here is compiled for less.
runs_on() { [ "$2" = net8.0 ] || [ "${1%%.*}" -ge "$(sed 's/^net//; s/\..*//' <<<"$2")" ]; }

# Seconds to wait for an answer from outside.
patience=${WXBENCH_PATIENCE:-10}
[[ $patience =~ ^[1-9][0-9]{0,5}$ ]] || {
  echo "WXBENCH_PATIENCE: '$patience' is not a number of seconds; expected one as 10" >&2
  exit 2
}

# start_group LOG COMMAND...: starts it as a group of processes, $group. What starts one calls end_group in its EXIT trap.
group=
start_group() {
  : >"$1"
  set -m
  "${@:2}" >"$1" 2>&1 </dev/null 9>&- &
  group=$!
  set +m
}

# end_group: ends all processes of the group, if it is there.
end_group() {
  [ -n "$group" ] || return 0
  kill -- "-$group" 2>/dev/null || true
  wait "$group" 2>/dev/null || true
  group=
}

# wait_for_group: until it ends by itself; its exit status.
wait_for_group() {
  local status=0
  wait "$group" || status=$?
  group=
  return "$status"
}

# nuget_waits LOG: whether a restore has begun and neither has an answer nor needed one.
nuget_waits() {
  local said
  said=$(sed -n '/Restoring packages for/,$p' "$1")
  [ -n "$said" ] && ! grep -qE '^ +(OK|CACHE|[A-Z][a-z]+[A-Za-z]*) https?://|Installed |Restored |Done Building Project|error ' <<<"$said"
}

# with_nuget LOG MUXER WORD...: a command of dotnet that asks package sources, with what it says in LOG. It is ended where none
# of them answers: by itself it would wait for eleven minutes.
with_nuget() {
  local tenths=0
  start_group "$@" --verbosity normal
  while kill -0 "$group" 2>/dev/null && [ "$tenths" -lt $((patience * 60)) ]; do
    sleep 0.1
    nuget_waits "$1" && tenths=$((tenths + 1)) || tenths=0
  done
  if kill -0 "$group" 2>/dev/null; then
    end_group
    echo "error NU1301: no answer within $((patience * 6)) s" >>"$1"
    return 1
  fi
  wait_for_group
}

# nuget_unreachable LOG: whether a failed restore or build failed because no package source answered.
nuget_unreachable() {
  grep -qE 'NU1301|NU1801|Unable to load the service index|Failed to download package' "$1"
}

damaged='the package is damaged'
# What the log of a failed restore, build or unpacking may hold, and what it means; the first that is found counts.
causes=(
  'No space left on device|not enough space on the disk|disk full:no space is left on the disk'
  'Read-only file system|Permission denied|Access to the path .* is denied:a folder that it needs cannot be written'
  'certificate is invalid|UntrustedRoot|PartialChain:the certificate of the package source cannot be checked; install ca-certificates'
  'NU1301|NU1801|Unable to load the service index|Failed to download package:no package source can be reached'
  'NU110[123]:no package source has it'
  "End-of-central-directory|bad CRC|invalid compressed data|unexpected end of|bad zipfile|cannot find zipfile:$damaged"
)

# nuget_cause LOG: in a few words why a restore, build or unpacking failed: a known cause, else its first error.
nuget_cause() {
  local row
  [ -s "$1" ] || echo 'it ended without a word (is the disk full?)'
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
