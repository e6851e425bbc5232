# shellcheck shell=bash
# The real .NET runtimes that are laid out, newest first, and their workloads; a test that needs them is skipped without.
program=build/workloads/wxworkload.dll
mapfile -t runtimes < <(printf '%s\n' build/runtimes/*/ | sort -rV)
if [ ! -e "$program" ] || [ ! -e "${runtimes[0]}dotnet" ]; then
  skip real_runtimes "none laid out: scripts/runtimes, scripts/build-workloads (need a .NET SDK)"
  exit 77
fi

# app RUNTIME WORD...: the command line of a workload in $app.
app() {
  local version
  version=$(basename "$1")
  # shellcheck disable=SC2034 # for the test that sources this
  app=("$PWD/${1%/}/dotnet" exec --fx-version "$version" "$PWD/$program" "${@:2}")
}

# cache_files RUNTIME: for who runs it in a memory group. Files are charged to whom reads them first: read in the group, they are
# dropped and read again at its limit, and the kernel sees no want of memory for a long time, or for ever.
cache_files() { find "$1" "${program%/*}" -type f -exec cat {} + >/dev/null; }
