/**
   @file images.h
   Searches all memory of an audited process or core that may be read for PE images.

   Of a living process that is private memory without a file, resident only, and the double
   mapper's files by pread() of what they hold: nothing is allocated in the target.
*/
#ifndef WX_ATTRIBUTION_IMAGES_H
#define WX_ATTRIBUTION_IMAGES_H

#include "attribution/audit.h"
#include "attribution/pe.h"

/// Where an image was found.
typedef struct {
  const WxMemory *memory; ///< To read it on.
  const char *where;      ///< The owner of the memory, or "double mapper's file".
} WxImagePlace;

/// What to do with finds. Other than 0 ends the search with that value.
typedef struct {
  int (*image)(const WxPeImage *image, const WxImagePlace *place, void *context);
  int (*letters)(const WxMzHit *hit, const WxImagePlace *place, void *context);
  void *context;
} WxImageVisitor;

/// Searches everything, or only [start, end) of the address space where `end` is not 0. Returns 0,
/// a negative errno, or what the visitor returned.
int wx_images_search(const WxAudit *audit, uint64_t start, uint64_t end,
                     const WxImageVisitor *visitor);

/// The assemblies that a living process maps from files of its own, by their metadata.
int wx_images_of_files(const WxAudit *audit, const WxImageVisitor *visitor);

/// Writes an image to a new file. Returns 0 or a negative errno; -ENODATA where not all of it could
/// be read, and the file has zeros instead.
int wx_image_write(const WxPeImage *image, const WxImagePlace *place, const char *path);

#endif
