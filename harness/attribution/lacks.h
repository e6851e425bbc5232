/**
   @file lacks.h
   What a saved list of mappings has lost, as far as the rest tells: its end, its beginning, or rows
   between, which nobody marked.
*/
#ifndef WX_ATTRIBUTION_LACKS_H
#define WX_ATTRIBUTION_LACKS_H

#include "attribution/audit.h"

/// Whether a file ends as the kernel's list does. True of other sources: a core that is not damaged
/// has all.
bool wx_audit_has_end(const WxAudit *audit);

/// Why what was read is not all, as a phrase that `audit` or the program owns; NULL where nothing
/// says so. After the owners were weighed.
const char *wx_audit_lacks(const WxAudit *audit);

/// In rows that do not name malloc's main heap (pmap -x): the bytes without a name where the kernel
/// puts it, far below the libraries. 0 where the heap is named.
uint64_t wx_audit_hidden_heap(const WxAudit *audit);

/// What rows that were lost between others may have held. The kernel maps downwards and leaves no
/// holes: those among the libraries are given back, or stand for rows that are not there.
typedef struct {
  uint64_t bytes; ///< Of all that malloc did not make; without those between two of the double
                  ///< mapper's, which find_released() counts.
  uint64_t arena; ///< Of the largest as glibc leaves one when it aligns a heap.
} WxHoles;

/// None in sources other than lists.
WxHoles wx_audit_holes(const WxAudit *audit);

#endif
