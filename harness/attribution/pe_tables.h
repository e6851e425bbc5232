/**
   @file pe_tables.h
   The tables of the metadata of an assembly (ECMA-335, partition II, 22 and 24.2.6): as far as one
   has to know them to find a row.
*/
#ifndef WX_ATTRIBUTION_PE_TABLES_H
#define WX_ATTRIBUTION_PE_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// The two that name an image.
enum { WX_PE_TABLE_MODULE = 0x00, WX_PE_TABLE_ASSEMBLY = 0x20, WX_PE_TABLES = 64 };

/// The stream "#~"; `bytes` and `size` are the caller's, the rest is filled by
/// wx_pe_tables_row().
typedef struct {
  const unsigned char *bytes;
  size_t size;
  uint8_t heap_sizes;
  uint32_t rows[WX_PE_TABLES];
} WxPeTables;

/// The first row of `table`, at most WX_PE_TABLE_ASSEMBLY; NULL where it has none or is cut off.
const unsigned char *wx_pe_tables_row(WxPeTables *tables, size_t table);

/// Bytes of an index into the strings (else: into the blobs): 2 or 4.
size_t wx_pe_tables_index_size(const WxPeTables *tables, bool strings);

static inline uint16_t wx_pe_u16(const unsigned char *at) {
  return (uint16_t)(at[0] | at[1] << 8);
}

static inline uint32_t wx_pe_u32(const unsigned char *at) {
  return (uint32_t)wx_pe_u16(at) | (uint32_t)wx_pe_u16(at + 2) << 16;
}

#endif
