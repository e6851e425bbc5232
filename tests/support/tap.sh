# shellcheck shell=bash
# Helpers for shell tests: source this, state claims, end with `tap_end`.
tap_failed=0
# shellcheck disable=SC2034 # for the test that sources this
wxbench=${WXBENCH:-build/wxbench}

ok() { echo "ok - $*"; }
not_ok() {
  echo "not ok - $*"
  tap_failed=1
}
# skip NAME REASON: REASON may be a line that says SKIP itself.
skip() { echo "SKIP $1: ${2#SKIP: }"; }

# claim NAME COMMAND...: holds if the command succeeds.
claim() {
  local name=$1
  shift
  if "$@"; then ok "$name"; else not_ok "$name"; fi
}

# claim_where_idle NAME COMMAND...: as claim, of a command that pauses another process: a user who may not run before others can
# do that only where the processors are free.
claim_where_idle() {
  local name=$1 said status=0
  shift
  said=$(mktemp)
  "$@" >"$said" 2>&1 || status=$?
  cat "$said"
  if [ "$status" = 0 ]; then
    ok "$name"
  elif [ "$(id -u)" != 0 ] && grep -q 'may not run before others' "$said"; then
    skip "$name" "the processors are busy, and this user may not run before others"
  else
    not_ok "$name"
  fi
  rm -f "$said"
}

# ends_with STATUS NAME PATTERN COMMAND...: holds if the command exits so and prints exactly one line on stderr, which matches.
ends_with() {
  local expected=$1 name=$2 pattern=$3 error status
  shift 3
  error=$("$@" 2>&1 >/dev/null </dev/null)
  status=$?
  if [ "$status" = "$expected" ] && [ "$(printf '%s\n' "$error" | wc -l)" = 1 ] && [[ $error =~ $pattern ]]; then
    ok "$name"
  else
    printf 'exit %s, stderr:\n%s\n' "$status" "$error"
    not_ok "$name"
  fi
}

# refused NAME PATTERN COMMAND...: bad usage or bad input; impossible: not possible here.
refused() { ends_with 2 "$@"; }
impossible() { ends_with 77 "$@"; }

tap_end() { exit "$tap_failed"; }

# A test with a function of its own by one of these names would take claims away unseen.
readonly -f ok not_ok skip claim claim_where_idle ends_with refused impossible tap_end
