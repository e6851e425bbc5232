# shellcheck shell=bash
# live OUTPUT COMMAND...: runs it with a sidecar that looks 50 times a second, whose result is left in
# $scratch/live.json. Both must end well.
live() {
  local output=$1 target sidecar status
  shift
  "$@" >"$output" &
  target=$!
  until "${wxbench:?}" reclaim --pid "$target" --dry-run -q 2>/dev/null; do
    kill -0 "$target" 2>/dev/null || break
  done
  "$wxbench" reclaim --pid "$target" --every 0.02 --json "${scratch:?}/live.json" >/dev/null 2>"${scratch:?}/live.log" &
  sidecar=$!
  wait "$target" || { status=$?; echo "the target ended with $status"; kill "$sidecar"; return "$status"; }
  status=0
  wait "$sidecar" || status=$?
  [ "$status" = 0 ] || [ "$(wc -l <"$scratch/live.log")" = 1 ] || # It may have ended before it was found.
    { echo "the sidecar ended with $status:" && cat "$scratch/live.log" && false; }
}
gave_back() {
  [ "$(sed -nE 's/.*"punched_bytes": ([0-9]+).*/\1/p' "${scratch:?}/live.json")" -gt $((1 << 20)) ] ||
    { cat "${scratch:?}/live.log" "$scratch/live.json" && false; }
}
