#include "support/pe_image.h"

#include <stdint.h>
#include <string.h>

enum { LFANEW = 0x80, SECTION_RAW = 0x200, SECTION_RVA = 0x2000, SECTION_SIZE = 0x200 };

static void put(unsigned char *at, uint64_t value, size_t size) {
  for (size_t i = 0; i < size; ++i)
    at[i] = (unsigned char)(value >> 8 * i);
}

static void put_headers(unsigned char *image) {
  unsigned char *coff = image + LFANEW + 4, *optional = coff + 20, *section = optional + 0xf0;
  memcpy(image, "MZ", 2);
  put(image + 0x3c, LFANEW, 4);
  memcpy(image + LFANEW, "PE\0\0", 4);
  put(coff, 0x8664, 2);
  put(coff + 2, 1, 2);     // Sections.
  put(coff + 16, 0xf0, 2); // Of the optional header.
  put(optional, 0x20b, 2);
  put(optional + 56, WX_TEST_IMAGE_LOADED, 4);
  put(optional + 60, SECTION_RAW, 4);
  put(optional + 108, 16, 4); // Directories.
  put(optional + 112 + 14 * 8, SECTION_RVA, 4);
  put(optional + 112 + 14 * 8 + 4, 72, 4);
  memcpy(section, ".text", 5);
  put(section + 8, SECTION_SIZE, 4);
  put(section + 12, SECTION_RVA, 4);
  put(section + 16, SECTION_SIZE, 4);
  put(section + 20, SECTION_RAW, 4);
}

// The metadata's root, with the streams #~ (one Module row, one Assembly row) and #Strings.
static void put_metadata(unsigned char *at) {
  static const char strings[] = "\0Plugin.dll\0Plugin";
  memcpy(at, "BSJB", 4);
  put(at + 12, 12, 4);
  memcpy(at + 16, "v4.0.30319", 10);
  put(at + 30, 2, 2); // Streams.
  put(at + 32, 0x40, 4);
  put(at + 36, 0x60, 4);
  memcpy(at + 40, "#~", 2);
  put(at + 44, 0xa0, 4);
  put(at + 48, sizeof strings, 4);
  memcpy(at + 52, "#Strings", 8);
  unsigned char *tables = at + 0x40;
  put(tables + 8, 1 | UINT64_C(1) << 0x20, 8);
  put(tables + 24, 1, 4);
  put(tables + 28, 1, 4);
  put(tables + 32 + 2, 1, 2); // Module: name.
  unsigned char *assembly = tables + 32 + 10;
  for (size_t i = 0; i < 4; ++i)
    put(assembly + 4 + 2 * i, i + 1, 2);
  put(assembly + 18, 12, 2); // Name.
  memcpy(at + 0xa0, strings, sizeof strings);
}

void wx_test_image(unsigned char *image, int mapped) {
  memset(image, 0, mapped ? WX_TEST_IMAGE_LOADED : WX_TEST_IMAGE);
  put_headers(image);
  unsigned char *section = image + (mapped ? SECTION_RVA : SECTION_RAW);
  put(section, 72, 4); // The CLI header.
  put(section + 8, SECTION_RVA + 72, 4);
  put(section + 12, 0x100, 4);
  put_metadata(section + 72);
}
