#include "attribution/pe_tables.h"

enum { COLUMNS_MAX = 9 };

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

static const uint8_t columns[WX_PE_TABLE_ASSEMBLY + 1][COLUMNS_MAX] = {
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

static size_t column_size(const WxPeTables *tables, uint8_t column) {
  if (column <= FOUR)
    return column == TWO ? 2 : 4;
  if (column < CODED)
    return (tables->heap_sizes & 1 << (column - STRINGS)) != 0 ? 4 : 2;
  if (column >= SIMPLE)
    return tables->rows[column - SIMPLE] > 0xffff ? 4 : 2;
  const uint32_t limit = 0xffffU >> coded[column - CODED].bits;
  for (const uint8_t *table = coded[column - CODED].tables; *table != 255; ++table)
    if (tables->rows[*table] > limit)
      return 4;
  return 2;
}

static size_t row_size(const WxPeTables *tables, size_t table) {
  size_t size = 0;
  for (size_t i = 0; i < COLUMNS_MAX && columns[table][i]; ++i)
    size += column_size(tables, columns[table][i]);
  return size;
}

const unsigned char *wx_pe_tables_row(WxPeTables *tables, size_t table) {
  const unsigned char *bytes = tables->bytes;
  if (tables->size < 24)
    return NULL;
  const uint64_t valid = wx_pe_u32(bytes + 8) | (uint64_t)wx_pe_u32(bytes + 12) << 32;
  uint64_t at = 24;
  tables->heap_sizes = bytes[6];
  for (size_t i = 0; i < WX_PE_TABLES; ++i) {
    tables->rows[i] = 0;
    if (!(valid >> i & 1))
      continue;
    if (at + 4 > tables->size)
      return NULL;
    tables->rows[i] = wx_pe_u32(bytes + at);
    at += 4;
  }
  for (size_t i = 0; i < table; ++i)
    at += (uint64_t)tables->rows[i] * row_size(tables, i);
  return tables->rows[table] && at + row_size(tables, table) <= tables->size ? bytes + at : NULL;
}

size_t wx_pe_tables_index_size(const WxPeTables *tables, bool strings) {
  return column_size(tables, strings ? STRINGS : BLOB);
}
