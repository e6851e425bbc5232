#!/bin/bash
# The counters on which `wxbench compare` gates are those of the work alone: the same whatever the environment, the
# descriptors, the folder, the limits, the user, the root and the order are, and whichever other strategies there are.
# shellcheck disable=SC2317 # the functions are called through claim
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh

program=$PWD/$wxbench
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
scenarios=(release_retains fork_without_exec placement_top_down drifting_sizes collectible_churn)

# Of each result every counter that can gate, exactly: also the faults, of which `compare` lets one in a hundred pass.
counters() {
  jq -c '.results[]|select(.strategy!="added")|[.scenario,.strategy,.metrics.retained_bytes,.metrics.mappings_peak,
    .metrics.syscalls,.metrics.minor_faults]' | LC_ALL=C sort
}
# same COMMAND...: COMMAND, a wxbench, counts as the first one did.
same() {
  "$@" run -q "${scenarios[@]}" --json - 3</dev/null | counters >"$work/other"
  [ -s "$work/base" ] && diff "$work/base" "$work/other"
}
"$program" run -q "${scenarios[@]}" --json - | counters >"$work/base"

in_folder() { (cd "$1" && same "${@:2}"); }
limited() { (ulimit -s "$1" && same "$program"); }
with_descriptors() { same "$program" 5</dev/null 7</dev/null 19>/dev/null; }

claim counters_are_the_same_again same "$program"
claim counters_do_not_depend_on_the_environment same env A="$(head -c 3000 /dev/zero | tr '\0' x)" LC_ALL=C.UTF-8 "$program"
claim counters_do_not_depend_on_having_no_environment same env -i PATH="$PATH" "$program"
claim counters_do_not_depend_on_descriptors with_descriptors
claim counters_do_not_depend_on_the_limit_of_the_stack limited 1024
claim counters_do_not_depend_on_a_stack_without_limit limited unlimited
claim counters_do_not_depend_on_the_kind_of_address_space same setarch -L "$program"

folder="$work/another folder with a long name"
mkdir -p "$folder/build" && cp -r scenarios "$folder" && cp "$program" "$folder/build"
chmod -R a+rX "$folder"
claim counters_do_not_depend_on_the_folder in_folder "$folder" build/wxbench
if [ "$(id -u)" = 0 ]; then
  claim counters_do_not_depend_on_the_user in_folder "$folder" setpriv --reuid 65534 --regid 65534 --clear-groups build/wxbench
else
  skip counters_do_not_depend_on_the_user "only root can become another user"
fi

# Another root: all of this one, in another place.
in_root() { unshare -m bash -c "mkdir -p '$work/root' && mount --rbind / '$work/root'" && same unshare -m bash -c \
  "mkdir -p '$work/root'; mount --rbind / '$work/root' && exec chroot '$work/root' \"\$@\"" root env WXBENCH_HOME="$PWD" "$program"; }
if unshare -m true 2>/dev/null; then
  claim counters_do_not_depend_on_the_root in_root
else
  skip counters_do_not_depend_on_the_root "mounts cannot be made here"
fi

# reversed: each strategy stands in another place of the run, the last one first.
reversed() {
  local scenario strategies
  for scenario in "${scenarios[@]}"; do
    mapfile -t strategies < <(jq -r --arg of "$scenario" '.results[]|select(.scenario==$of)|.strategy' "$work/all.json" | tac)
    "$program" run -q "$scenario" "${strategies[@]/#/--strategy=}" --json - | counters
  done | LC_ALL=C sort >"$work/other"
  diff "$work/base" "$work/other"
}
"$program" run -q "${scenarios[@]}" --json "$work/all.json" >/dev/null
claim counters_do_not_depend_on_the_order reversed

# The memory of a strategy is its own, in each place of the list.
memory() {
  "$program" run -q release_retains "${@/#/--strategy=}" --json - |
    jq -c '[.results[]|{(.strategy):([.samples[].rss_bytes]|max)}]|add|to_entries|sort_by(.key)'
}
memory_is_the_same() { [ "$(memory coreclr rwx)" = "$(memory rwx coreclr)" ]; }
claim memory_does_not_depend_on_the_order memory_is_the_same

# Where nobody may turn the randomisation of addresses off, as in many containers.
cat >"$work/forbid.c" <<'C'
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(int count, char **arguments) {
  struct sock_filter steps[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_personality, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog filter = {sizeof steps / sizeof *steps, steps};
  if (count < 2 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
    return 77;
  execv(arguments[1], arguments + 1);
  return 77;
}
C
if ${CC:-gcc} -o "$work/forbid" "$work/forbid.c" 2>/dev/null && "$work/forbid" /bin/true; then
  for time in first second; do
    claim "counters_do_not_depend_on_random_addresses_$time" same "$work/forbid" "$program"
  done
else
  skip counters_do_not_depend_on_random_addresses "no compiler, or no seccomp"
fi

# A strategy more, as anyone would add it: the one file that docs/strategies.md shows. It brings data of its own, so
# that all else moves.
added() {
  mkdir -p "$work/tree/build/plain" && cp -r Makefile VERSION packaging harness scripts scenarios "$work/tree" || return
  {
    sed -n '/^```c$/,/^```$/{/^```/!p}' docs/strategies.md
    echo 'char wx_added_data[50000] = {1}, wx_added_space[70000];'
  } >"$work/tree/harness/strategy/added.c"
  # What needs no building anew: dependencies of each object are known.
  cp -a build/obj "$work/tree/build/" && find "$work/tree/build/obj" -name '*.[od]' ! -path '*/plain/*' -delete
  find "$work/tree" -path '*/build' -prune -o -type f ! -name added.c -exec touch -d 2000-01-01 {} +
  make -C "$work/tree" -j2 WARNINGS='-Wall -Wno-unused' build/wxbench >"$work/make.log" 2>&1 || { tail -5 "$work/make.log"; return 1; }
  "$work/tree/build/wxbench" list strategies | grep -q '^added ' && "$work/tree/build/wxbench" run -q block_cycle --strategy added &&
    in_folder "$work/tree" build/wxbench
}
claim counters_do_not_depend_on_other_strategies added

tap_end
