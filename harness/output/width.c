#include "output/width.h"

#include "output/shown.h"

#include <stdint.h>

/// Blocks of characters that do not take one column. Within a block a few that are not assigned or
/// take one are counted as their neighbours, and many marks that take none as one: a table is then
/// out of line, but never wider than the terminal.
static const struct {
  uint32_t first, last;
  size_t width;
} blocks[] = {
    {0x300, 0x36f, 0},   // Combining diacritical marks.
    {0x483, 0x489, 0},   // Cyrillic marks.
    {0x591, 0x5bd, 0},   // Hebrew points.
    {0x610, 0x61a, 0},   // Arabic signs.
    {0x64b, 0x65f, 0},   // Arabic points.
    {0x1100, 0x115f, 2}, // Hangul, leading consonants.
    {0x1160, 0x11ff, 0}, // Hangul, vowels and final consonants.
    {0x1ab0, 0x1aff, 0}, // More combining marks.
    {0x1dc0, 0x1dff, 0}, // More combining marks.
    {0x20d0, 0x20ff, 0}, // Combining marks for symbols.
    // Symbols that are drawn as pictures, from here to U+2B55; their neighbours take one column.
    {0x231a, 0x231b, 2},
    {0x2329, 0x232a, 2},
    {0x23e9, 0x23ec, 2},
    {0x23f0, 0x23f0, 2},
    {0x23f3, 0x23f3, 2},
    {0x25fd, 0x25fe, 2},
    {0x2614, 0x2615, 2},
    {0x2630, 0x2637, 2},
    {0x2648, 0x2653, 2},
    {0x267f, 0x267f, 2},
    {0x268a, 0x268f, 2},
    {0x2693, 0x2693, 2},
    {0x26a1, 0x26a1, 2},
    {0x26aa, 0x26ab, 2},
    {0x26bd, 0x26be, 2},
    {0x26c4, 0x26c5, 2},
    {0x26ce, 0x26ce, 2},
    {0x26d4, 0x26d4, 2},
    {0x26ea, 0x26ea, 2},
    {0x26f2, 0x26f5, 2},
    {0x26fa, 0x26fa, 2},
    {0x26fd, 0x26fd, 2},
    {0x2705, 0x2705, 2},
    {0x270a, 0x270b, 2},
    {0x2728, 0x2728, 2},
    {0x274c, 0x274e, 2},
    {0x2753, 0x2757, 2},
    {0x2795, 0x2797, 2},
    {0x27b0, 0x27b0, 2},
    {0x27bf, 0x27bf, 2},
    {0x2b1b, 0x2b1c, 2},
    {0x2b50, 0x2b50, 2},
    {0x2b55, 0x2b55, 2},
    {0x2e80, 0x303e, 2},   // CJK radicals and punctuation.
    {0x3041, 0xa4cf, 2},   // Kana, Bopomofo, CJK, Yi.
    {0xa960, 0xa97f, 2},   // Hangul extension.
    {0xac00, 0xd7a3, 2},   // Hangul.
    {0xf900, 0xfaff, 2},   // CJK compatibility.
    {0xfe10, 0xfe19, 2},   // Vertical forms.
    {0xfe20, 0xfe2f, 0},   // Combining half marks.
    {0xfe30, 0xfe6f, 2},   // CJK forms.
    {0xff01, 0xff60, 2},   // Fullwidth forms.
    {0xffe0, 0xffe6, 2},   // Fullwidth signs.
    {0x16fe0, 0x18d08, 2}, // Tangut, Khitan.
    {0x1aff0, 0x1b2fb, 2}, // More Kana, Nushu.
    {0x1d300, 0x1d376, 2}, // Tai Xuan Jing, counting rods.
    {0x1f004, 0x1f004, 2}, // A tile of mahjong.
    {0x1f0cf, 0x1f0cf, 2}, // A playing card.
    {0x1f18e, 0x1f18e, 2}, // Letters in a square.
    {0x1f191, 0x1f19a, 2}, // Words in a square.
    {0x1f200, 0x1f64f, 2}, // Ideographs in a square, pictographs, emoticons.
    {0x1f680, 0x1f6ff, 2}, // Transport and maps.
    {0x1f7e0, 0x1f7f0, 2}, // Coloured shapes.
    {0x1f900, 0x1f9ff, 2}, // More pictographs.
    {0x1fa70, 0x1faff, 2}, // More pictographs.
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
