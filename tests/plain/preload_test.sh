#!/usr/bin/env bash
# libwxreclaim.so under a program that makes the runtime's calls (tests/fixtures/imitation.c), on glibc, musl,
# aarch64 (emulated), AddressSanitizer and jemalloc, and under the real runtime where there is one.
set -u
. tests/support/tap.sh
library=$PWD/build/libwxreclaim.so
arm_library=$PWD/build/aarch64/libwxreclaim.so
arm_root=/usr/aarch64-linux-gnu

# ---- The library itself ----
needs_nothing() { ! readelf -d "$1" | grep -q NEEDED; }
asks_for_nothing_strong() { [ "$(nm -D --undefined-only "$1" | awk '{print $1 $2}' | sort | xargs)" = "w__errno_location wenviron" ]; }
exports_only_its_calls() {
  [ "$(nm -D --defined-only "$1" | awk '{print $3}' | sort | xargs)" = \
    "fallocate fallocate64 ftruncate ftruncate64 mmap mmap64 munmap" ]
}
libraries=("$library")
[ ! -e "$arm_library" ] || libraries+=("$arm_library")
for each in "${libraries[@]}"; do
  where=$([ "$each" = "$library" ] && echo native || echo aarch64)
  claim "needs_no_other_library_$where" needs_nothing "$each"
  claim "refers_to_the_c_library_weakly_only_$where" asks_for_nothing_strong "$each"
  claim "exports_nothing_but_the_calls_it_stands_in_for_$where" exports_only_its_calls "$each"
done

# ---- The imitation: case, KiB used, KiB after the release without the library, and with it ----
cases="
releases       64 1024 0
releases_part   8   68 4
reuses          0   64 0
two_files       4   64 0
forks           8  128 0
threads         0  512 0
errno           0   64 0
punches        64    0 0
removes        64    0 0
dirty          64  128 128
interrupted    64 1024 1024
other_thread   64 1024 1024
halves         64 1024 1024
template       64 1024 1024
no_name        64 1024 1024
other_file     68 1028 1028
beyond          0    0 0
sealed          4   64 64
"

# check NAME EXPECTED COMMAND...: holds if the command exits 0 and prints exactly that.
check() {
  local name=$1 expected=$2 actual status
  shift 2
  actual=$("$@" 2>&1)
  status=$?
  if [ "$status" = 0 ] && [ "$actual" = "$expected" ]; then
    ok "$name"
  else
    printf 'exit %s, expected: %s\n%s\n' "$status" "$expected" "$actual"
    not_ok "$name"
  fi
}

preloaded() { env LD_PRELOAD="$1" "${@:2}"; }
emulated() { env QEMU_SET_ENV="$1" qemu-aarch64 -L "$arm_root" "${@:2}"; }

# each_case SYSTEM RUNNER ARGUMENT PROGRAM [CASE-TO-LEAVE-OUT]
each_case() {
  local system=$1 runner=$2 argument=$3 program=$4 without=${5:-} name used off on
  while read -r name used off on; do
    if [ -z "$name" ] || [ "$name" = "$without" ]; then continue; fi
    check "${name}_$system" "$used $on" "$runner" "$argument" "$program" "$name"
  done <<<"$cases"
}

while read -r name used off on; do
  [ -z "$name" ] || check "${name}_without_the_library" "$used $off" build/tests/imitation "$name"
done <<<"$cases"
each_case glibc preloaded "$library" build/tests/imitation

if [ -x build/tests/imitation-musl ]; then
  each_case musl preloaded "$library" build/tests/imitation-musl
else
  skip musl "musl-gcc is not installed"
fi

if [ -x build/tests/imitation-aarch64 ] && command -v qemu-aarch64 >/dev/null; then
  # The emulator ignores MADV_REMOVE.
  each_case aarch64 emulated "LD_PRELOAD=$arm_library" build/tests/imitation-aarch64 removes
else
  skip aarch64 "qemu-user or the cross compiler is not installed"
fi

asan=$(gcc -print-file-name=libasan.so)
each_case asan_before preloaded "$asan:$library" build/tests/imitation-asan
jemalloc=$(ldconfig -p | awk '/libjemalloc.so.2 .*x86-64/ {print $NF; exit}')
if [ -n "$jemalloc" ]; then
  each_case jemalloc_before preloaded "$jemalloc:$library" build/tests/imitation
  each_case jemalloc_after preloaded "$library:$jemalloc" build/tests/imitation
else
  skip jemalloc "libjemalloc2 is not installed"
fi

