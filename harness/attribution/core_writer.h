/**
   @file core_writer.h
   Writes a core of given mappings in the manner of each writer, for benchmarks and tests: sparse,
   so that a core of many gigabytes takes no room.
*/
#ifndef WX_ATTRIBUTION_CORE_WRITER_H
#define WX_ATTRIBUTION_CORE_WRITER_H

#include "attribution/core.h"
#include "measure/maps.h"

/// What to write.
typedef struct {
  WxCoreWriter writer;
  bool names_deleted_files; ///< createdump before .NET 9 does.
  bool without_file_note;   ///< As the kernel does where the note would be above 4 MiB.
  bool extended_count; ///< The number of program headers in a section header, also below 65,535.
  bool unsorted;       ///< Segments in another order than addresses.
  const WxMapping *mappings;
  size_t count;
  const uint64_t *stack_pointers; ///< One a thread.
  size_t threads;
  /// Fills `buffer` with the memory at `address`; NULL for a core without contents.
  void (*contents)(void *context, uint64_t address, void *buffer, size_t size);
  void *context;
} WxCoreRecipe;

/// Writes the core to `fd`, an empty file. Returns 0 or a negative errno.
int wx_core_write(int fd, const WxCoreRecipe *recipe);

#endif
