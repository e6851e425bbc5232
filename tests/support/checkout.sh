# shellcheck shell=bash
# A copy of the scripts in a folder with a difficult name, on a machine that has every program but `dotnet`.
checkout=${scratch:?}/'a checkout, é'
mkdir -p "$checkout" "$scratch/programs"
cp -r Makefile VERSION scripts scenarios "$checkout"
IFS=: read -ra folders <<<"$PATH"
for folder in "${folders[@]}"; do ln -s "$folder"/* "$scratch/programs" 2>/dev/null; done
rm -f "$scratch/programs/dotnet"

# here COMMAND...: runs it there, without any .NET.
here() { (cd "$checkout" && env -u DOTNET_ROOT -u WXBENCH_SDK_SAID -u CC PATH="$scratch/programs" "$@"); }

# nothing_is_left: no temporary folder of an unfinished run.
nothing_is_left() { [ -z "$(find "$checkout/build" -name '.new.*' -o -name '.sdk-new.*' 2>/dev/null)" ]; }

# in_namespace COMMAND...: with mounts of its own; fails where that cannot be had.
in_namespace() { unshare --mount "$@"; }
