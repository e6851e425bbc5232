#!/usr/bin/env bash
# What another process only calls like a runtime's memfd is never opened, by no verb, and what is one is opened for writing
# only where a reclaim may change it. All runs in a PID namespace of its own, so that `--all` means the test's processes.
# shellcheck disable=SC2317 # the functions are called through claim
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
if [ "$$" != 1 ]; then
  unshare --mount --pid --fork --mount-proc --kill-child true 2>/dev/null || { echo "no PID namespace can be made"; exit 77; }
  command -v strace >/dev/null || { echo "no strace"; exit 77; }
  exec unshare --mount --pid --fork --mount-proc --kill-child bash "$0"
fi
scratch=$(mktemp -d)
victim=$scratch/victim
head -c 16M /dev/zero >"$victim"
trap 'rm -rf "$scratch"' EXIT

# start PROGRAM WORD...: its number in $pid; its input is descriptor 6, its output 7. It ends when both are closed.
start() {
  rm -f "$scratch/in" "$scratch/out"
  mkfifo "$scratch/in" "$scratch/out"
  "$@" <"$scratch/in" >"$scratch/out" 2>"$scratch/error" &
  exec 6>"$scratch/in" 7<"$scratch/out"
  read -r _ pid <&7
}
end() {
  exec 6>&- 7<&-
  wait
}

# look COMMAND...: under strace, which adds to $scratch/trace; ends within a bound, and with a status of the contract.
look() {
  timeout -k 1 30 strace -f -A -o "$scratch/trace" -e trace=open,openat,openat2,creat "$wxbench" "$@" \
    >"$scratch/said" 2>&1
  local status=$?
  cat "$scratch/said" >>"$scratch/all"
  [ $status = 0 ] || [ $status = 2 ] || [ $status = 77 ] || { echo "$*: exit $status"; cat "$scratch/said"; return 1; }
}
# What was opened for writing, but for a reclaim's own undo and what the caller asked to be written.
written() { grep -E 'O_(WRONLY|RDWR)|creat\(' "$scratch/trace" | grep -vE '"/dev/(null|tty)"|"/tmp/|"(/proc/self/oom_score_adj)"'; }
opened() {
  local word count
  echo >&6
  read -r word count <&7
  [ "$word $count" = "opened 0" ] || { echo "$word $count"; return 1; }
}

every_verb() {
  look audit "$pid" && look audit "$pid" --fast && look audit "$pid" --images && look audit --all &&
    look audit "$pid" --bundle "$scratch/bundle" --memfd doublemapper && rm -rf "$scratch/bundle" &&
    look audit "$pid" --watch 0.01 --samples 2 && look reclaim --pid "$pid" --dry-run && look reclaim --pid "$pid" &&
    look reclaim --pid "$pid" --memfd doublemapper && look reclaim --pid "$pid" --every 0.01 && look reclaim --all
}
is_left_alone() {
  : >"$scratch/all"
  : >"$scratch/trace"
  every_verb && opened && [ -z "$(written)" ] || { written; return 1; }
}
gets_no_advice() { ! grep 'wxbench reclaim -' "$scratch/all"; }
is_said_once() {
  local sidecar line="$pid: left alone: .*called memfd:doublemapper, but is no memfd"
  : >"$scratch/said"
  "$wxbench" reclaim --all --every 0.05 2>"$scratch/said" >&2 &
  sidecar=$!
  for _ in $(seq 400); do
    ! grep -q "$line" "$scratch/said" || break
    sleep 0.05
  done
  sleep 0.5 # As many cycles as will.
  kill "$sidecar"
  wait "$sidecar"
  [ "$(grep -c "$line" "$scratch/said")" = 1 ] || { cat "$scratch/said"; return 1; }
}

for kind in fifo socket device folder tmpfs unlinked mapped "bind $victim" overlay hugetlb fuse; do
  name=${kind%% *}
  # shellcheck disable=SC2086 # two words
  start build/tests/impostor $kind
  if [ -z "$pid" ]; then
    skip "${name}_called_like_the_memfd" "it cannot be made here: $(cat "$scratch/error")"
  else
    claim "${name}_called_like_the_memfd_is_never_opened_by_any_verb" is_left_alone
    claim "${name}_called_like_the_memfd_gets_no_advice_to_reclaim" gets_no_advice
    claim "${name}_called_like_the_memfd_is_said_once" is_said_once
    claim "${name}_called_like_the_memfd_is_not_opened_by_a_sidecar" opened
  fi
  end
done

# The descriptor changes between a memfd and another file as fast as it can.
is_never_fooled() {
  : >"$scratch/trace"
  : >"$scratch/all"
  for _ in $(seq 12); do
    look reclaim --pid "$pid" --dry-run && look audit "$pid" --fast && look reclaim --pid "$pid" --max-pause 50 || return
  done
  opened
}
start build/tests/impostor exchange
claim file_exchanged_for_the_memfd_in_between_is_never_opened is_never_fooled
end

# A memfd, but none to be changed: neither opened for writing nor recommended.
is_refused() { # is_refused STATUS PATTERN
  : >"$scratch/trace"
  "$wxbench" audit "$pid" >"$scratch/all" && grep -q 'VERDICT retained' "$scratch/all" && gets_no_advice || return
  timeout -k 1 30 strace -f -o "$scratch/trace" -e trace=open,openat,openat2,creat "$wxbench" reclaim --pid "$pid" >"$scratch/said" 2>&1
  [ $? = "$1" ] && grep -qE "$2" "$scratch/said" && [ -z "$(written)" ] || { cat "$scratch/said"; written; return 1; }
}
start build/tests/subject sealed 9
claim sealed_memfd_is_neither_opened_for_writing_nor_recommended is_refused 77 'sealed against writing'
end
start build/tests/subject dropped 9
claim memfd_of_another_user_is_neither_opened_for_writing_nor_recommended is_refused 77 'another user'
end

