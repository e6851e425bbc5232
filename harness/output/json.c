#include "output/json.h"

#include "output/shown.h"

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

json_t *wx_json_text(const char *text) {
  if (!text)
    return json_null();
  json_t *plain = json_string(text);
  if (plain)
    return plain;
  const size_t length = strlen(text);
  char *clean = malloc(3 * length + 1);
  if (!clean)
    return NULL;
  char *to = clean;
  for (size_t at = 0; at < length;) {
    uint32_t code;
    const size_t bytes = wx_utf8_decode(text + at, length - at, &code);
    to = mempcpy(to, bytes ? text + at : "\xef\xbf\xbd", bytes ? bytes : 3);
    at += bytes ? bytes : 1;
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

int wx_json_set(json_t *object, const char *key, json_t *value) {
  return json_object_set_new(object, key, value) == 0 ? 0 : -ENOMEM;
}

int wx_json_write(const json_t *value, FILE *stream) {
  char *text = json_dumps(value, JSON_INDENT(2));
  if (!text)
    return -ENOMEM;
  wx_shown_put_json(stream, text, strlen(text));
  free(text);
  return fputc('\n', stream) == EOF || ferror(stream) ? -EIO : 0;
}
