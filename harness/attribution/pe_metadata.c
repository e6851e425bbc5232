#include "attribution/pe.h"

#include <stdlib.h>
#include <string.h>

// ECMA-335, partition II: 24.2.1 (root), 24.2.6 (tables), 22 (columns of each table).
enum {
  CLI_HEADER = 72,
  STREAMS_MAX = 16,
  METADATA_MAX = 64 * 1024 * 1024,
  TABLES = 64,
  TABLE_ASSEMBLY = 0x20,
  COLUMNS_MAX = 9,
};

// Kinds of columns below CODED; from there on a coded index, from SIMPLE on the number of a table.
enum {
  END,
  TWO,
  FOUR,
  STRINGS,
  GUID,
  BLOB,
  CODED = 16,
  TYPE_DEF_OR_REF = CODED,
  HAS_CONSTANT,
  HAS_CUSTOM_ATTRIBUTE,
  HAS_FIELD_MARSHAL,
  HAS_DECL_SECURITY,
  MEMBER_REF_PARENT,
  HAS_SEMANTICS,
  METHOD_DEF_OR_REF,
  MEMBER_FORWARDED,
  CUSTOM_ATTRIBUTE_TYPE,
  RESOLUTION_SCOPE,
  SIMPLE = 64,
};
#define TABLE(NUMBER) (SIMPLE + (NUMBER))

static const uint8_t columns[TABLE_ASSEMBLY + 1][COLUMNS_MAX] = {
    [0x00] = {TWO, STRINGS, GUID, GUID, GUID},
    [0x01] = {RESOLUTION_SCOPE, STRINGS, STRINGS},
    [0x02] = {FOUR, STRINGS, STRINGS, TYPE_DEF_OR_REF, TABLE(0x04), TABLE(0x06)},
    [0x03] = {TABLE(0x04)},
    [0x04] = {TWO, STRINGS, BLOB},
    [0x05] = {TABLE(0x06)},
    [0x06] = {FOUR, TWO, TWO, STRINGS, BLOB, TABLE(0x08)},
    [0x07] = {TABLE(0x08)},
    [0x08] = {TWO, TWO, STRINGS},
    [0x09] = {TABLE(0x02), TYPE_DEF_OR_REF},
    [0x0a] = {MEMBER_REF_PARENT, STRINGS, BLOB},
    [0x0b] = {TWO, HAS_CONSTANT, BLOB},
    [0x0c] = {HAS_CUSTOM_ATTRIBUTE, CUSTOM_ATTRIBUTE_TYPE, BLOB},
    [0x0d] = {HAS_FIELD_MARSHAL, BLOB},
    [0x0e] = {TWO, HAS_DECL_SECURITY, BLOB},
    [0x0f] = {TWO, FOUR, TABLE(0x02)},
    [0x10] = {FOUR, TABLE(0x04)},
    [0x11] = {BLOB},
    [0x12] = {TABLE(0x02), TABLE(0x14)},
    [0x13] = {TABLE(0x14)},
    [0x14] = {TWO, STRINGS, TYPE_DEF_OR_REF},
    [0x15] = {TABLE(0x02), TABLE(0x17)},
    [0x16] = {TABLE(0x17)},
    [0x17] = {TWO, STRINGS, BLOB},
    [0x18] = {TWO, TABLE(0x06), HAS_SEMANTICS},
    [0x19] = {TABLE(0x02), METHOD_DEF_OR_REF, METHOD_DEF_OR_REF},
    [0x1a] = {STRINGS},
    [0x1b] = {BLOB},
    [0x1c] = {TWO, MEMBER_FORWARDED, STRINGS, TABLE(0x1a)},
    [0x1d] = {FOUR, TABLE(0x04)},
    [0x1e] = {FOUR, FOUR},
    [0x1f] = {FOUR},
    [0x20] = {FOUR, TWO, TWO, TWO, TWO, FOUR, BLOB, STRINGS, STRINGS},
};

// The tables that a coded index can point into, and the bits that say which; 255 ends.
static const struct {
  uint8_t bits;
  uint8_t tables[24];
} coded[] = {
    [TYPE_DEF_OR_REF - CODED] = {2, {0x02, 0x01, 0x1b, 255}},
    [HAS_CONSTANT - CODED] = {2, {0x04, 0x08, 0x17, 255}},
    [HAS_CUSTOM_ATTRIBUTE -
        CODED] = {5, {0x06, 0x04, 0x01, 0x02, 0x08, 0x09, 0x0a, 0x00, 0x0e, 0x17, 0x14, 0x11,
                      0x1a, 0x1b, 0x20, 0x23, 0x26, 0x27, 0x28, 0x2a, 0x2c, 0x2b, 255}},
    [HAS_FIELD_MARSHAL - CODED] = {1, {0x04, 0x08, 255}},
    [HAS_DECL_SECURITY - CODED] = {2, {0x02, 0x06, 0x20, 255}},
    [MEMBER_REF_PARENT - CODED] = {3, {0x02, 0x01, 0x1a, 0x06, 0x1b, 255}},
    [HAS_SEMANTICS - CODED] = {1, {0x14, 0x17, 255}},
    [METHOD_DEF_OR_REF - CODED] = {1, {0x06, 0x0a, 255}},
    [MEMBER_FORWARDED - CODED] = {1, {0x04, 0x06, 255}},
    [CUSTOM_ATTRIBUTE_TYPE - CODED] = {3, {0x06, 0x0a, 255}},
    [RESOLUTION_SCOPE - CODED] = {2, {0x00, 0x1a, 0x23, 0x01, 255}},
};

