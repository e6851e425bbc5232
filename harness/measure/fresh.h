/**
   @file fresh.h
   A part of this program played in a process that was executed for it: its address space, heap,
   stack, environment and descriptors are the same whatever this process has done before, in which
   folder and with which environment it runs.

   The order travels as bytes, and the report comes back, in a file that both map. The program that
   is executed is this one again, whichever it is (a test, too): before its own main() it finds the
   order and plays it.
*/
#ifndef WX_MEASURE_FRESH_H
#define WX_MEASURE_FRESH_H

#include "measure/steps.h"

/// The part: reads `order`, `size` bytes, fills `report`, which starts zeroed, and says its steps.
/// Returns the exit status.
typedef int WxFreshPlay(const void *order, size_t size, void *report, WxStepChannel channel);

/// The descriptors of such a process beside the standard ones.
enum { WX_FRESH_ANSWERS = 3, WX_FRESH_STEPS, WX_FRESH_ORDER, WX_FRESH_UNUSED };

/// The environment variable that says that there is an order.
#define WX_FRESH_VARIABLE "WXBENCH_FRESH"

/// An order that is to be played. Start with {.fd = -1}, end with wx_fresh_close().
typedef struct {
  int fd;
  void *memory;
  size_t size;
  void *report; ///< What the part reports; in `memory`.
} WxFresh;

/// Makes an order of `size` bytes for `play` with a report of `report_size` bytes. Returns 0 or a
/// negative errno.
int wx_fresh_open(WxFresh *fresh, WxFreshPlay *play, const void *order, size_t size,
                  size_t report_size);

/// The report is gone with it. Can be called twice.
void wx_fresh_close(WxFresh *fresh);

#endif