# That of a program without a runtime is served by name.
allocated() { stat -L -c %b "/proc/$pid/fd/3"; }
advice() { "$wxbench" audit "$pid" "$@" | sed -n 's/^Next: .*`wxbench \(reclaim --pid [^`]*\)`.*/\1/p' | head -n 1; }
is_served_by_name() {
  refused x 'runs no .NET runtime' "$wxbench" reclaim --pid "$pid" | grep -q '^ok' && [ -z "$(advice)" ] && [ "$(allocated)" = 18432 ] &&
    "$wxbench" reclaim --pid "$pid" --memfd doublemapper --max-pause 50 -q && [ "$(allocated)" = 0 ]
}
start build/tests/subject stranger 9
claim memfd_of_a_program_without_a_runtime_is_given_back_by_name_only is_served_by_name
end
advice_is_good() {
  local words
  read -ra words < <(advice)
  [ "${words[*]:0:3}" = "reclaim --pid $pid" ] && "$wxbench" "${words[@]:0:3}" --max-pause 50 -q && [ "$(allocated)" = 0 ]
}
start build/tests/subject effective 9
claim memfd_of_a_program_that_is_another_user_for_a_while_is_given_back advice_is_good
end
start build/tests/subject retain 9
claim advice_is_what_gives_back advice_is_good
end
start unshare --user --map-root-user build/tests/subject retain 9
if [ -n "$pid" ]; then
  claim memfd_of_root_in_a_user_namespace_is_given_back advice_is_good
else
  skip memfd_of_root_in_a_user_namespace_is_given_back "no user namespace can be made"
fi
end

# A container may have another file over /proc/loadavg (lxcfs), which does not tell when a process is born.
echo "0.20 0.18 0.12 1/80 999999" >"$scratch/not_the_kernels"
mount --bind "$scratch/not_the_kernels" /proc/loadavg
start build/tests/subject retain 9
claim where_loadavg_is_not_the_kernel_s_births_are_seen_otherwise advice_is_good
end
if [ -e /proc/sys/kernel/ns_last_pid ]; then mount --bind "$scratch/not_the_kernels" /proc/sys/kernel/ns_last_pid; fi
start build/tests/subject retain 9
nothing_is_changed() {
  "$wxbench" reclaim --pid "$pid" >"$scratch/said" 2>&1
  [ $? = 77 ] && grep -q 'lxcfs' "$scratch/said" && [ "$(allocated)" = 18432 ] || { cat "$scratch/said"; return 1; }
}
claim where_births_cannot_be_seen_nothing_is_changed nothing_is_changed
end
umount /proc/loadavg /proc/sys/kernel/ns_last_pid 2>/dev/null

# Another runtime's, of another name: only who names it sees it.
other_name_is_served_by_name() {
  "$wxbench" audit "$pid" | grep -q 'VERDICT not-affected' && "$wxbench" audit "$pid" --memfd jit-code | grep -q 'VERDICT retained' &&
    [ -z "$(advice --memfd jit-code)" ] &&
    "$wxbench" reclaim --all -q && [ "$(allocated)" = 18432 ] &&
    "$wxbench" reclaim --all --memfd jit-code --max-pause 50 -q && [ "$(allocated)" = 0 ]
}
start build/tests/subject stranger 9 jit-code
claim memfd_of_another_name_is_served_by_that_name_only other_name_is_served_by_name
end
refused memfd_without_a_name_is_one_line 'expected a name of 1 to 249 bytes' "$wxbench" reclaim --all --memfd ''

# A process that holds the lock of its mappings for ever: whoever reads them hangs.
ends_within_a_bound() {
  local unlucky=$pid
  impossible x "process $unlucky does not answer" timeout -k 1 60 "$wxbench" audit "$unlucky" | grep -q '^ok' &&
    timeout -k 1 60 "$wxbench" audit --all >"$scratch/said" && grep -qF "Did not answer within 5 s: 1 process ($unlucky)." "$scratch/said" &&
    timeout -k 1 60 "$wxbench" audit $$ >"$scratch/said" && grep -q VERDICT "$scratch/said"
}
start build/tests/impostor lock
if [ -n "$pid" ]; then
  claim process_that_holds_its_reader_delays_an_audit_for_a_bounded_time ends_within_a_bound
else
  skip process_that_holds_its_reader_delays_an_audit_for_a_bounded_time "no FUSE"
fi
kill -KILL "$pid"
end

# All that a reclaim opens for writing is the file that it has proven, through its own descriptor; and, where the processors
# are busy, how its own session is favoured.
writes_only_what_is_proven() {
  : >"$scratch/trace"
  look reclaim --pid "$pid" --max-pause 50 && [ "$(allocated)" = 0 ] && written | grep -q . &&
    ! written | grep -vE 'openat\(AT_FDCWD, "/proc/self/(fd/[0-9]+", O_RDWR|autogroup", O_WRONLY)'
}
start build/tests/subject retain 9
claim reclaim_opens_for_writing_only_what_it_has_proven writes_only_what_is_proven
end
tap_end