typedef struct {
  const unsigned char *bytes;
  size_t size;
  const unsigned char *tables; // Stream "#~",
  size_t tables_size;
  const unsigned char *strings; // "#Strings".
  size_t strings_size;
  uint8_t heap_sizes;
  uint32_t rows[TABLES];
} Metadata;

static uint16_t u16(const unsigned char *at) {
  return (uint16_t)(at[0] | at[1] << 8);
}

static uint32_t u32(const unsigned char *at) {
  return (uint32_t)u16(at) | (uint32_t)u16(at + 2) << 16;
}

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
      u32(header) != CLI_HEADER || !place_of(image, mapped, u32(header + 8), &place))
    return false;
  *metadata = image->address + place;
  *size = u32(header + 12);
  return *size >= 20 && *size <= METADATA_MAX &&
         wx_memory_get(memory, *metadata, signature, sizeof signature) &&
         !memcmp(signature, "BSJB", 4);
}

static bool find_streams(Metadata *metadata) {
  const unsigned char *bytes = metadata->bytes;
  const size_t size = metadata->size;
  const size_t version = (u32(bytes + 12) + 3) & ~(size_t)3;
  size_t at = 16 + version;
  if (version > 256 || at + 4 > size)
    return false;
  const unsigned count = u16(bytes + at + 2);
  at += 4;
  for (unsigned i = 0; i < count && i < STREAMS_MAX && at + 8 < size; ++i) {
    const uint32_t offset = u32(bytes + at), length = u32(bytes + at + 4);
    const char *name = (const char *)bytes + at + 8;
    const size_t name_length = strnlen(name, size - at - 8);
    if (offset > size || length > size - offset || name_length == size - at - 8)
      return false;
    if (!strcmp(name, "#~")) {
      metadata->tables = bytes + offset;
      metadata->tables_size = length;
    } else if (!strcmp(name, "#Strings")) {
      metadata->strings = bytes + offset;
      metadata->strings_size = length;
    }
    at += 8 + ((name_length + 4) & ~(size_t)3);
  }
  return metadata->tables && metadata->strings;
}

static size_t column_size(const Metadata *metadata, uint8_t column) {
  if (column <= FOUR)
    return column == TWO ? 2 : 4;
  if (column < CODED)
    return (metadata->heap_sizes & 1 << (column - STRINGS)) != 0 ? 4 : 2;
  if (column >= SIMPLE)
    return metadata->rows[column - SIMPLE] > 0xffff ? 4 : 2;
  const uint32_t limit = 0xffffU >> coded[column - CODED].bits;
  for (const uint8_t *table = coded[column - CODED].tables; *table != 255; ++table)
    if (metadata->rows[*table] > limit)
      return 4;
  return 2;
}

static size_t row_size(const Metadata *metadata, size_t table) {
  size_t size = 0;
  for (size_t i = 0; i < COLUMNS_MAX && columns[table][i]; ++i)
    size += column_size(metadata, columns[table][i]);
  return size;
}

// The place of the first row of a table, or NULL where it has none or is cut off.
static const unsigned char *first_row(Metadata *metadata, size_t table) {
  const unsigned char *bytes = metadata->tables;
  if (metadata->tables_size < 24)
    return NULL;
  const uint64_t valid = u32(bytes + 8) | (uint64_t)u32(bytes + 12) << 32;
  uint64_t at = 24;
  metadata->heap_sizes = bytes[6];
  for (size_t i = 0; i < TABLES; ++i) {
    metadata->rows[i] = 0;
    if (!(valid >> i & 1))
      continue;
    if (at + 4 > metadata->tables_size)
      return NULL;
    metadata->rows[i] = u32(bytes + at);
    at += 4;
  }
  for (size_t i = 0; i < table; ++i)
    at += (uint64_t)metadata->rows[i] * row_size(metadata, i);
  return metadata->rows[table] && at + row_size(metadata, table) <= metadata->tables_size
             ? bytes + at
             : NULL;
}

static void take_name(WxPeImage *image, const Metadata *metadata, const unsigned char *at) {
  const uint32_t index = metadata->heap_sizes & 1 ? u32(at) : u16(at);
  if (index >= metadata->strings_size)
    return;
  const size_t left = metadata->strings_size - index;
  const size_t most = left < WX_PE_NAME - 1 ? left : WX_PE_NAME - 1;
  const size_t length = strnlen((const char *)metadata->strings + index, most);
  memcpy(image->name, metadata->strings + index, length);
  image->name[length] = '\0';
}

static void take_assembly(WxPeImage *image, Metadata *metadata) {
  const unsigned char *row = first_row(metadata, TABLE_ASSEMBLY);
  if (row) {
    for (size_t i = 0; i < 4; ++i)
      image->version[i] = u16(row + 4 + 2 * i);
    take_name(image, metadata, row + 16 + column_size(metadata, BLOB));
  } else if ((row = first_row(metadata, 0))) {
    take_name(image, metadata, row + 2); // A module without a manifest.
  }
}

void wx_pe_read_metadata(WxPeImage *image, const WxMemory *memory) {
  uint64_t place;
  Metadata metadata = {0};
  uint32_t size = 0;
  if (!image->managed)
    return;
  if (layout_holds(image, memory, false, &place, &size)) {
    image->mapped = false;
  } else if (layout_holds(image, memory, true, &place, &size)) {
    image->mapped = true;
    image->bytes = image->image_size;
  } else {
    return;
  }
  // One more byte, so that the last name ends.
  unsigned char *bytes = calloc(1, (size_t)size + 1);
  if (!bytes)
    return;
  metadata.bytes = bytes;
  metadata.size = size;
  if (wx_memory_get(memory, place, bytes, size) && find_streams(&metadata))
    take_assembly(image, &metadata);
  free(bytes);
}
