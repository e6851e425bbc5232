/**
   @file json.h
   Small helpers over jansson. A value is NULL where memory ran out; the setters accept that and
   report it, so that a whole object can be built before one check.
*/
#ifndef WX_OUTPUT_JSON_H
#define WX_OUTPUT_JSON_H

#include "stats/figure.h"

#include <jansson.h>
#include <stdbool.h>
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

/// The same, or `otherwise`.
const char *wx_json_text_or(const json_t *object, const char *key, const char *otherwise);

/// Writes a value, indented by two, and a newline. Nothing in it is obeyed by a terminal (shown.h);
/// who reads it back gets the same strings. -ENOMEM, or -EIO where the stream failed.
int wx_json_write(const json_t *value, FILE *stream);

/// The text of a value, with flags of json_dumps(), in a new string that the caller frees. NULL
/// where memory ran out. (json_dumps() itself may leave out a part then.)
char *wx_json_print(const json_t *value, size_t flags);

/* A list that is written item by item, as wx_json_write() writes it whole
 * -------------------------------------------------------------------------------------------------
 */

typedef struct {
  FILE *stream;
  int indent; ///< Spaces before the lines between its brackets.
  size_t count;
} WxJsonItems;

WxJsonItems wx_json_items_begin(FILE *stream, int indent);

/// Writes an item and releases it. 0, -ENOMEM also for NULL, or -EIO.
int wx_json_items_put(WxJsonItems *items, json_t *item);

void wx_json_items_end(WxJsonItems *items);

/* Objects and lists that are whole or lost
 * -------------------------------------------------------------------------------------------------
 *
 * Building is sticky, as for tables: after a lost part the rest is only released.
 */

typedef struct {
  json_t *value;
  bool lost; ///< Memory ran out.
} WxJsonBuilder;

WxJsonBuilder wx_json_object(void);
WxJsonBuilder wx_json_list(void);

/// Adds a member or an item, and takes ownership of it. NULL counts as lost.
void wx_json_put(WxJsonBuilder *object, const char *key, json_t *member);
void wx_json_append(WxJsonBuilder *list, json_t *item);

/// A figure by name.
typedef struct {
  const char *key;
  WxFigure value;
} WxJsonFigure;

/// Adds a member for each of them: null where it is unknown.
void wx_json_put_figures(WxJsonBuilder *object, const WxJsonFigure figures[], size_t count);

#define PUT_FIGURES(OBJECT, ...)                                                                   \
  wx_json_put_figures(OBJECT, (const WxJsonFigure[]){__VA_ARGS__},                                 \
                      sizeof(const WxJsonFigure[]){__VA_ARGS__} / sizeof(WxJsonFigure))

/// Ends the builder: the caller's value, NULL where a part was lost.
json_t *wx_json_built(WxJsonBuilder *builder);

/// Sets a member and takes ownership of `value`. Returns 0, or -ENOMEM, also where `value` is NULL.
int wx_json_set(json_t *object, const char *key, json_t *value);

#endif
