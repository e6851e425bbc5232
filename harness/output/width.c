#include "output/width.h"

#include "output/shown.h"

#include <stdint.h>

/// Blocks of characters that do not take one column. Within the block a few that are not assigned
/// or take one are counted as their neighbours: a table is then out of line, not wrong.
static const struct {
  uint32_t first, last;
  size_t width;
} blocks[] = {
    {0x300, 0x36f, 0},     // Combining diacritical marks.
    {0x483, 0x489, 0},     // Cyrillic marks.
    {0x591, 0x5bd, 0},     // Hebrew points.
    {0x610, 0x61a, 0},     // Arabic signs.
    {0x64b, 0x65f, 0},     // Arabic points.
    {0x1100, 0x115f, 2},   // Hangul, leading consonants.
    {0x1160, 0x11ff, 0},   // Hangul, vowels and final consonants.
    {0x1ab0, 0x1aff, 0},   // More combining marks.
    {0x1dc0, 0x1dff, 0},   // More combining marks.
    {0x20d0, 0x20ff, 0},   // Combining marks for symbols.
    {0x2e80, 0x303e, 2},   // CJK radicals and punctuation.
    {0x3041, 0x4dbf, 2},   // Kana, Bopomofo, CJK extension A.
    {0x4e00, 0xa4cf, 2},   // CJK, Yi.
    {0xa960, 0xa97f, 2},   // Hangul extension.
    {0xac00, 0xd7a3, 2},   // Hangul.
    {0xf900, 0xfaff, 2},   // CJK compatibility.
    {0xfe20, 0xfe2f, 0},   // Combining half marks.
    {0xfe30, 0xfe6f, 2},   // CJK forms.
    {0xff01, 0xff60, 2},   // Fullwidth forms.
    {0xffe0, 0xffe6, 2},   // Fullwidth signs.
    {0x1f300, 0x1f64f, 2}, // Pictographs, emoticons.
    {0x1f900, 0x1f9ff, 2}, // More pictographs.
    {0x20000, 0x3fffd, 2}, // More CJK.
};

static size_t width_of(uint32_t code) {
  for (size_t i = 0; i < sizeof blocks / sizeof *blocks && code >= blocks[i].first; ++i)
    if (code <= blocks[i].last)
      return blocks[i].width;
  return 1;
}

size_t wx_width(const char *text, size_t length) {
  size_t width = 0;
  for (size_t at = 0; at < length;) {
    uint32_t code = 0;
    const size_t bytes = wx_utf8_decode(text + at, length - at, &code);
    width += bytes ? width_of(code) : 1;
    at += bytes ? bytes : 1;
  }
  return width;
}
