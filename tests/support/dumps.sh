# shellcheck shell=bash
# Crashes of a real runtime beside a sidecar: source after tap.sh and real.sh. Is the dump written?

# Waiting here starts no process: a sidecar lets go of its target whenever one is born.
exec 9<> <(:)
nap() { read -rt 0.05 <&9; }
# says FILE PATTERN: whether the text of the file matches it.
says() {
  local text=
  [ ! -e "$1" ] || IFS= read -rd '' text <"$1"
  [[ $text =~ $2 ]]
}

# crash NAME SECONDS APP...: runs the app until a sidecar has given back from it, then aborts it. True where its dump is
# written, by createdump, which has to trace it. The signal goes to a thread at rest: the runtime's handler does what may
# not be done in one, and hangs now and then where it interrupts malloc, with or without a sidecar.
crash() {
  local seconds=$2 until=$((SECONDS + $2)) program sidecar
  local files=${scratch:?}/$1
  shift 2
  DOTNET_DbgEnableMiniDump=1 DOTNET_DbgMiniDumpType=1 DOTNET_DbgMiniDumpName=$files.core "$@" >"$files.out" 2>&1 &
  program=$!
  until [ -d "/proc/$program/map_files" ] && says "/proc/$program/maps" doublemapper || [ "$SECONDS" -ge "$until" ]; do nap; done
  timeout "$seconds" "${wxbench:?}" reclaim --pid "$program" --every 0.001 --above 0 --max-pause 200 >"$files.said" 2>&1 &
  sidecar=$!
  until says "$files.said" 'given back in' || [ "$SECONDS" -ge "$until" ]; do nap; done
  build/tests/attacks/signal_thread "$program" ".NET Finalizer" 6
  until says "$files.out" 'successfully|[Ff]ail|FAIL' || [ "$SECONDS" -ge "$until" ]; do nap; done
  kill -KILL "$program" 2>/dev/null # The runtime aborts for its own SIGABRT only.
  wait "$program" 2>/dev/null
  wait "$sidecar" # It ends with its target.
  if [ -s "$files.core" ] && says "$files.out" 'successfully'; then
    rm -f "$files.core"
    return
  fi
  tail -n 3 "$files.out" "$files.said"
  false
}
