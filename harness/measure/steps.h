/**
   @file steps.h
   The step protocol: how a program says where it is and waits until it has been looked at.

   The observer names two pipes in the environment, `WXBENCH_STEP_FDS=R,W`: numbers of descriptors
   that the program inherits, never its standard streams. The program writes a line to W,

       step ROUND NAME LIVE_BYTES|-

   and waits for one newline on R. ROUND counts from 0, NAME is of the letters a-z and _, `-` is an
   unknown number of live bytes. The last step is named `end`.
*/
#ifndef WX_MEASURE_STEPS_H
#define WX_MEASURE_STEPS_H

#include "stats/figure.h"

#include <stddef.h>
#include <stdint.h>

/// The environment variable that names the pipes.
#define WX_STEP_VARIABLE "WXBENCH_STEP_FDS"

enum {
  WX_STEP_NAME_SIZE = 32, ///< With its NUL.
  WX_STEP_LINE_SIZE = 96, ///< With its newline.
};

/// One step.
typedef struct {
  uint64_t round;
  char name[WX_STEP_NAME_SIZE];
  WxFigure live_bytes;
} WxStep;

/// The program's two ends.
typedef struct {
  int read;  ///< The answers.
  int write; ///< The steps.
} WxStepChannel;

/// Parses a line without its newline. Returns NULL, or what was expected as a constant phrase.
const char *wx_step_parse(WxStep *step, const char *line);

/// The channel that the environment names. -ENOENT where it names none, -EINVAL where its value is
/// no pair of numbers.
int wx_step_channel(WxStepChannel *channel);

/// Says a step and waits for the answer. -EPIPE where the observer is gone, -EINVAL where the name
/// is not allowed.
int wx_step_write(WxStepChannel channel, uint64_t round, const char *name, WxFigure live_bytes);

#endif
