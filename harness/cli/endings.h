/**
   @file endings.h
   What the results of a verb make of its exit status.

   0: all that ran met its expectations. 1: an expectation failed, or something that was begun did
   not run to its end. 2: there is no result at all, since what was asked for cannot be played (the
   player itself says so). 77: there is none, since nothing of it is possible here. In the last two
   nothing is written but the one line.
*/
#ifndef WX_CLI_ENDINGS_H
#define WX_CLI_ENDINGS_H

#include "stats/endings.h"

/// The same for `--help`.
#define WX_ENDINGS_HELP                                                                            \
  "Exit status: 0 all that ran met its expectations; 1 an expectation failed, or a program that "  \
  "was begun did not run to its end (a row with the reason; all else is kept and written); 2 "     \
  "nothing can be run with this input, or a result cannot be written; 77 nothing of it is "        \
  "possible here. SIGINT, SIGTERM and SIGHUP end it after what is there has been written."

/// The exit status; prints the one line where there is no result.
int wx_endings_status(const WxEndings *endings, const char *verb);

/// Whether a document with that status is to be written.
bool wx_endings_written(int status);

#endif
