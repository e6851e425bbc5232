#include "output/json.h"

#include "os/text.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

json_t *wx_json_figure(WxFigure figure) {
  return wx_known(figure) ? json_integer(figure) : json_null();
}

json_t *wx_json_real(double number) {
  return isfinite(number) ? json_real(number) : json_null();
}

// The length of the UTF-8 character at `text`, 0 where there is none.
static size_t character_length(const unsigned char *text) {
  static const struct {
    unsigned char mask, lead;
    size_t length;
    unsigned lowest;
  } forms[] = {
      {0x80, 0x00, 1, 0}, {0xe0, 0xc0, 2, 0x80}, {0xf0, 0xe0, 3, 0x800}, {0xf8, 0xf0, 4, 0x10000}};
  for (size_t i = 0; i < sizeof forms / sizeof *forms; ++i) {
    if ((text[0] & forms[i].mask) != forms[i].lead)
      continue;
    unsigned code = text[0] & (unsigned char)~forms[i].mask;
    for (size_t k = 1; k < forms[i].length; ++k) {
      if ((text[k] & 0xc0) != 0x80)
        return 0;
      code = code << 6 | (text[k] & 0x3fU);
    }
    const bool surrogate = code >= 0xd800 && code <= 0xdfff;
    return code < forms[i].lowest || surrogate || code > 0x10ffff ? 0 : forms[i].length;
  }
  return 0;
}

json_t *wx_json_text(const char *text) {
  if (!text)
    return json_null();
  json_t *plain = json_string(text);
  if (plain)
    return plain;
  char *clean = malloc(3 * strlen(text) + 1);
  if (!clean)
    return NULL;
  char *to = clean;
  while (*text) {
    const size_t length = character_length((const unsigned char *)text);
    to = mempcpy(to, length ? text : "\xef\xbf\xbd", length ? length : 3);
    text += length ? length : 1;
  }
  *to = '\0';
  json_t *value = json_string(clean);
  free(clean);
  return value;
}

WxFigure wx_json_get_figure(const json_t *object, const char *key) {
  const json_t *value = json_object_get(object, key);
  if (json_is_integer(value))
    return json_integer_value(value);
  const double number = json_is_real(value) ? json_real_value(value) : NAN;
  return fabs(number) < 9.2e18 ? (WxFigure)llround(number) : WX_UNKNOWN;
}

const char *wx_json_get_text(const json_t *object, const char *key) {
  return json_string_value(json_object_get(object, key));
}

// The stream remembers where a part could not be written, which json_dumpf() does not always tell.
static int put(const char *bytes, size_t size, void *stream) {
  return fwrite(bytes, 1, size, stream) == size ? 0 : -1;
}

int wx_json_write(const json_t *value, FILE *stream) {
  const int failed = json_dump_callback(value, put, stream, JSON_INDENT(2));
  fputc('\n', stream);
  return failed && !ferror(stream) ? -ENOMEM : 0;
}

char *wx_json_print(const json_t *value, size_t flags) {
  WxText text = {0};
  FILE *stream = wx_text_stream(&text);
  const int failed = stream ? json_dump_callback(value, put, stream, flags) : -1;
  const int lost = stream ? wx_text_stream_end(stream, &text) : -ENOMEM;
  if (failed)
    wx_text_free(&text);
  return lost ? NULL : text.data;
}

int wx_json_set(json_t *object, const char *key, json_t *value) {
  return json_object_set_new(object, key, value) == 0 ? 0 : -ENOMEM;
}

WxJsonBuilder wx_json_object(void) {
  json_t *value = json_object();
  return (WxJsonBuilder){value, !value};
}

WxJsonBuilder wx_json_list(void) {
  json_t *value = json_array();
  return (WxJsonBuilder){value, !value};
}

void wx_json_put(WxJsonBuilder *object, const char *key, json_t *member) {
  object->lost |= json_object_set_new(object->value, key, member) != 0;
}

void wx_json_append(WxJsonBuilder *list, json_t *item) {
  list->lost |= json_array_append_new(list->value, item) != 0;
}

json_t *wx_json_built(WxJsonBuilder *builder) {
  if (builder->lost)
    json_decref(builder->value);
  return builder->lost ? NULL : builder->value;
}
