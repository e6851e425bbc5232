# The words that stand where a shell script has a command, one a line. Left out are comments, here-documents, what is in
# single quotes but for `bash -c '...'`, what is in double quotes but for each $( ), and functions of these files.
function top() { return substr(stack, length(stack)) }
function push(what) { stack = stack what }
function pop() { stack = substr(stack, 1, length(stack) - 1) }
FNR == 1 { stack = ""; here = "" }
here != "" { if ($0 ~ "^[ \t]*" here "$") here = ""; next }
{
  line = $0; code = ""
  if (match(line, /^[a-z_]+\(\)/)) defined[substr(line, 1, RLENGTH - 2)] = 1
  if (match(line, /<<-?['"]?[A-Z]+/) && line !~ /<<</) { here = substr(line, RSTART, RLENGTH); gsub(/[^A-Z]/, "", here) }
  for (i = 1; i <= length(line); i++) {
    c = substr(line, i, 1); two = substr(line, i, 2)
    if (top() == "'") { if (c == "'") pop(); continue }
    if (c == "\\") { i++; continue }
    if (two == "$(") { push("("); code = code "\n"; i++; continue }
    if (c == "\"") { if (top() == "\"") pop(); else push("\""); code = code "Q"; continue }
    if (top() == "\"") continue
    if (c == "'" && top() == "c") { pop(); code = code "\n"; continue }
    if (c == "'" && code ~ /-[a-z]*c $/) { push("c"); code = code "\n"; continue }
    if (c == "'") { push("'"); code = code "Q"; continue }
    if (c == "#" && (i == 1 || substr(line, i - 1, 1) ~ /[ \t(;]/)) break
    if (c == "(") { push("("); code = code "\n"; continue }
    if (c == ")") { if (top() == "(") pop(); code = code "\n"; continue }
    if (index(";|&`", c)) { code = code "\n"; continue }
    code = code c
  }
  n = split(code, commands, "\n")
  for (i = 1; i <= n; i++) {
    m = split(commands[i], words, /[ \t]+/)
    for (j = 1; j <= m; j++) {
      word = words[j]
      # Before a command, or before another command in it.
      if (word == "" || word ~ /^(if|then|else|elif|while|until|do|!|\{|\}|exec|env|command|-[a-z]+|[A-Za-z_]+=.*|xargs|timeout|[0-9]+|sudo|time)$/) {
        if (word ~ /^(env|xargs|timeout|sudo)$/) run[word] = 1
        continue
      }
      if (word ~ /^[a-z][A-Za-z0-9_.+-]*$/) run[word] = 1
      break
    }
  }
}
END { for (word in run) if (!(word in defined)) print word }
