/**
   @file describe.h
   The command line in a form for programs: manual pages and completions are made from it
   (packaging/manual.awk, packaging/completions.awk), so that they say what `--help` says.

   One record a line, fields separated by tabs: `verb NAME SUMMARY`, then of that verb `about TEXT`,
   `arguments TEXT`, `option --NAME -LETTER ARGUMENT DOC` for each, `example LINE` for each and
   `endings TEXT`.
*/
#ifndef WX_CLI_DESCRIBE_H
#define WX_CLI_DESCRIBE_H

#include "cli/options.h"

#include <stdio.h>

/// What asks for it: of the program in place of a verb, or as all that follows the verb. No option,
/// since what begins like one may be shortened.
#define WX_DESCRIBE "--describe"

/// Room for the example of any verb.
enum { WX_EXAMPLE_MOST = 1024 };

/// Copies the lines of an example, but for those with a verb that this program lacks: that for
/// servers has few (verbs.c).
void wx_example_lines(const char *example, char lines[WX_EXAMPLE_MOST]);

/// Writes the records of a verb that follow `verb`.
void wx_describe(FILE *stream, const WxOptionsSpec *spec);

#endif
