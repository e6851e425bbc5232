# shellcheck shell=bash
# What scripts/fresh takes from this machine, and what it must not leave on it: source this from the top of the checkout. $run is
# the folder of a part, in $here.
run=${run-}
# shellcheck disable=SC2034 # those who source this use both
here=$PWD/build/fresh
# The checkout may belong to somebody else than root.
# shellcheck disable=SC2034
git=(git -c safe.directory=*)

# ---- How packages are reached from here ----

# debian_sources: a line for sources.list for every part of Debian 12 that apt is set up for here; nothing is fetched.
debian_sources() {
  apt-get update --print-uris 2>/dev/null |
    sed -nE "s#^'(.*)/dists/(bookworm|bookworm-updates|bookworm-security)/main/binary-[a-z0-9]*/Packages.*#deb \1 \2 main#p" | sort -u
}

# debian_mirror: where to bootstrap from; nothing stands for debootstrap's own.
debian_mirror() { debian_sources | sed -nE 's/^deb (.*) bookworm main$/\1/p' | sed -n 1p; }

# settings_of_this_machine TREE: names, package sources, proxies and certificates, as files of a tree that is laid over the
# bare system.
settings_of_this_machine() {
  local tree=$1 file config
  mkdir -p "$tree/etc/apt/apt.conf.d" "$tree/usr/local/share/ca-certificates" "$tree/fresh"
  cat /etc/resolv.conf >"$tree/etc/resolv.conf"
  { cat /etc/hosts; echo "127.0.0.1 bare"; } >"$tree/etc/hosts"
  debian_sources >"$tree/etc/apt/sources.list"
  [ -s "$tree/etc/apt/sources.list" ] || rm "$tree/etc/apt/sources.list"
  # How to fetch (proxies, retries, checks of dates), not what to fetch or what to run then.
  apt-config dump | grep -E '^Acquire::(([a-z]+::)?Proxy|https?::|Retries|ForceIPv|Check-)' >"$tree/etc/apt/apt.conf.d/90host" || true
  for file in /usr/local/share/ca-certificates/*.crt; do
    [ ! -f "$file" ] || cp "$file" "$tree/usr/local/share/ca-certificates"
  done
  # Who has never used NuGet has no such folder.
  config=$(find "${HOME-}/.nuget/NuGet" -maxdepth 1 -iname nuget.config 2>/dev/null | sed -n 1p) || true
  if [ -n "$config" ]; then
    mkdir -p "$tree/etc/skel/.nuget/NuGet"
    cp "$config" "$tree/etc/skel/.nuget/NuGet/NuGet.Config"
  fi
  env -0 | grep -zE '^((https?|ftp|all|no)_proxy|(HTTPS?|FTP|ALL|NO)_PROXY|NUGET_CERT[A-Z_]*|WXBENCH_SDK[A-Z_]*|NuGetPackageSourceCredentials_[^=]*)=' \
    >"$tree/fresh/environment" || true
}

# ---- Control groups: one of the part's own in every hierarchy where one can be made ----

# group_folders: the part's group in each hierarchy.
group_folders() {
  awk '$3 == "cgroup" || $3 == "cgroup2" { print $2 }' /proc/mounts | sed -e 's/\\040/ /g' -e "s#\$#/wxbench-fresh-${run##*.}#"
}

# join_groups PID: puts the process there; a hierarchy that lets nobody in is left out.
join_groups() {
  local group file share
  while read -r group; do
    mkdir "$group" || continue
    for file in cpuset.cpus cpuset.mems; do
      [ ! -e "$group/$file" ] || cat "${group%/*}/$file" >"$group/$file"
    done
    # Without a share of its own nobody in the group may have a real-time priority; all parts together have 950000 at most.
    for share in 200000 100000 50000; do
      [ ! -e "$group/cpu.rt_runtime_us" ] || echo "$share" >"$group/cpu.rt_runtime_us" || continue
      break
    done
    echo "$1" >"$group/cgroup.procs" || rmdir "$group"
  done < <(group_folders) 2>/dev/null
}

# thaw_groups: what is frozen by version 1 cannot be killed.
thaw_groups() {
  local group
  while read -r group; do
    find "$group" -name freezer.state -exec sh -c 'echo THAWED >"$1"' - {} \; 2>/dev/null
  done < <(group_folders) || true
}

# remove_groups: with the groups made in them; they are empty once the part's processes are gone.
remove_groups() {
  local group _
  while read -r group; do
    for _ in $(seq 50); do
      [ -d "$group" ] || break
      find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || sleep 0.1
    done
  done < <(group_folders)
}

# ---- Afterwards ----

# nothing_is_left_on_this_machine PART SDK-FOLDER: three claims about what is outside the folder.
nothing_is_left_on_this_machine() {
  local part=$1 sdk=$2 changed mounts group canaries
  # Nothing of the part writes there. Somebody else may, and does where packages were installed meanwhile; and an SDK keeps
  # notes in its own folder, which the part has read-only, whoever uses it.
  changed=$(find /etc /usr /opt /srv -xdev -path "${sdk:-/none}" -prune -o -newercm "$run/started" -print 2>/dev/null | sed -n 1,3p | xargs) || true
  if [ -n "$changed" ] && [ /var/lib/dpkg/status -nt "$run/started" ]; then
    echo "SKIP $part: nothing under /etc, /usr, /opt and /srv changed on this machine: packages were installed on it meanwhile"
  else
    claim_empty "$part: nothing under /etc, /usr, /opt and /srv changed on this machine" "$changed"
  fi
  # The part has made a file of this name wherever its commands write.
  canaries=$(find / /root /home "$HOME" "$HOME/.nuget" "$HOME/.dotnet" /dev/shm ${sdk:+"$sdk"} -maxdepth 2 \
    \( -path /proc -o -path /sys \) -prune -o -name "wxbench-fresh-${run##*.}" -print 2>/dev/null | sed -n 1,3p | xargs) || true
  claim_empty "$part: what it wrote in home, NuGet's folder, /tmp, /etc and /usr is not on this machine" "$canaries"
  remove_groups
  mounts=$(grep -c -F "$run" /proc/self/mountinfo || true)
  group=$(while read -r group; do [ ! -d "$group" ] || echo "$group"; done < <(group_folders))
  claim_empty "$part: no mount and no control group is left" "${mounts#0}$group"
}

# claim_empty NAME WHAT: holds if there is nothing of it.
claim_empty() { if [ -z "$2" ]; then echo "ok - $1"; else echo "not ok - $1: $2"; fi; }
