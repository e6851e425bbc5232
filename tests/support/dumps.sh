# shellcheck shell=bash
# shellcheck disable=SC2154 # runtimes and app are those of real.sh
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

# The ways to crash: by a signal, or `inside`, by an exception that nobody catches.
ways_to_crash=(ABRT SEGV inside BUS FPE ILL)
# choose_crash TIME: $way and $runtime of the TIME-th crash, so that in turn each way meets each runtime.
choose_crash() {
  way=${ways_to_crash[$1 % ${#ways_to_crash[@]}]}
  # shellcheck disable=SC2034 # for the test that sources this
  runtime=${runtimes[($1 + $1 / ${#ways_to_crash[@]}) % ${#runtimes[@]}]}
}

# crash NAME SECONDS WAY RUNTIME: runs a program that makes and drops code until a sidecar has given back from it, then
# crashes it. True where its dump is written, by createdump, which has to trace it. The signal goes to a thread at rest: the
# runtime's handler does what may not be done in one, and hangs now and then where it interrupts malloc, with or without a
# sidecar.
crash() {
  local way=$3 until=$((SECONDS + $2)) child sidecar rounds=100000 output status
  local files=${scratch:?}/$1
  output=$files.out
  # It prints its result at the end, and cannot.
  [ "$way" != inside ] || { rounds=60 && output=/dev/full; }
  app "$4" asm count=30 "rounds=$rounds"
  : >"$files.out"
  DOTNET_DbgEnableMiniDump=1 DOTNET_DbgMiniDumpType=1 DOTNET_DbgMiniDumpName=$files.core "${app[@]}" >"$output" 2>"$files.err" &
  child=$!
  until [ -d "/proc/$child/map_files" ] && says "/proc/$child/maps" doublemapper || [ "$SECONDS" -ge "$until" ]; do nap; done
  timeout "$2" "${wxbench:?}" reclaim --pid "$child" --every 0.001 --above 0 --max-pause 200 >"$files.said" 2>&1 &
  sidecar=$!
  until says "$files.said" 'given back in' || [ "$SECONDS" -ge "$until" ]; do nap; done
  if [ "$way" != inside ]; then
    build/tests/attacks/signal_thread "$child" ".NET Finalizer" "$(kill -l "$way")"
    until says "$files.out" 'successfully|[Ff]ail|FAIL' || [ "$SECONDS" -ge "$until" ]; do nap; done
    kill -KILL "$child" 2>/dev/null # The runtime aborts for its own SIGABRT only.
  fi
  wait "$child" 2>/dev/null
  status=$?
  wait "$sidecar" # It ends with its target.
  if [ -s "$files.core" ] && says "$files.said" 'given back in' && { [ "$status" = 134 ] || says "$files.out" successfully; }; then
    rm -f "$files.core"
    return
  fi
  echo "$way, exit status $status"
  tail -vn 3 "$files.out" "$files.err" "$files.said"
  false
}
