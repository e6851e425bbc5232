/**
   @file pe.h
   Recognises PE images (assemblies) in memory, by their headers and not by the letters MZ alone:
   two fixed bytes stand in every 65,536th place by chance, and in many pointers.
*/
#ifndef WX_ATTRIBUTION_PE_H
#define WX_ATTRIBUTION_PE_H

#include "attribution/process_memory.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WX_PE_SECTIONS = 96, WX_PE_NAME = 128 };

typedef struct {
  uint32_t rva; ///< Address in the loaded image.
  uint32_t virtual_size;
  uint32_t raw; ///< Place in the file.
  uint32_t raw_size;
} WxPeSection;

/// A real image.
typedef struct {
  uint64_t address;
  uint16_t machine; ///< 0x8664, 0x14c, 0xaa64, ...
  bool wide;        ///< PE32+.
  bool managed;     ///< It has a CLI header.
  bool mapped;      ///< Laid out as loaded; false: as in the file.
  uint64_t bytes;   ///< Of the image in this layout.
  uint32_t headers_size;
  uint32_t image_size;
  uint32_t cli_rva;
  WxPeSection sections[WX_PE_SECTIONS];
  size_t section_count;
  char name[WX_PE_NAME]; ///< Of the assembly or module; "" where it cannot be read.
  uint16_t version[4];   ///< All 0 where it cannot be read.
} WxPeImage;

/// Why the letters MZ begin no image.
typedef enum {
  WX_MZ_POINTER,   ///< They are part of a pointer.
  WX_MZ_NUMBER,    ///< The 32-bit number 23117.
  WX_MZ_TEXT,      ///< They stand in text.
  WX_MZ_NO_HEADER, ///< No PE signature where e_lfanew points, or at an odd address.
  WX_MZ_REASONS,
} WxMzReason;

/// "part of a pointer", ...
const char *wx_mz_reason_text(WxMzReason reason);

/// Two letters that are no image.
typedef struct {
  uint64_t address;
  WxMzReason reason;
  uint64_t pointer; ///< With WX_MZ_POINTER: its value,
  unsigned byte;    ///< and which byte of it `M` is, from 0, the lowest.
} WxMzHit;

/// Reads the headers of an image at `address`; `head` holds the memory there. Returns whether it is
/// one; name and version are not filled.
bool wx_pe_read_headers(WxPeImage *image, uint64_t address, const unsigned char *head, size_t size);

/// Finds out the layout, and fills name and version where the metadata can be read. Returns 0, or
/// -ENOMEM with both left empty.
int wx_pe_read_metadata(WxPeImage *image, const WxMemory *memory);

/// What a search does with its finds. Other than 0 ends it with that value.
typedef struct {
  int (*image)(const WxPeImage *image, void *context);
  int (*letters)(const WxMzHit *hit, void *context);
  void *context;
} WxPeVisitor;

/// Searches [start, end). What cannot be read is passed over. Returns 0, -ENOMEM, or what the
/// visitor returned.
int wx_pe_search(const WxMemory *memory, uint64_t start, uint64_t end, const WxPeVisitor *visitor);

#endif
