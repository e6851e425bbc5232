#include "attribution/pe.h"

#include <string.h>

// Places in the headers (PE format, sections "COFF File Header" and "Optional Header").
enum {
  DOS_HEADER = 64,
  LFANEW = 0x3c,
  LFANEW_MAX = 4096,
  COFF = 4, // Behind the signature.
  COFF_SIZE = 20,
  OPTIONAL_MIN = 96,
  SECTION = 40,
  DIRECTORY_CERTIFICATE = 4, // The one that states a place in the file.
  DIRECTORY_CLI = 14,
};
#define IMAGE_MAX (UINT32_C(1) << 30)

static uint16_t u16(const unsigned char *at) {
  return (uint16_t)(at[0] | at[1] << 8);
}

static uint32_t u32(const unsigned char *at) {
  return (uint32_t)u16(at) | (uint32_t)u16(at + 2) << 16;
}

static void read_sections(WxPeImage *image, const unsigned char *at) {
  uint64_t end = image->headers_size > image->bytes ? image->headers_size : image->bytes;
  for (size_t i = 0; i < image->section_count; ++i, at += SECTION) {
    image->sections[i] = (WxPeSection){.virtual_size = u32(at + 8),
                                       .rva = u32(at + 12),
                                       .raw_size = u32(at + 16),
                                       .raw = u32(at + 20)};
    const uint64_t raw_end = (uint64_t)image->sections[i].raw + image->sections[i].raw_size;
    if (raw_end > end)
      end = raw_end;
  }
  image->bytes = end; // As in the file, until the metadata tells otherwise.
}

static bool read_optional(WxPeImage *image, const unsigned char *at, size_t size) {
  const uint16_t magic = u16(at);
  image->wide = magic == 0x20b;
  if (!image->wide && magic != 0x10b)
    return false;
  image->image_size = u32(at + 56);
  image->headers_size = u32(at + 60);
  const size_t directories = image->wide ? 112 : 96;
  const size_t cli = directories + DIRECTORY_CLI * 8;
  const unsigned char *certificate = at + directories + DIRECTORY_CERTIFICATE * 8;
  if (cli <= size && u32(at + directories - 4) > DIRECTORY_CERTIFICATE && u32(certificate))
    image->bytes = (uint64_t)u32(certificate) + u32(certificate + 4); // It stands at the end.
  if (cli + 8 <= size && u32(at + directories - 4) > DIRECTORY_CLI) {
    image->cli_rva = u32(at + cli);
    image->managed = image->cli_rva != 0;
  }
  return image->image_size && image->image_size <= IMAGE_MAX &&
         image->headers_size <= image->image_size;
}

bool wx_pe_read_headers(WxPeImage *image, uint64_t address, const unsigned char *head,
                        size_t size) {
  *image = (WxPeImage){.address = address};
  if (address % 8 || size < DOS_HEADER || head[0] != 'M' || head[1] != 'Z')
    return false;
  const uint32_t lfanew = u32(head + LFANEW);
  if (lfanew < DOS_HEADER || lfanew > LFANEW_MAX || lfanew % 4 ||
      size < lfanew + COFF + COFF_SIZE + OPTIONAL_MIN || memcmp(head + lfanew, "PE\0\0", COFF) != 0)
    return false;
  const unsigned char *coff = head + lfanew + COFF;
  const uint16_t optional_size = u16(coff + 16);
  image->machine = u16(coff);
  image->section_count = u16(coff + 2);
  const size_t sections = lfanew + COFF + COFF_SIZE + optional_size;
  if (!image->section_count || image->section_count > WX_PE_SECTIONS ||
      optional_size < OPTIONAL_MIN || sections + image->section_count * SECTION > size)
    return false;
  if (!read_optional(image, coff + COFF_SIZE, optional_size))
    return false;
  read_sections(image, head + sections);
  return image->bytes <= IMAGE_MAX;
}

const char *wx_mz_reason_text(WxMzReason reason) {
  static const char *const texts[WX_MZ_REASONS] = {
      [WX_MZ_POINTER] = "part of a pointer",
      [WX_MZ_NUMBER] = "the 32-bit number 23117",
      [WX_MZ_TEXT] = "part of text",
      [WX_MZ_NO_HEADER] = "no PE signature behind it",
  };
  return texts[reason];
}
