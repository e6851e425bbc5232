#include "output/shown.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/// Characters that are no text: Cc, Cf, Zl and Zp of Unicode, and what hides or reverses others.
static const struct {
  uint32_t first, last;
} hidden[] = {
    {0x00, 0x1f},        // Controls: ESC, newline, ...
    {0x7f, 0x9f},        // DEL, and C1: U+009B is CSI in one character.
    {0xad, 0xad},        // Soft hyphen.
    {0x34f, 0x34f},      // Combining grapheme joiner.
    {0x600, 0x605},      // Arabic number signs.
    {0x61c, 0x61c},      // Arabic letter mark.
    {0x6dd, 0x6dd},      // Arabic end of ayah.
    {0x70f, 0x70f},      // Syriac abbreviation mark.
    {0x115f, 0x1160},    // Hangul fillers.
    {0x17b4, 0x17b5},    // Khmer inherent vowels.
    {0x180b, 0x180f},    // Mongolian selectors and separator.
    {0x200b, 0x200f},    // Zero width, left-to-right and right-to-left marks.
    {0x2028, 0x202e},    // Line and paragraph separators, embeddings, overrides.
    {0x2060, 0x206f},    // Word joiner, isolates, deprecated format characters.
    {0x3164, 0x3164},    // Hangul filler.
    {0xfe00, 0xfe0f},    // Variation selectors.
    {0xfeff, 0xfeff},    // Byte order mark.
    {0xffa0, 0xffa0},    // Halfwidth Hangul filler.
    {0xfff0, 0xfffb},    // Interlinear annotation.
    {0xfffe, 0xffff},    // No characters.
    {0x110bd, 0x110cd},  // Kaithi number signs, and digits between them.
    {0x13430, 0x1343f},  // Egyptian format controls.
    {0x1bca0, 0x1bca3},  // Shorthand format controls.
    {0x1d173, 0x1d17a},  // Musical format controls.
    {0xe0000, 0xe0fff},  // Tags and selectors.
    {0xf0000, 0x10ffff}, // Private use beyond the plane that fonts draw.
};

static bool is_hidden(uint32_t code) {
  for (size_t i = 0; i < sizeof hidden / sizeof *hidden; ++i)
    if (code >= hidden[i].first && code <= hidden[i].last)
      return true;
  return false;
}

size_t wx_utf8_decode(const char *text, size_t length, uint32_t *code) {
  const unsigned char *byte = (const unsigned char *)text;
  static const struct {
    unsigned char mask, lead;
    uint32_t lowest;
  } forms[] = {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
  for (size_t i = 0; i < sizeof forms / sizeof *forms; ++i) {
    if ((byte[0] & forms[i].mask) != forms[i].lead)
      continue;
    *code = byte[0] & (unsigned char)~forms[i].mask;
    for (size_t k = 1; k <= i; ++k) {
      if (k == length || (byte[k] & 0xc0) != 0x80)
        return 0;
      *code = *code << 6 | (byte[k] & 0x3fU);
    }
    const bool surrogate = *code >= 0xd800 && *code <= 0xdfff;
    return *code < forms[i].lowest || surrogate || *code > 0x10ffff ? 0 : i + 1;
  }
  return 0;
}

static void write_out(uint32_t code, char shown[static WX_SHOWN]) {
  static const struct {
    uint32_t code;
    const char *name;
  } names[] = {{'\n', "\\n"}, {'\t', "\\t"}, {'\r', "\\r"}};
  for (size_t i = 0; i < sizeof names / sizeof *names; ++i)
    if (names[i].code == code) {
      strcpy(shown, names[i].name);
      return;
    }
  const char *form = code < 0x80 ? "\\%03o" : code < 0x10000 ? "\\u%04x" : "\\U%08x";
  snprintf(shown, WX_SHOWN, form, code);
}

size_t wx_shown_next(const char *text, size_t length, char shown[static WX_SHOWN]) {
  uint32_t code;
  const size_t bytes = wx_utf8_decode(text, length, &code);
  if (!bytes) {
    snprintf(shown, WX_SHOWN, "\\%03o", (unsigned char)*text);
    return 1;
  }
  if (is_hidden(code)) {
    write_out(code, shown);
    return bytes;
  }
  memcpy(shown, text, bytes);
  shown[bytes] = '\0';
  return bytes;
}

void wx_shown_put(FILE *stream, const char *text, size_t length) {
  for (size_t at = 0; at < length;) {
    char shown[WX_SHOWN];
    at += wx_shown_next(text + at, length - at, shown);
    fputs(shown, stream);
  }
}

char *wx_shown(const char *text) {
  char *shown = NULL;
  size_t length;
  FILE *stream = open_memstream(&shown, &length);
  if (!stream)
    return NULL;
  wx_shown_put(stream, text, strlen(text));
  const bool lost = ferror(stream);
  if (fclose(stream) == 0 && !lost)
    return shown;
  free(shown);
  return NULL;
}

// As an escape of JSON: a character beyond the first plane is a pair.
static void put_escape(FILE *stream, uint32_t code) {
  if (code < 0x10000)
    fprintf(stream, "\\u%04x", code);
  else
    fprintf(stream, "\\u%04x\\u%04x", 0xd800 + ((code - 0x10000) >> 10),
            0xdc00 + ((code - 0x10000) & 0x3ff));
}

void wx_shown_put_json(FILE *stream, const char *json, size_t length) {
  for (size_t at = 0; at < length;) {
    uint32_t code;
    const size_t bytes = wx_utf8_decode(json + at, length - at, &code);
    if (bytes && is_hidden(code) && code != '\n')
      put_escape(stream, code);
    else
      fwrite(json + at, 1, bytes ? bytes : 1, stream);
    at += bytes ? bytes : 1;
  }
}
