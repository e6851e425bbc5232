#include "attribution/pe.h"
#include "attribution/pe_tables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// ECMA-335, partition II, 24.2.1 (root).
enum { CLI_HEADER = 72, STREAMS_MAX = 16, METADATA_MAX = 64 * 1024 * 1024 };

typedef struct {
  const unsigned char *bytes;
  size_t size;
  WxPeTables tables;
  const unsigned char *strings; // Stream "#Strings".
  size_t strings_size;
} Metadata;

// Where an address of the loaded image stands in this layout; false where in no section.
static bool place_of(const WxPeImage *image, bool mapped, uint32_t rva, uint64_t *place) {
  if (mapped || rva < image->headers_size) {
    *place = rva;
    return true;
  }
  for (size_t i = 0; i < image->section_count; ++i) {
    const WxPeSection *section = &image->sections[i];
    if (rva >= section->rva && rva - section->rva < section->raw_size) {
      *place = (uint64_t)section->raw + (rva - section->rva);
      return true;
    }
  }
  return false;
}

// Whether the CLI header and the metadata's signature are where this layout puts them.
static bool layout_holds(const WxPeImage *image, const WxMemory *memory, bool mapped,
                         uint64_t *metadata, uint32_t *size) {
  unsigned char header[CLI_HEADER], signature[4];
  uint64_t place;
  if (!place_of(image, mapped, image->cli_rva, &place) ||
      !wx_memory_get(memory, image->address + place, header, sizeof header) ||
      wx_pe_u32(header) != CLI_HEADER || !place_of(image, mapped, wx_pe_u32(header + 8), &place))
    return false;
  *metadata = image->address + place;
  *size = wx_pe_u32(header + 12);
  return *size >= 20 && *size <= METADATA_MAX &&
         wx_memory_get(memory, *metadata, signature, sizeof signature) &&
         !memcmp(signature, "BSJB", 4);
}

static bool find_streams(Metadata *metadata) {
  const unsigned char *bytes = metadata->bytes;
  const size_t size = metadata->size;
  const size_t version = (wx_pe_u32(bytes + 12) + 3) & ~(size_t)3;
  size_t at = 16 + version;
  if (version > 256 || at + 4 > size)
    return false;
  const unsigned count = wx_pe_u16(bytes + at + 2);
  at += 4;
  for (unsigned i = 0; i < count && i < STREAMS_MAX && at + 8 < size; ++i) {
    const uint32_t offset = wx_pe_u32(bytes + at), length = wx_pe_u32(bytes + at + 4);
    const char *name = (const char *)bytes + at + 8;
    const size_t name_length = strnlen(name, size - at - 8);
    if (offset > size || length > size - offset || name_length == size - at - 8)
      return false;
    if (!strcmp(name, "#~")) {
      metadata->tables.bytes = bytes + offset;
      metadata->tables.size = length;
    } else if (!strcmp(name, "#Strings")) {
      metadata->strings = bytes + offset;
      metadata->strings_size = length;
    }
    at += 8 + ((name_length + 4) & ~(size_t)3);
  }
  return metadata->tables.bytes && metadata->strings;
}

static void take_name(WxPeImage *image, const Metadata *metadata, const unsigned char *at) {
  const uint32_t index =
      wx_pe_tables_index_size(&metadata->tables, true) == 4 ? wx_pe_u32(at) : wx_pe_u16(at);
  if (index >= metadata->strings_size)
    return;
  const size_t left = metadata->strings_size - index;
  const size_t most = left < WX_PE_NAME - 1 ? left : WX_PE_NAME - 1;
  const size_t length = strnlen((const char *)metadata->strings + index, most);
  memcpy(image->name, metadata->strings + index, length);
  image->name[length] = '\0';
}

static void take_assembly(WxPeImage *image, Metadata *metadata) {
  const unsigned char *row = wx_pe_tables_row(&metadata->tables, WX_PE_TABLE_ASSEMBLY);
  if (row) {
    for (size_t i = 0; i < 4; ++i)
      image->version[i] = wx_pe_u16(row + 4 + 2 * i);
    take_name(image, metadata, row + 16 + wx_pe_tables_index_size(&metadata->tables, false));
  } else if ((row = wx_pe_tables_row(&metadata->tables, WX_PE_TABLE_MODULE))) {
    take_name(image, metadata, row + 2); // A module without a manifest.
  }
}

int wx_pe_read_metadata(WxPeImage *image, const WxMemory *memory) {
  uint64_t place;
  Metadata metadata = {0};
  uint32_t size = 0;
  if (!image->managed)
    return 0;
  if (layout_holds(image, memory, false, &place, &size)) {
    image->mapped = false;
  } else if (layout_holds(image, memory, true, &place, &size)) {
    image->mapped = true;
    image->bytes = image->image_size;
  } else {
    return 0;
  }
  // One more byte, so that the last name ends.
  unsigned char *bytes = calloc(1, (size_t)size + 1);
  if (!bytes)
    return -ENOMEM;
  metadata.bytes = bytes;
  metadata.size = size;
  if (wx_memory_get(memory, place, bytes, size) && find_streams(&metadata))
    take_assembly(image, &metadata);
  free(bytes);
  return 0;
}
