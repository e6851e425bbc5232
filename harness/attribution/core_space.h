/**
   @file core_space.h
   The address space that a core describes.
*/
#ifndef WX_ATTRIBUTION_CORE_SPACE_H
#define WX_ATTRIBUTION_CORE_SPACE_H

#include "attribution/core.h"
#include "attribution/space.h"

/// A core's address space. Start with {0}, end with wx_core_space_free() before the core.
typedef struct {
  WxMapping *mappings; ///< Segments cut where a file begins or ends.
  WxMemory memory;
  WxSpace space;
  bool partial; ///< createdump left out what most of the named files had mapped (its Mini, Triage
                ///< and Heap), and so more that is not named.
} WxCoreSpace;

/// Fills `result` from an open core, which must outlive it, and attributes it. Returns 0 or
/// -ENOMEM.
int wx_core_space_make(WxCoreSpace *result, WxCore *core, const WxHeapRules *rules);

void wx_core_space_free(WxCoreSpace *result);

#endif