# ---- WXRECLAIM=stats ----
# says NAME PATTERN COMMAND...: holds if the command's stderr is exactly one line, and matches.
says() {
  local name=$1 pattern=$2 text
  shift 2
  text=$(env LD_PRELOAD="$library" WXRECLAIM=stats "$@" 2>&1 >/dev/null)
  if [ "$(wc -l <<<"$text")" = 1 ] && [[ $text =~ $pattern ]]; then ok "$name"; else
    echo "$text"
    not_ok "$name"
  fi
}
systems=("")
[ ! -x build/tests/imitation-musl ] || systems+=("-musl")
for system in "${systems[@]}"; do
  imitation=build/tests/imitation$system
  says "stats_counts_releases$system" \
    '^libwxreclaim\[[0-9]+\]: 1048576 bytes given back, 16 releases recognised, 0 .* 0 failed$' "$imitation" releases
  says "stats_says_where_there_is_no_runtime$system" 'no memfd:doublemapper here' "$imitation" nothing
  says "stats_says_where_a_runtime_releases_otherwise$system" 'nothing was released as' "$imitation" halves
  says "stats_says_when_it_stepped_aside$system" ' 1 releases recognised.*; stepped aside' "$imitation" punches
  says "stats_counts_what_was_freed_before$system" \
    '^[^:]*: 0 bytes given back, 16 releases recognised, 16 were empty' "$imitation" removes
  says "stats_counts_failed_punches$system" ' 1 failed$' "$imitation" sealed
  says "stats_are_said_by_the_process_and_not_by_its_forked_child$system" ' 1 releases recognised' "$imitation" forks
done
is_silent() { [ -z "$(preloaded "$library" build/tests/imitation nothing 2>&1 >/dev/null)" ]; }
claim is_silent_unless_asked is_silent

# ---- The calls a program makes ----
calls() {
  strace -f -qq -o /dev/stdout -e trace=mmap,munmap,mprotect,fallocate,lseek,memfd_create,ftruncate "$@" |
    sed -n '/doublemapper/,$p' | grep -o '[a-z_0-9]*(' | sort | uniq -c | awk '{printf "%s%s) ", $2, $1}'
}
adds_only_its_own() {
  local plain with
  plain=$(calls build/tests/imitation releases)
  with=$(calls env LD_PRELOAD="$library" build/tests/imitation releases)
  echo "without: $plain with: $with"
  [ "$(sed 's/fallocate(16) //; s/lseek(16) //' <<<"$with")" = "$plain" ] &&
    [[ $with == *"fallocate(16) "* && $with == *"lseek(16) "* ]]
}
claim adds_one_lseek_and_one_punch_a_release adds_only_its_own

# ---- The real runtime ----
workload=build/workloads/wxworkload.dll
# memfd_at_end COMMAND...: what the memfd of a workload holds at its last step, in KiB (0 where there is none), and its
# output.
memfd_at_end() {
  local folder steps go name kib=0 link pid
  folder=$(mktemp -d)
  mkfifo "$folder/steps" "$folder/go"
  exec {steps}<>"$folder/steps" {go}<>"$folder/go"
  WXBENCH_STEP_FDS=$go,$steps "$@" >"$folder/output" 2>&1 &
  pid=$!
  while read -r -t 60 -u "$steps" _ _ name _; do
    if [ "$name" = end ]; then
      for link in /proc/"$pid"/fd/*; do
        [ "$(readlink "$link")" != "/memfd:doublemapper (deleted)" ] || kib=$(($(stat -Lc %b "$link") / 2))
      done
    fi
    echo >&"$go"
    [ "$name" != end ] || break
  done
  wait "$pid" || kib="exit $?"
  exec {steps}>&- {go}>&-
  echo "$kib $(<"$folder/output")"
  rm -r "$folder"
}

runtime_is_given_back() {
  local on with
  on=$(memfd_at_end "$muxer" "$workload" asm count=100 rounds=1)
  with=$(memfd_at_end env LD_PRELOAD="$library" "$muxer" "$workload" asm count=100 rounds=1)
  echo "on: $on, with the library: $with (KiB at the end, output)"
  [ "${on%% *}" -gt 19200 ] && [ "${with%% *}" -gt 0 ] && [ "${with%% *}" -lt 8192 ] && [ "${on#* }" = "${with#* }" ]
}
# Of .NET 10, which is laid out where any is; an installed one will do.
muxer=$(compgen -G 'build/runtimes/10.*/dotnet' | tail -n 1)
[ -n "$muxer" ] || muxer=$(command -v dotnet)
if [ -n "$muxer" ] && [ -e "$workload" ]; then
  claim real_runtime_gives_300_blocks_back_with_the_same_output runtime_is_given_back
  says real_runtime_is_recognised_exactly \
    '^[^:]*: 19660800 bytes given back, 300 releases recognised, 0 .* 0 .* 0 failed$' \
    "$muxer" "$workload" asm count=100 rounds=1
else
  skip real_runtime "no .NET runtime or no $workload is here (scripts/runtimes 10, scripts/build-workloads)"
fi
tap_end
