#!/usr/bin/env bash
# The static programs (make static): one file each, that runs where nothing but /proc is and prints what the shared one prints.
# shellcheck disable=SC2317 # the functions are called through claim
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
scratch=$(mktemp -d)
pids=()
cleanup() {
  for pid in "${pids[@]}"; do kill -KILL "$pid" && wait "$pid"; done 2>/dev/null
  umount "$scratch"/*/proc 2>/dev/null
  rm -rf "$scratch"
}
trap cleanup EXIT

most=$((2 * 1024 * 1024)) # bytes

# root NAME PROGRAM...: a folder to be the root of a program, with nothing but /proc, the program and what it reads.
root() {
  mkdir -p "$scratch/$1/proc" && mount -t proc proc "$scratch/$1/proc" 2>/dev/null || return
  cp "${@:2}" "$scratch/$1"
  cp -r "$scratch/in" "$scratch/$1"
}
needs() { ldd "$1" | grep -o '/[^ ]*'; }
# static_root MACHINE: sets `within`; a foreign program has what imitates its machine beside it.
static_root() {
  local name=static_$1
  root "$name" build/static/"$1"/* || return
  within=(env -i "$(type -P chroot)" "$scratch/$name")
  if [ "$1" != "$(uname -m)" ]; then
    local imitation
    imitation=$(type -P "qemu-$1")
    mkdir "$scratch/$name/qemu"
    needs "$imitation" | xargs cp -t "$scratch/$name/qemu" "$imitation"
    within+=("/qemu/$(basename "$(needs "$imitation" | grep ld-linux)")" --library-path /qemu "/qemu/qemu-$1")
  fi
  within+=(/wxbench)
}
# foreign_root MACHINE: the same, where the kernel itself starts programs of that machine by what imitates it: `run` executes itself
# for each strategy. Told in a user namespace (Linux 6.7), that holds for what runs in it only. Sets `within`.
foreign_root() {
  local name=foreign_$1 imitation
  imitation=$(type -P "qemu-$1")
  root "$name" build/static/"$1"/* || return
  needs "$imitation" | xargs cp --parents -t "$scratch/$name"
  # Of an ELF file of 64 bits: what it is for (2 and 3: a program) and which machine (183: 64-bit ARM).
  # shellcheck disable=SC2016 # for the other shell
  within=(unshare --user --map-root-user --mount sh -c 'mount -t binfmt_misc none /proc/sys/fs/binfmt_misc &&
    printf %s "$1" >/proc/sys/fs/binfmt_misc/register || exit 77
    root=$2
    shift 2
    exec env -i "$(command -v chroot)" "$root" /wxbench "$@"' -
    ':foreign:M::\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00:\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:'"$imitation:F"
    "$scratch/$name")
  [ "$("${within[@]}" --version 2>/dev/null)" = "$("${outside[@]}" --version)" ]
}
# traced_root MACHINE: the same where the kernel cannot be told: by what traces the program, and starts what it executes in the
# imitation. Sets `within`.
traced_root() {
  local name=traced_$1
  proot --version >/dev/null 2>&1 && root "$name" build/static/"$1"/* || return
  within=(env -i "$(type -P proot)" -q "$(type -P "qemu-$1")" -r "$scratch/$name" /wxbench)
  [ "$("${within[@]}" --version 2>/dev/null)" = "$("${outside[@]}" --version)" ]
}
# shared_root: the same for the shared program, with its libraries.
shared_root() {
  root shared "$wxbench" || return
  needs "$wxbench" | xargs cp --parents -t "$scratch/shared"
  outside=(env -i "$(type -P chroot)" "$scratch/shared" /wxbench)
}

# same ARGUMENT...: both print the same and end with the same status.
same() {
  local status
  "${outside[@]}" "$@" >"$scratch/shared.out" 2>&1
  status=$?
  "${within[@]}" "$@" >"$scratch/static.out" 2>&1
  [ $? = "$status" ] && [ -s "$scratch/static.out" ] && diff "$scratch/shared.out" "$scratch/static.out"
}
# counts METRICS ARGUMENT...: both count the same, in each of these.
counts() {
  "${outside[@]}" "${@:2}" --json - >"$scratch/outside.json" && "${within[@]}" "${@:2}" --json - >"$scratch/within.json" || return
  "$wxbench" compare "$scratch"/{outside,within}.json --format csv >"$scratch/compared"
  grep -E ",($1)," "$scratch/compared" >"$scratch/held" && ! grep -v ',same$' "$scratch/held"
}
# gives_back: each of them all that a process retains; the pauses vary.
gives_back() {
  local program
  for program in outside within; do
    local -n command=$program
    subject && "${command[@]}" reclaim --pid "$pid" --json - >"$scratch/$program.json" || return
    jq -c '.results[] | [.before_bytes, .after_bytes, .punched_bytes]' "$scratch/$program.json" >"$scratch/$program.given"
  done
  grep -Fqx '[4194304,0,4194304]' "$scratch/within.given" && diff "$scratch/outside.given" "$scratch/within.given"
}
# subject: a process to look at, in $pid.
subject() {
  local own=$scratch/subject.${#pids[@]}
  mkfifo "$own.stdin"
  build/tests/subject retain 4 <>"$own.stdin" >"$own.ready" &
  pid=$!
  pids+=("$pid")
  until grep -qs ready "$own.ready"; do kill -0 "$pid" || return; done
}

is_one_small_file() {
  local file=build/static/$1/wxbench
  ! readelf -lW "$file" | grep -E 'INTERP|NEEDED' && ! readelf -dW "$file" | grep NEEDED &&
    readelf -hW "$file" | grep -q 'Type: *DYN' && [ "$(stat -c %s "$file")" -le "$most" ]
}
# The preload libraries hold for any C library: they need none by name.
preloads_need_nothing() {
  local library
  for library in build/static/"$1"/libwx{reclaim,record}.so; do
    [ -s "$library" ] && ! readelf -dW "$library" | grep NEEDED || return
  done
}

mkdir "$scratch/in"
cp scenarios/release_retains.yaml tests/fixtures/audit.smaps "$scratch/in"
zstd -dcq scenarios/traces/regex-10.0.14.wxt.zst >"$scratch/in/recording.wxt"
"$wxbench" run release_retains --quiet --json "$scratch/in/base.json"
in_roots=
! shared_root || in_roots=yes

for machine in x86_64 aarch64; do
  if [ ! -x "build/static/$machine/wxbench" ]; then
    skip "static_$machine" 'not built; type: make static'
    continue
  fi
  claim "static_${machine}_is_one_small_file" is_one_small_file "$machine"
  claim "static_${machine}_preloads_need_no_library" preloads_need_nothing "$machine"
  if [ "$machine" != "$(uname -m)" ] && ! command -v "qemu-$machine" >/dev/null; then
    skip "static_${machine}_in_an_empty_root" "no qemu-$machine"
    continue
  fi
  if [ -z "$in_roots" ] || ! static_root "$machine"; then
    skip "static_${machine}_in_an_empty_root" 'cannot mount /proc; needs root'
    continue
  fi
  for arguments in --version --help 'help audit' 'list models' 'list strategies' 'audit --smaps in/audit.smaps' \
    'explain 7f4000000000-7f4007ff6000 7f404c021000-7f4051b4c000' 'compare in/base.json in/base.json' \
    'audit --maps nothing' 'run nothing' 'reclaim --all --only user=nobody-has-this-name'; do
    # shellcheck disable=SC2086 # words
    claim "static_${machine}_prints_the_same_for_${arguments%% in/*}" same $arguments
  done
  subject
  claim "static_${machine}_audits_a_process_alike" same audit "$pid"
  # Mappings and faults of a foreign kind are those of its imitation.
  metrics='retained_bytes|syscalls.*|expectation: .*'
  [ "$machine" != "$(uname -m)" ] || metrics+='|mappings_peak'
  claim "static_${machine}_replays_alike" counts "$metrics" replay in/recording.wxt
  # Last: where the kernel has to be told, `within` is another.
  if [ "$machine" = "$(uname -m)" ] || [ -e "/proc/sys/fs/binfmt_misc/qemu-$machine" ] || foreign_root "$machine" || traced_root "$machine"; then
    claim "static_${machine}_runs_alike" counts "$metrics" run in/release_retains.yaml
  else
    skip "static_${machine}_runs_alike" "the kernel starts no $machine program, cannot be told in a namespace (binfmt_misc, Linux 6.7), and there is no proot"
  fi
  [ "$machine" != "$(uname -m)" ] || claim "static_${machine}_gives_back_alike" gives_back
done

# ---- Systems of another C library ----

# loader: that of musl, of this machine's kind.
loader=/lib/ld-musl-$(uname -m).so.1
# musl_root: nothing but the program, its preload libraries, and a program of musl's that says what it was preloaded with.
musl_root() {
  cat >"$scratch/says.c" <<'END'
#include <stdio.h>
#include <string.h>
int main(void) {
  char line[512];
  FILE *maps = fopen("/proc/self/maps", "r");
  while (maps && fgets(line, sizeof line, maps))
    if (strstr(line, "/libwx"))
      return puts("preloaded") < 0;
  return 3;
}
END
  musl-gcc -o "$scratch/says" "$scratch/says.c" && root musl build/static/"$(uname -m)"/* "$scratch/says" &&
    mkdir "$scratch/musl/lib" && cp "$loader" "$scratch/musl/lib"
}
in_musl() { env -i "$(type -P chroot)" "$scratch/musl" "$@"; }
preloads_in_musl() { [ "$(in_musl /wxbench reclaim -- /says)" = preloaded ]; }
records_in_musl() { in_musl /wxbench record -o /none.wxt -- /says 2>&1 | grep -q 'no .NET runtime with W^X ran'; }
runs_in_musl() { in_musl /wxbench run in/release_retains.yaml | grep -q '^release_retains .*3 ok$'; }
if [ ! -x "build/static/$(uname -m)/wxbench" ] || [ -z "$in_roots" ]; then
  skip static_on_musl 'not built, or /proc cannot be mounted; needs root'
elif ! type -P musl-gcc >/dev/null || [ ! -e "$loader" ]; then
  skip static_on_musl 'no musl-gcc here'
elif musl_root; then
  claim static_runs_on_musl runs_in_musl
  claim static_preloads_into_programs_of_musl preloads_in_musl
  claim static_records_programs_of_musl records_in_musl
else
  not_ok static_on_musl
fi
from_busybox() { [ "$(in_musl /busybox sh -c '/wxbench list models | /busybox head -n 1')" = models ]; }
if busybox true 2>/dev/null && [ -d "$scratch/musl/lib" ] && cp "$(type -P busybox)" "$scratch/musl"; then
  claim static_runs_from_busybox from_busybox
else
  skip static_runs_from_busybox 'no busybox here, or no root to run it in'
fi
# A function that was written can be called: on 64-bit ARM that takes a flush. The imitation has no cache that could be stale.
written=build/obj/static/aarch64/harness/strategy/functions.o
flushes() { aarch64-linux-gnu-objdump -dr "$written" | sed -n "/<$1>:\$/,/^\$/p" | grep -q 'CALL26.*__clear_cache'; }
if type -P aarch64-linux-gnu-objdump >/dev/null && [ -e "$written" ]; then
  claim functions_are_flushed_on_64_bit_arm flushes wx_functions_write
else
  skip functions_are_flushed_on_64_bit_arm 'no static program for it (make static-aarch64)'
fi
tap_end
