# shellcheck shell=bash
# Crashes of a real runtime beside a sidecar: source after arena.sh and real.sh. Is the dump written?
# The array `slowly`, if there is one, is put before the sidecar's command.
# crash NAME SECONDS APP...: runs the app until a sidecar has given back from it, then sends it SIGABRT. True where its
# dump is written. (It lives on afterwards: the runtime aborts for its own SIGABRT only.)
crash() {
  local name=$1 seconds=$2 until=$((SECONDS + $2)) program sidecar
  shift 2
  rm -f "$scratch/$name.core"
  # Sockets of the runtime are named after its process, whose number is not its own out there.
  TMPDIR=$scratch DOTNET_DbgEnableMiniDump=1 DOTNET_DbgMiniDumpType=1 DOTNET_DbgMiniDumpName=$scratch/$name.core \
    "$@" >"$scratch/$name.out" 2>&1 &
  program=$!
  : >"$scratch/$name.said"
  until grep -q 'given back' "$scratch/$name.said" || [ "$SECONDS" -ge "$until" ]; do
    timeout "$seconds" ${slowly[@]+"${slowly[@]}"} "$wxbench" reclaim --pid "$program" --every 0.001 --above 0 --max-pause 200 >>"$scratch/$name.said" 2>&1 &
    sidecar=$!
    until grep -q 'given back' "$scratch/$name.said" || ! kill -0 "$sidecar" 2>/dev/null; do sleep 0.02; done
  done
  kill -ABRT "$program"
  until grep -qiE 'successfully|fail|error' "$scratch/$name.out" || [ "$SECONDS" -ge "$until" ]; do sleep 0.05; done
  kill -KILL "$program"
  wait "$program" 2>/dev/null
  kill "$sidecar" 2>/dev/null
  wait "$sidecar"
  if [ -s "$scratch/$name.core" ] && grep -q 'successfully' "$scratch/$name.out"; then
    rm -f "$scratch/$name.core"
    return
  fi
  tail -n 3 "$scratch/$name.out" "$scratch/$name.said"
  false
}
