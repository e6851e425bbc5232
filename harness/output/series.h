/**
   @file series.h
   The figures of a document one by one, each with the name by which a service that keeps figures of
   many runs tells it from others.
*/
#ifndef WX_OUTPUT_SERIES_H
#define WX_OUTPUT_SERIES_H

#include "output/document.h"

#include <jansson.h>

/// One figure; all of it is borrowed.
typedef struct {
  const char *subject; ///< Whose: `asm, on, 10.0.14`.
  const char *path;    ///< What: `syscalls.total`.
  const char *unit;    ///< bytes, ns, ratio or count.
  const json_t *value; ///< A number.
  const json_t *low;   ///< Of its interval, or NULL; both are numbers, and whole where they count.
  const json_t *high;
} WxSeriesFigure;

/// Calls `take` with each figure: of a comparison the new ones. It returns 0 or a negative errno,
/// which ends the walk and is returned.
int wx_series_each(const WxDocument *document,
                   int (*take)(void *context, const WxSeriesFigure *figure), void *context);

#endif
