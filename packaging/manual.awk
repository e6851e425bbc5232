# Writes the manual pages from `wxbench --describe`: awk -v folder=FOLDER -v version=VERSION -f packaging/manual.awk
BEGIN {
  FS = "\t"
  program = folder "/wxbench.1"
  print_head(program, "WXBENCH", "wxbench", "measure and give back what the W^X double mapping of .NET costs")
  print ".SH SYNOPSIS\n.B wxbench\n.I VERB\n[\\fIOPTION\\fR...] [\\fIARGUMENT\\fR...]\n.SH VERBS" > program
}
function text(words) {
  gsub(/\\/, "\\e", words)
  gsub(/-/, "\\-", words)
  gsub(/'/, "\\(aq", words)
  return words ~ /^\./ ? "\\&" words : words
}
function print_head(file, title, name, summary) {
  print ".TH " title " 1 \"\" \"wxbench " version "\" \"User Commands\"" > file
  print ".SH NAME\n" text(name) " \\- " text(summary) > file
}
# section NAME: its heading before the first line in it.
function section(name) {
  if (inside != name) print ".SH " name > page
  inside = name
}
function end_page() {
  if (!page) return
  print ".SH SEE ALSO\n.BR wxbench (1)" > page
  close(page)
}
$1 == "verb" {
  end_page()
  page = folder "/wxbench-" $2 ".1"
  inside = usage = ""
  verb = $2
  print_head(page, "WXBENCH\\-" toupper($2), "wxbench-" $2, $3)
  print ".TP\n.BR wxbench\\-" $2 " (1)\n" text($3) > program
}
$1 == "about" { about = $2 }
$1 == "arguments" { usage = $2 }
$1 == "option" && inside != "OPTIONS" {
  print ".SH SYNOPSIS\n.B wxbench " verb "\n[\\fIOPTION\\fR...]" (usage ? " " text(usage) : "") > page
  print ".SH DESCRIPTION\n" text(about) > page
}
$1 == "option" {
  section("OPTIONS")
  value = $4 == "" ? "" : $4 ~ /^\[/ ? "[=\\fI" text(substr($4, 2, length($4) - 2)) "\\fR]" : "=\\fI" text($4) "\\fR"
  print ".TP\n" ($3 ? "\\fB" text($3) "\\fR, " : "") "\\fB" text($2) "\\fR" value "\n" text($5) > page
}
$1 == "example" { section("EXAMPLES"); print ".PP\n.nf\n" text($2) "\n.fi" > page }
$1 == "endings" { section("EXIT STATUS"); print text($2) > page }
END {
  end_page()
  print ".SH EXIT STATUS\n0: done, expectations met; 1: an expectation failed or a program did not run to its end;" > program
  print "2: bad usage or input; 77: not possible on this machine." > program
}
