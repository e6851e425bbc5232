/**
   @file listing.h
   The mappings of a process as people save them: maps or smaps between fences, behind prompts and
   remarks, indented, with tabs, out of `grep -n` or a diff, rows of pmap or gdb, the listings of
   several processes one after the other.

   A file as the kernel wrote it is read by measure/maps.h and measure/smaps.h, which are faster.
*/
#ifndef WX_ATTRIBUTION_LISTING_H
#define WX_ATTRIBUTION_LISTING_H

#include "measure/smaps.h"

/// What was found beside the mappings. Lines are counted from 1; 0 where there is none.
typedef struct {
  WxDamage damage;    ///< The first line that should be a row and is none; it was left out.
  size_t gap;         ///< Where somebody left lines out, or wrote something between the rows.
  size_t next;        ///< Where the listing of another process begins: it was not read.
  bool sizes;         ///< The rows say what is resident.
  const char *format; ///< As in explain.h, of the first row; NULL where there is none.
} WxListing;

/// Reads the first listing in the file at `path` into `smaps`, in address order. Lines that cannot
/// be read are left out, and `listing` says so. Without `sizes` the residency is zero, not known.
/// Returns 0 or a negative errno where the file itself could not be read.
int wx_listing_load(WxSmaps *smaps, const char *path, WxListing *listing);

/// Why a file that begins with these bytes is no listing of mappings, and what to give instead: it
/// is compressed, or smaps_rollup. NULL where they say nothing against it.
const char *wx_listing_refuses(const char *start, size_t size);

/// Whether `mapping` is one of those that the kernel's list of a process ends with.
bool wx_listing_ends_with(const WxMapping *mapping);

#endif
