#include "output/json.h"

#include "os/text.h"
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

const char *wx_json_text_or(const json_t *object, const char *key, const char *otherwise) {
  const char *text = wx_json_get_text(object, key);
  return text ? text : otherwise;
}

// The stream remembers where a part could not be written, which json_dumpf() does not always tell.
static int put(const char *bytes, size_t size, void *stream) {
  return fwrite(bytes, 1, size, stream) == size ? 0 : -1;
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

int wx_json_write(const json_t *value, FILE *stream) {
  char *text = wx_json_print(value, JSON_INDENT(2));
  if (!text)
    return -ENOMEM;
  wx_shown_put_json(stream, text, strlen(text));
  free(text);
  return fputc('\n', stream) == EOF || ferror(stream) ? -EIO : 0;
}

WxJsonItems wx_json_items_begin(FILE *stream, int indent) {
  fputc('[', stream);
  return (WxJsonItems){.stream = stream, .indent = indent};
}

int wx_json_items_put(WxJsonItems *items, json_t *item) {
  char *text = item ? wx_json_print(item, JSON_INDENT(2)) : NULL;
  json_decref(item);
  if (!text)
    return -ENOMEM;
  fputs(items->count++ ? "," : "", items->stream);
  for (const char *line = text; line; line = strchr(line, '\n')) { // No string has one in it.
    line += *line == '\n';
    fprintf(items->stream, "\n%*s", items->indent, "");
    wx_shown_put_json(items->stream, line, strcspn(line, "\n"));
  }
  free(text);
  return ferror(items->stream) ? -EIO : 0;
}

void wx_json_items_end(WxJsonItems *items) {
  if (items->count)
    fprintf(items->stream, "\n%*s", items->indent - 2, "");
  fputc(']', items->stream);
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

void wx_json_put_figures(WxJsonBuilder *object, const WxJsonFigure figures[], size_t count) {
  for (size_t i = 0; i < count; ++i)
    wx_json_put(object, figures[i].key, wx_json_figure(figures[i].value));
}

void wx_json_append(WxJsonBuilder *list, json_t *item) {
  list->lost |= json_array_append_new(list->value, item) != 0;
}

json_t *wx_json_built(WxJsonBuilder *builder) {
  if (builder->lost)
    json_decref(builder->value);
  return builder->lost ? NULL : builder->value;
}
