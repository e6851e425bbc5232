/**
   @file json.h
   Small helpers over jansson. A value is NULL where memory ran out; the setters accept that and
   report it, so that a whole object can be built before one check.
*/
#ifndef WX_OUTPUT_JSON_H
#define WX_OUTPUT_JSON_H

#include "stats/figure.h"

#include <jansson.h>
#include <stdio.h>

/// An integer, or null where the figure is unknown.
json_t *wx_json_figure(WxFigure figure);

/// A number, or null where it is not finite.
json_t *wx_json_real(double number);

/// A string, or null for NULL. Bytes that are not UTF-8 (a path may have any) become U+FFFD.
json_t *wx_json_text(const char *text);

/// The figure of a member: WX_UNKNOWN where it is absent, null or no number.
WxFigure wx_json_get_figure(const json_t *object, const char *key);

/// The text of a member: NULL where it is absent, null or no string; owned by the object.
const char *wx_json_get_text(const json_t *object, const char *key);

/// Writes a value, indented by two, and a newline. Nothing in it is obeyed by a terminal (shown.h);
/// who reads it back gets the same strings. -ENOMEM, or -EIO where the stream failed.
int wx_json_write(const json_t *value, FILE *stream);

/// Sets a member and takes ownership of `value`. Returns 0, or -ENOMEM, also where `value` is NULL.
int wx_json_set(json_t *object, const char *key, json_t *value);

#endif
