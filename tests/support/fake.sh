# shellcheck shell=bash
# Runtimes that are scripts, for tests of `wxbench validate`: source this after setting $scratch.

# A folder in which validate finds all that it needs, with empty files for the workload program.
home=${scratch:?}/home
mkdir -p "$home/build/workloads"
ln -s "$PWD/scenarios" "$home/scenarios"
ln -s "$PWD/build/libwxreclaim.so" "$home/build"
: >"$home/build/workloads/wxworkload.dll"

cat >"$scratch/protocol" <<'END'
#!/usr/bin/env bash
IFS=, read -r answers steps <<<"$WXBENCH_STEP_FDS"
say() { echo "step $1 $2 -" >&"$steps"; read -r -u "$answers"; }
END
# fake NAME: a runtime whose `dotnet` is the script on standard input; `say ROUND STEP` says a step and waits.
fake() {
  local root=$scratch/$1
  mkdir -p "$root/shared/Microsoft.NETCore.App/10.0.99"
  : >"$root/shared/Microsoft.NETCore.App/10.0.99/libcoreclr.so"
  cat "$scratch/protocol" - >"$root/dotnet"
  chmod +x "$root/dotnet"
}
