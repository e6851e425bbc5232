# Writes the completion of a shell from `wxbench --describe`:
# awk -v shell=bash|zsh|fish -f packaging/completions.awk
# An option's argument that names its values (ptrace|cgroup|stop) is completed by them, FILE by files, DIR by folders, and what
# `wxbench list` knows by what it lists.
BEGIN {
  FS = "\t"
  listed["--strategy"] = "strategies"; listed["--model"] = "models"; listed["--workload"] = "workloads"
  listed["--runtime"] = "runtimes"; listed["SCENARIO"] = "scenarios"
}
function quoted(words) { gsub(/'/, "'\\''", words); return "'" words "'" }
# values ARGUMENT OPTION: the words it may be, or a command substitution that lists them.
function values(argument, option,   word, count, i, words) {
  if (option in listed) return "$(_wxbench_list " listed[option] ")"
  gsub(/[][]/, "", argument)
  sub(/\.\.\.$/, "", argument)
  if (argument ~ /^[a-z]+(\|[a-z]+)+$/) { gsub(/\|/, " ", argument); return argument }
  count = split(argument, word, "|")
  for (i = 1; i <= count; i++) if (word[i] in listed) words = words " $(_wxbench_list " listed[word[i]] ")"
  return substr(words, 2)
}
function is_path(argument) { return argument ~ /FILE|DIR|BASE|NEW|\.json|\.yaml|\.wxt/ }
$1 == "verb" { verb = $2; verbs = verbs " " $2; about[verb] = $3 }
$1 == "arguments" { arguments[verb] = $2 }
$1 == "option" {
  sub(/\. .*/, "", $5)
  n = ++count[verb]
  name[verb, n] = $2; letter[verb, n] = $3; value[verb, n] = $4; doc[verb, n] = $5
}
function line(text) { print text }
# lister TEXT: what asks the program for what it lists, if it has that verb.
function lister(text) { if (" " verbs " " ~ / list /) line(text) }
function bash_completion(   i, n, list, option, names) {
  line("# bash completion of wxbench")
  lister("_wxbench_list() { wxbench list \"$1\" --format csv 2>/dev/null | sed -n '2,$s/^[^,]*,\\([^,]*\\),.*/\\1/p'; }")
  line("_wxbench() {\n  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} verb=${COMP_WORDS[1]} words= paths=")
  line("  if [ \"$word\" = = ]; then word=; elif [ \"$before\" = = ]; then before=${COMP_WORDS[COMP_CWORD-2]}; fi")
  line("  if [ \"$COMP_CWORD\" = 1 ]; then\n    words=" quoted(substr(verbs, 2) " help --help --version") "\n  else\n    case $verb:$before in")
  for (i = 1; i <= total; i++) for (n = 1; n <= count[order[i]]; n++) {
    option = order[i] SUBSEP n
    if (value[option] == "") continue
    list = values(value[option], name[option])
    names = order[i] ":" name[option] (letter[option] ? "|" order[i] ":" letter[option] : "")
    if (list || is_path(value[option]))
      line("    " names ") " (list ? "words=\"" list "\"" : "") (is_path(value[option]) ? " paths=yes" : "") " ;;")
    else
      line("    " names ") return ;;")
  }
  line("    *) case $verb in\n      help) words=" quoted(substr(verbs, 2)) " ;;")
  for (i = 1; i <= total; i++) {
    list = ""
    for (n = 1; n <= count[order[i]]; n++) list = list " " name[order[i], n]
    line("      " order[i] ") words=\"" substr(list, 2) (values(arguments[order[i]]) ? " " values(arguments[order[i]]) : "") "\"" \
      (is_path(arguments[order[i]]) ? " paths=yes" : "") " ;;")
  }
  line("      esac ;;\n    esac\n  fi\n  mapfile -t COMPREPLY < <(compgen ${paths:+-f} -W \"$words\" -- \"$word\")\n}\n# What else is typed, such as a command and its arguments, is a file.\ncomplete -o default -F _wxbench wxbench")
}
function bracketed(words) { gsub(/[\[\]:\\]/, "\\\\&", words); return words }
# zsh_option OPTION NAME ENDING: a line of _arguments; ENDING is what stands between the name and its value.
function zsh_option(option, name_of, ending,   list) {
  list = values(value[option], name[option])
  line("    " quoted(name_of (value[option] == "" ? "" : ending) "[" bracketed(doc[option]) "]" (value[option] == "" ? "" : ":" \
    bracketed(tolower(value[option])) ":")) (value[option] == "" ? "" : list ? "\"(" list ")\"" : is_path(value[option]) ? "_files" : "") " \\")
}
function zsh_completion(   i, n, list, option) {
  line("#compdef wxbench")
  lister("_wxbench_list() { wxbench list \"$1\" --format csv 2>/dev/null | sed -n '2,$s/^[^,]*,\\([^,]*\\),.*/\\1/p'; }")
  line("if (( CURRENT == 2 )); then\n  local -a verbs=(")
  for (i = 1; i <= total; i++) line("    " quoted(order[i] ":" bracketed(about[order[i]])))
  line("  )\n  _describe verb verbs\n  return\nfi\nlocal verb=$words[2]\nshift words\n(( CURRENT-- ))\ncase $verb in")
  for (i = 1; i <= total; i++) {
    line(order[i] ")\n  _arguments -S \\")
    for (n = 1; n <= count[order[i]]; n++) {
      option = order[i] SUBSEP n
      zsh_option(option, name[option], "=")
      if (letter[option]) zsh_option(option, letter[option], "")
    }
    list = values(arguments[order[i]])
    line("    '*:argument:'" (list ? "\"(" list ")\"" : "_files") "\n  ;;")
  }
  line("help) _values verb" verbs " ;;\nesac")
}
function fish_completion(   i, n, list, option, only) {
  line("# fish completion of wxbench")
  lister("function _wxbench_list\n    wxbench list $argv --format csv 2>/dev/null | sed -n '2,$s/^[^,]*,\\([^,]*\\),.*/\\1/p'\nend")
  line("complete -c wxbench -f -n __fish_use_subcommand -l help -d 'Show this help'\ncomplete -c wxbench -f -n __fish_use_subcommand -l version -d 'Show the version'")
  for (i = 1; i <= total; i++) {
    only = "complete -c wxbench -n '__fish_seen_subcommand_from " order[i] "'"
    line("complete -c wxbench -f -n __fish_use_subcommand -a " order[i] " -d " quoted(about[order[i]]))
    for (n = 1; n <= count[order[i]]; n++) {
      option = order[i] SUBSEP n
      list = values(value[option], name[option])
      gsub(/\$\(/, "(", list)
      line(only " -l " substr(name[option], 3) (letter[option] ? " -s " substr(letter[option], 2) : "") \
        (value[option] == "" ? "" : value[option] ~ /^\[/ ? "" : " -r") (list ? " -f -a '" list "'" : "") " -d " quoted(doc[option]))
    }
    list = values(arguments[order[i]])
    gsub(/\$\(/, "(", list)
    if (list) line(only " -a '" list "'")
  }
}
END {
  total = split(substr(verbs, 2), order, " ")
  if (shell == "bash") bash_completion()
  else if (shell == "zsh") zsh_completion()
  else fish_completion()
}
