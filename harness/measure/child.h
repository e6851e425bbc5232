/**
   @file child.h
   Starting the process that observe.h looks at, with its pipes. Private to observe.c.
*/
#ifndef WX_MEASURE_CHILD_H
#define WX_MEASURE_CHILD_H

#include "measure/observe.h"
#include "measure/watchdog.h"

/// The running child and this side's ends. What is not open is -1.
typedef struct {
  pid_t pid;
  int pidfd;        ///< Readable when it has ended; -1 before Linux 5.3.
  int steps;        ///< Its steps are read here.
  int answers;      ///< The answers are written here.
  int answers_kept; ///< The answers' other end stays open, so that writing one never signals.
  int output;
  int errors;
  WxWatchdog watchdog;
} WxChild;

/// Starts the child. It runs when this returns 0. On failure nothing is left: -ENOENT, -EACCES and
/// whatever else execve says of the program.
int wx_child_start(WxChild *child, const WxObserveOptions *options);

/// Closes this side's ends. The process itself must have been reaped.
void wx_child_close(WxChild *child);

#endif
