#!/usr/bin/env bash
# scripts/sdk: gets an SDK by an install script where there is none, or says in one line why not and leaves nothing behind.
# The script comes from a server on loopback and is an imitation of Microsoft's.
# shellcheck disable=SC2317 # the functions are called through claim
set -u
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh
# shellcheck source=scripts/dotnet.sh
. scripts/dotnet.sh
command -v perl >/dev/null || { echo 'no perl for a server on loopback' && exit 77; }
scratch=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$scratch"' EXIT
# shellcheck source=tests/support/checkout.sh
. tests/support/checkout.sh
version=$(pinned sdk)

# A server that answers each request for /NAME with the bytes of $scratch/site/NAME, headers and all, and hangs up; /silent
# it never answers. Every request is a line of $scratch/requests.
mkdir "$scratch/site"
cat >"$scratch/server" <<'END'
use IO::Socket::INET;
my ($folder, $port_file, $log_file) = @ARGV;
my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 9) or die;
open(my $port, '>', "$port_file.new") or die;
print {$port} $listener->sockport;
close $port;
rename("$port_file.new", $port_file);
my @silent;
while (my $client = $listener->accept) {
  my ($name) = (<$client> // '') =~ m{^GET /(\w+) };
  while (defined(my $line = <$client>)) { last if $line =~ /^\r?$/ }
  open(my $log, '>>', $log_file) or die;
  print {$log} "$name\n";
  close $log;
  if ($name eq 'silent') { push @silent, $client; next }
  open(my $file, '<', "$folder/$name") or next;
  local $/;
  print {$client} <$file>;
  close $client;
}
END
perl "$scratch/server" "$scratch/site" "$scratch/port" "$scratch/requests" &
server=$!
until [ -s "$scratch/port" ]; do kill -0 "$server" || exit; done
address=http://127.0.0.1:$(cat "$scratch/port")

# serve NAME TYPE [LENGTH]: stdin as the answer, which claims to be LENGTH bytes long.
serve() {
  local body
  body=$(cat && echo .)
  body=${body%.}
  printf 'HTTP/1.0 200 OK\r\nContent-Type: %s\r\n' "$2" >"$scratch/site/$1"
  [ $# = 2 ] || printf 'Content-Length: %s\r\n' "$3" >>"$scratch/site/$1"
  printf '\r\n%s' "$body" >>"$scratch/site/$1"
}

# The imitation: installs a `dotnet` that says which SDK it has.
cat >"$scratch/install.sh" <<'END'
#!/usr/bin/env bash
say_version() {
  printf '#!/bin/sh\n[ "$1" = --list-sdks ] && echo "%s [here]"\n' "$1"
}
echo "$*" >"$HOME/arguments"
while [ $# -gt 0 ]; do
  case $1 in
    --version) version=$2 && shift 2 ;;
    --install-dir) folder=$2 && shift 2 ;;
    *) shift ;;
  esac
done
mkdir -p "$folder"
say_version "$version" >"$folder/dotnet"
chmod +x "$folder/dotnet"
END
serve good text/plain <"$scratch/install.sh"
serve page text/html <<<'<html><body>Sign in to this network</body></html>'
head -c 300 "$scratch/install.sh" | serve cut text/plain "$(wc -c <"$scratch/install.sh")"
head -c 100 "$scratch/install.sh" | serve cut_in_a_function text/plain
sed '/^mkdir/,$d' "$scratch/install.sh" | serve cut_between_commands text/plain
sed 's/^chmod.*/echo "dotnet_install: error : the connection broke off" >\&2; exit 1/' "$scratch/install.sh" | serve failing text/plain
sed 's/^chmod.*/echo "tar: sdk.dll: Cannot write: No space left on device" >\&2; exit 2/' "$scratch/install.sh" | serve full text/plain
sed 's/^chmod.*/sleep 1000 \& echo $! >"$HOME\/child"; wait/' "$scratch/install.sh" | serve standing_still text/plain
printf 'HTTP/1.0 404 Not Found\r\n\r\n' >"$scratch/site/gone"

mkdir "$scratch/home"
# sdk STATUS NAME [VARIABLE=VALUE...]: whether scripts/sdk ends so with that script; what it says is in $scratch/said.
sdk() {
  local status=$1 name=$2 ended
  : >"$scratch/requests"
  here env -u http_proxy -u all_proxy HOME="$scratch/home" WXBENCH_SDK_URL="$address/$name" "${@:3}" scripts/sdk >"$scratch/said" 2>&1
  ended=$?
  [ "$ended" = "$status" ] && nothing_is_left || { echo "exit $ended" && cat "$scratch/said" && return 1; }
}
says() { [ "$(wc -l <"$scratch/said")" = "$1" ] && tail -n 1 "$scratch/said" | grep -qE "$2" || { cat "$scratch/said"; return 1; }; }
requests() { [ "$(wc -l <"$scratch/requests")" = "$1" ]; }
own_muxer() { here bash -c '. scripts/dotnet.sh && sdk_muxer'; }
# skips NAME PATTERN [VARIABLE=VALUE...]: one line, no SDK.
skips() { sdk 77 "$1" "${@:3}" && says 1 "^SKIP: no .NET SDK found, and none can be fetched: $2; install .* DOTNET_ROOT=" && ! own_muxer; }
# begins_and_skips: the same after the line that announces the download.
begins_and_skips() {
  sdk 77 "$1" "${@:3}" && says 2 "^SKIP: no .NET SDK found, and none can be fetched: $2; install " && ! own_muxer &&
    head -n 1 "$scratch/said" | grep -q '^fetching .NET SDK .*about 200 MB .*WXBENCH_SDK=no'
}

