#include "output/load.h"

#include "os/text.h"
#include "output/json.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

// Says what is wrong with a member, as `a.json: kind: expected a string`.
static int refuse(char *problem, const char *name, const char *member, const char *expected) {
  snprintf(problem, WX_PROBLEM, "%s: %s: expected %s", name, member, expected);
  return -EINVAL;
}

static int check(const char *name, const json_t *root, char *problem) {
  const char *schema = wx_json_get_text(root, "schema");
  if (!schema)
    return refuse(problem, name, "schema", "\"wxbench/1\", but there is none");
  if (strcmp(schema, "wxbench/1") != 0) {
    snprintf(problem, WX_PROBLEM, "%s: schema: is '%.64s', expected 'wxbench/1'", name, schema);
    return -EINVAL;
  }
  if (!wx_json_get_text(root, "kind"))
    return refuse(problem, name, "kind", "a string");
  if (!json_is_object(json_object_get(root, "context")))
    return refuse(problem, name, "context", "an object");
  const json_t *results = json_object_get(root, "results");
  if (!json_is_array(results))
    return refuse(problem, name, "results", "an array");
  for (size_t i = 0; i < json_array_size(results); ++i) {
    char member[40];
    snprintf(member, sizeof member, "results[%zu]", i);
    if (!json_is_object(json_array_get(results, i)))
      return refuse(problem, name, member, "an object");
  }
  return 0;
}

static int fail(const char *name, int error, char *problem) {
  snprintf(problem, WX_PROBLEM, "%s: %s", name, strerror(-error));
  return error;
}

static bool same_damage(const json_error_t *one, const json_error_t *other) {
  return one->line == other->line && one->column == other->column &&
         strcmp(one->text, other->text) == 0;
}

// jansson takes what it has no memory for now for damage, now for nothing at all. Damage is found
// again at the same place.
static json_t *parse(const char *text, size_t length, json_error_t *damage) {
  json_error_t first;
  json_t *parsed = json_loadb(text, length, JSON_REJECT_DUPLICATES, &first);
  if (!parsed)
    parsed = json_loadb(text, length, JSON_REJECT_DUPLICATES, damage);
  if (!parsed && !same_damage(&first, damage))
    damage->text[0] = '\0';
  return parsed;
}

int wx_document_parse(const char *name, const char *text, size_t length, json_t **root,
                      char problem[WX_PROBLEM]) {
  json_error_t damage;
  json_t *parsed = parse(text, length, &damage);
  if (!parsed && !damage.text[0])
    return fail(name, -ENOMEM, problem);
  if (!parsed) {
    snprintf(problem, WX_PROBLEM, "%s:%d:%d: %s", name, damage.line < 1 ? 1 : damage.line,
             damage.column < 1 ? 1 : damage.column, damage.text);
    return -EINVAL;
  }
  const int error = check(name, parsed, problem);
  if (error)
    json_decref(parsed);
  else
    *root = parsed;
  return error;
}

int wx_document_load(const char *path, json_t **root, char problem[WX_PROBLEM]) {
  WxText text = {0};
  int error = wx_text_read(&text, path);
  error = error ? fail(path, error, problem)
                : wx_document_parse(path, text.data, text.length, root, problem);
  wx_text_free(&text);
  return error;
}
