# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154,SC2317 # the names are those of scripts/measure-model, which sources this
# scripts/measure-model --plugins: what a load context with the DLL of scenarios/dotnet takes, by how many instantiations it makes.

# taken_by_contexts COUNT: what the contexts of $list take, each: blocks, KiB of data, pairs, KiB of code.
taken_by_contexts() {
  awk -v count="$1" '
    FNR == NR { if ($3 == "release") ++released[$5]; next }
    $3 == "reserve" { mine[$5] = 0; if (seen[$5]++ < released[$5]) { mine[$5] = 1; ++blocks }
      for (page = $5; page < $5 + $7; page += 4096) owner[page] = $5 }
    $3 == "commit" && mine[owner[$5]] { if ($7 == 16384) pairs += 0.5; else if (/r-x/) code += $7; else data += $7 }
    END { printf "%g %g %g %g\n", blocks / count, data / 1024 / count, pairs / count, code / 1024 / count }' "$list" "$list"
}

# An instantiation more is a number more; a number brings two (alc_plugin.c), and their jitted code takes data of its own.
show_plugins() {
  local each size count=10 line first last
  for each in "$@"; do
    choose "$each"
    name=$(model_name)
    echo "$version, a context: numbers visited: blocks, KiB of data, pairs of stub pages, KiB of code | blocks released, $name"
    first='' last=''
    for size in 1 2 5 10 20 40 80 160 320; do
      record alc rounds=1 count=$count "size=$size"
      line=$(taken_by_contexts $count)
      echo "  $size: $line | $(model_releases "$size" $count)"
      [ "$size" != 40 ] || first=$line
      last=$line
    done
    awk -v first="$first" -v last="$last" 'BEGIN { split(first, a, " "); split(last, b, " "); numbers = 320 - 40
      printf "  a number more takes %d bytes of data and %d of code; without any there would be %d of data\n",
        (b[2] - a[2]) * 1024 / numbers, (b[4] - a[4]) * 1024 / numbers, (a[2] - 40 * (b[2] - a[2]) / numbers) * 1024 }'
  done
}

# model_releases SIZE COUNT: of the newest model or that of $version, the same blocks, or how they differ.
model_releases() {
  local status=0
  "$wxbench" validate -q --fidelity=1 --runtime "$runtime_store/$version" --workload alc --set rounds=1 --set "count=$2" --set "size=$1" \
    --json "$folder/model.json" >/dev/null 2>&1 || status=$?
  [ "$status" -le 1 ] || fail "$version: the model of alc: exit status $status"
  jq -r --argjson count "$2" '[.results[-1].fidelity[] | select(.what | startswith("releases")) |
    "\(.model / $count) \(.what | sub("releases "; ""))" + (if .ok then "" else " DIFFERS from \(.real_low / $count)" end)] | join(", ")' "$folder/model.json"
  if jq -e '[.results[-1].fidelity[] | select(.what | startswith("releases")) | .ok] | all' "$folder/model.json" >/dev/null; then return; fi
  echo >"$folder/differs"
}
