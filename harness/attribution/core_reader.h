/**
   @file core_reader.h
   For the implementation of core.h: a file read forward through one small buffer.
*/
#ifndef WX_ATTRIBUTION_CORE_READER_H
#define WX_ATTRIBUTION_CORE_READER_H

#include "attribution/core.h"

enum { WX_CORE_BUFFER = 64 * 1024 };

/// A window of a file.
typedef struct {
  int fd;
  uint64_t start;
  size_t filled;
  unsigned char *buffer; ///< WX_CORE_BUFFER bytes, of the caller.
} WxCoreReader;

/// `size` (at most WX_CORE_BUFFER) bytes of the file at `offset`, until the next call; NULL where
/// the file has not that many there or cannot be read.
const void *wx_core_reader_at(WxCoreReader *reader, uint64_t offset, size_t size);

/// Notes the first damage.
void wx_core_damaged(WxCore *core, uint64_t offset, const char *reason);

/// Reads the notes of one PT_NOTE at [offset, offset + size). Returns 0, also where they are
/// damaged, or -ENOMEM.
int wx_core_read_notes(WxCore *core, WxCoreReader *reader, uint64_t offset, uint64_t size);

/// Reads the note NT_FILE whose descriptor is at [offset, offset + size). Returns as above.
int wx_core_read_files(WxCore *core, WxCoreReader *reader, uint64_t offset, uint64_t size);

#endif
