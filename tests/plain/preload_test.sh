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

# ---- WXRECLAIM=stats:PATH ----
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# with_stats COMMAND...: runs it; what it says on standard error goes to $scratch/err, its files are $scratch/stats.PID.
with_stats() {
  rm -f "$scratch"/stats.*
  env LD_PRELOAD="$library" WXRECLAIM=stats:"$scratch/stats" "$@" 2>"$scratch/err" >/dev/null
}
stats_files() { find "$scratch" -name 'stats.*' | sort; }
# says NAME PATTERN COMMAND...: holds if nothing goes to stderr, and exactly one file is there, of one line, which matches.
says() {
  local name=$1 pattern=$2 text
  shift 2
  with_stats "$@"
  text=$(stats_files | xargs -r cat)
  if [ ! -s "$scratch/err" ] && [ "$(stats_files | wc -l)" = 1 ] && [ "$(wc -l <<<"$text")" = 1 ] && [[ $text =~ $pattern ]]; then
    ok "$name"
  else
    echo "$text" "$(<"$scratch/err")"
    not_ok "$name"
  fi
}
# says_nothing NAME COMMAND...: neither on stderr nor in a file.
says_nothing() {
  with_stats "${@:2}"
  if [ ! -s "$scratch/err" ] && [ -z "$(stats_files)" ]; then ok "$1"; else not_ok "$1"; fi
}
systems=("")
[ ! -x build/tests/imitation-musl ] || systems+=("-musl")
for system in "${systems[@]}"; do
  imitation=build/tests/imitation$system
  says "stats_count_releases$system" \
    '^libwxreclaim\[[0-9]+\]: 1048576 bytes given back, 16 releases recognised, 0 .* 0 failed$' "$imitation" releases
  says_nothing "stats_say_nothing_where_there_is_no_runtime$system" "$imitation" nothing
  says_nothing "stats_say_nothing_where_nothing_was_released$system" "$imitation" halves
  says "stats_say_when_it_stepped_aside$system" ' 1 releases recognised.*; stepped aside' "$imitation" punches
  says "stats_count_what_was_freed_before$system" \
    '^[^:]*: 0 bytes given back, 16 releases recognised, 16 were empty' "$imitation" removes
  says "stats_name_the_errno_of_a_failed_punch$system" ' 1 failed, the first by EPERM: the file is sealed' "$imitation" sealed
  says "stats_count_what_threads_released_at_once$system" \
    '^[^:]*: 209715200 bytes given back, 3200 releases recognised, 0 .* 0 failed$' "$imitation" threads
  says "stats_are_whole_after_sigterm$system" '^[^:]*: 1048576 bytes given back, 16 releases recognised' "$imitation" terminated
  says "stats_are_whole_after__exit$system" '^[^:]*: 1048576 bytes given back, 16 releases recognised' "$imitation" exits_at_once
  one_file_a_process() {
    with_stats "$imitation" forks
    [ "$(stats_files | wc -l)" = 2 ] && [ "$(stats_files | xargs cat | grep -c ': 65536 bytes given back, 1 releases recognised')" = 2 ] &&
      for file in $(stats_files); do grep -q "^libwxreclaim\[${file##*.}\]: " "$file" || return; done
  }
  claim "forked_child_has_a_file_of_its_own$system" one_file_a_process
done
relative_path_is_taken_from_the_first_folder() {
  (cd "$scratch" && env LD_PRELOAD="$library" WXRECLAIM=stats:here "$OLDPWD/build/tests/imitation" releases >/dev/null) &&
    grep -q '16 releases' "$scratch"/here.*
}
claim relative_path_of_stats_is_taken_from_the_folder_of_the_start relative_path_is_taken_from_the_first_folder
stats_alone() {
  mkdir "$scratch/tmp" && env LD_PRELOAD="$library" TMPDIR="$scratch/tmp" WXRECLAIM=stats build/tests/imitation releases \
    2>"$scratch/err" >/dev/null
  [ ! -s "$scratch/err" ] && grep -q '16 releases' "$scratch"/tmp/libwxreclaim.*
}
claim stats_without_a_path_go_to_the_folder_for_temporary_files stats_alone
link_is_not_followed() {
  echo kept >"$scratch/kept"
  bash -c 'ln -s "$1/kept" "$1/stats.$$"; LD_PRELOAD=$2 WXRECLAIM=stats:$1/stats exec build/tests/imitation releases' - \
    "$scratch" "$library" >/dev/null && [ "$(<"$scratch/kept")" = kept ]
}
claim link_in_the_place_of_the_file_is_not_followed link_is_not_followed
folder_that_is_not_there_is_passed_over() {
  [ "$(env LD_PRELOAD="$library" WXRECLAIM=stats:/no/such/folder/x build/tests/imitation releases 2>&1)" = "64 0" ]
}
claim path_that_cannot_be_written_changes_nothing folder_that_is_not_there_is_passed_over
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

# ---- A build server reads what its children say on standard error ----
# shellcheck source=scripts/dotnet.sh
. scripts/dotnet.sh
project=$scratch/project
# under_dotnet VALUE WORD...: dotnet WORD... in the project, with WXRECLAIM=VALUE.
under_dotnet() {
  (cd "$project" && WXRECLAIM=$1 TMPDIR=$project/tmp DOTNET_ROOT=${muxer%/*} "$OLDPWD/${wxbench:?}" reclaim -- "$muxer" "${@:2}") \
    >"$scratch/log" 2>&1
  local status=$?
  [ "$status" = 0 ] || cat "$scratch/log"
  return "$status"
}
if muxer=$(sdk_muxer); then
  mkdir "$project" "$project/tmp" && cp tests/fixtures/msbuild/* "$project"
  claim dotnet_run_succeeds_under_the_preload_with_statistics under_dotnet stats:"$scratch/msbuild" run
  claim dotnet_build_succeeds_under_the_preload_with_statistics under_dotnet stats build --no-restore --no-incremental --disable-build-servers
else
  skip dotnet_run "needs a .NET SDK"
fi

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