claim no_address_that_answers_is_a_skip skips x 'http://127.0.0.1:1/x: it cannot be reached' WXBENCH_SDK_URL=http://127.0.0.1:1/x
claim no_such_page_is_a_skip skips gone "$address/gone: .*404.*"
claim a_page_in_place_of_the_script_is_a_skip skips page "$address/page does not answer with a script"
claim a_script_that_breaks_off_is_a_skip skips cut "$address/cut: it broke off half way"
claim a_script_that_breaks_off_unseen_is_a_skip skips cut_in_a_function "$address/cut_in_a_function: the script broke off half way"
claim no_answer_is_a_skip skips silent "$address/silent: no answer within 1 s" WXBENCH_PATIENCE=1
claim it_can_be_prevented skips good 'WXBENCH_SDK=no' WXBENCH_SDK=no
claim and_then_asks_nobody requests 0
claim half_of_an_install_script_leaves_nothing begins_and_skips cut_between_commands "the install script left no whole SDK $version"
claim a_download_that_breaks_off_leaves_nothing begins_and_skips failing 'the install script failed: error : the connection broke off'
claim a_full_disk_is_named begins_and_skips full 'the install script failed: no space is left on the disk'
claim a_download_that_stands_still_is_ended begins_and_skips standing_still 'its download stands still' WXBENCH_PATIENCE=3
# Ended is also what nobody has waited for yet.
child_ends() {
  local child state tries
  child=$(cat "$scratch/home/child")
  for ((tries = 0; tries < 10000; tries++)); do
    state=$(sed -n 's/^State:\t\(.\).*/\1/p' "/proc/$child/status" 2>/dev/null) && [ "$state" != Z ] || return 0
  done
  return 1
}
claim with_all_that_it_started child_ends

if in_namespace true 2>/dev/null; then
  # on_disk OPTIONS PATTERN: on a file system of that size in place of build/ one line says so.
  on_disk() {
    mkdir -p "$checkout/build"
    # shellcheck disable=SC2016 # for the other shell
    in_namespace bash -c 'mount -t tmpfs -o "$1" none "$2/build" && cd "$2" && HOME=$3 WXBENCH_SDK_URL=$4 PATH=$5 scripts/sdk
      ended=$?; [ -z "$(find build -name ".sdk-new.*")" ] || ended=1; exit $ended' \
      - "$1" "$checkout" "$scratch/home" "$address/large" "$scratch/programs" >"$scratch/said" 2>&1
    [ $? = 77 ] && says 1 "^SKIP: no .NET SDK found, and none can be fetched: $2; install "
  }
  { cat "$scratch/install.sh" && head -c 20000 /dev/zero | tr '\0' '#'; } | serve large text/plain
  claim a_disk_too_small_for_the_script_is_named on_disk size=8k "$address/large: cannot write in .*/build; is the disk full\?"
  claim a_disk_without_room_for_a_folder_is_named on_disk nr_inodes=2 'cannot write in .*/build: No space left on device'
else
  skip a_disk_too_small_for_the_script_is_named "no mounts of one's own here"
fi

rm "$scratch/programs/curl"
claim without_curl_it_says_what_installs_it skips good 'curl is missing \(scripts/bootstrap bench installs it\)'
ln -s "$(command -v curl)" "$scratch/programs"

at_once() {
  sdk 0 good & local first=$!
  (here env HOME="$scratch/home" WXBENCH_SDK_URL="$address/good" scripts/sdk >"$scratch/said-2" 2>&1) & local second=$!
  wait "$first" && wait "$second" && [ "$(cat "$scratch/said" "$scratch/said-2" | wc -l)" = 1 ] && requests 1
}
claim two_at_once_fetch_once at_once
claim the_announcement_is_one_line grep -qx \
  "fetching .NET SDK $version into build/sdk with Microsoft's install script: about 200 MB (WXBENCH_SDK=no prevents it)" \
  "$scratch/said" "$scratch/said-2"
claim the_version_is_the_pinned_one grep -q -- "^--version $version --install-dir .* --no-path$" "$scratch/home/arguments"
is_found() { [ "$(own_muxer)" = "$(readlink -f "$checkout/build/sdk/dotnet")" ]; }
claim the_sdk_is_found_by_the_other_scripts is_found
again_silent() { sdk 0 good && [ ! -s "$scratch/said" ] && requests 0; }
claim with_an_sdk_nothing_is_done again_silent

# In front of the scripts that need it: the reason is said once.
in_make() {
  rm -rf "$checkout/build"
  here env HOME="$scratch/home" WXBENCH_SDK_URL=http://127.0.0.1:1/x make -s dotnet >"$scratch/said" 2>&1 &&
    says 1 '^SKIP: no .NET SDK found, and none can be fetched: '
}
claim make_says_once_why_there_is_none in_make

# All that it would make is laid out and built: an SDK is not needed.
needless() {
  local runtime root
  rm -rf "$checkout/build"
  while read -r runtime; do
    root=$checkout/build/runtimes/$runtime
    mkdir -p "$root/shared/Microsoft.NETCore.App/$runtime"
    : >"$root/dotnet"
    chmod +x "$root/dotnet"
    : >"$root/shared/Microsoft.NETCore.App/$runtime/libcoreclr.so"
  done < <(pinned runtime)
  mkdir -p "$checkout/build/workloads"
  : >"$checkout/build/workloads/wxworkload.dll"
  echo net8.0 >"$checkout/build/workloads/built-for"
  sdk 0 good && [ ! -s "$scratch/said" ] && requests 0
}
claim where_all_is_built_nothing_is_fetched needless
tap_end
