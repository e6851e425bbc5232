/**
   @file progress.h
   One line on stderr that is rewritten while long work goes on: only on a terminal, not under
   --quiet, and not before the work has lasted for a second.
*/
#ifndef WX_OUTPUT_PROGRESS_H
#define WX_OUTPUT_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
  bool wanted;
  bool shown;       ///< A line stands on the terminal.
  uint64_t next_ns; ///< Not before this moment (monotonic).
} WxProgress;

/// Starts the clock.
WxProgress wx_progress_begin(bool quiet);

/// Shows what is going on now, as `asm, on, 10.0.14: round 3 of 8`; cheap where nothing is shown.
void wx_progress_show(WxProgress *progress, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/// Removes the line. Call it before anything else is printed.
void wx_progress_end(WxProgress *progress);

#endif
