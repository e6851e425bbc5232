#include "output/check.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

// What a member may be, beside absent.
typedef enum { TEXT, FIGURES, SAMPLES, EXPECTATIONS, ANYTHING } Shape;

typedef struct {
  const char *key;
  Shape shape;
} Member;

static const Member of_result[] = {{"scenario", TEXT},
                                   {"workload", TEXT},
                                   {"strategy", TEXT},
                                   {"mode", TEXT},
                                   {"model", TEXT},
                                   {"runtime", TEXT},
                                   {"peer", TEXT},
                                   {"skipped", TEXT},
                                   {"metrics", FIGURES},
                                   {"samples", SAMPLES},
                                   {"expectations", EXPECTATIONS},
                                   {NULL, ANYTHING}};

typedef struct {
  const char *name; ///< Of the file.
  char *problem;
} Report;

static int refuse(const Report *report, const char *path, const char *expected) {
  snprintf(report->problem, WX_PROBLEM, "%s: %s: expected %s", report->name, path, expected);
  return -EINVAL;
}

static int check_figures(const Report *report, const char *path, json_t *object, int depth) {
  if (!json_is_object(object))
    return refuse(report, path, "an object");
  const char *key;
  json_t *value;
  json_object_foreach(object, key, value) {
    char inner[256];
    snprintf(inner, sizeof inner, "%.160s.%.90s", path, key);
    int error = 0;
    if (json_is_object(value) && depth > 0)
      error = check_figures(report, inner, value, depth - 1);
    else if (!json_is_number(value) && !json_is_null(value))
      error = refuse(report, inner, "a number or null");
    if (error)
      return error;
  }
  return 0;
}

static int check_sample(const Report *report, const char *path, json_t *sample) {
  if (!json_is_object(sample))
    return refuse(report, path, "an object");
  const char *key;
  json_t *value;
  json_object_foreach(sample, key, value) {
    const bool step = strcmp(key, "step") == 0;
    char inner[256];
    snprintf(inner, sizeof inner, "%.160s.%.90s", path, key);
    if (step ? !json_is_string(value) : !json_is_number(value) && !json_is_null(value))
      return refuse(report, inner, step ? "a string" : "a number or null");
  }
  return 0;
}

static int check_expectation(const Report *report, const char *path, json_t *expectation) {
  if (!json_is_string(json_object_get(expectation, "name")))
    return refuse(report, path, "a name");
  const json_t *ok = json_object_get(expectation, "ok");
  if (!json_is_boolean(ok) && !json_is_null(ok))
    return refuse(report, path, "ok to be true, false or null");
  return 0;
}

static int check_list(const Report *report, const char *path, json_t *list,
                      int (*check_one)(const Report *, const char *, json_t *)) {
  if (!json_is_array(list))
    return refuse(report, path, "an array");
  for (size_t i = 0; i < json_array_size(list); ++i) {
    char inner[192];
    snprintf(inner, sizeof inner, "%s[%zu]", path, i);
    const int error = check_one(report, inner, json_array_get(list, i));
    if (error)
      return error;
  }
  return 0;
}

static int check_member(const Report *report, const char *path, json_t *value, Shape shape) {
  switch (shape) {
  case TEXT:
    return json_is_string(value) || json_is_null(value) ? 0 : refuse(report, path, "a string");
  case FIGURES: // Of a program that did not run to its end they are null.
    return json_is_null(value) ? 0 : check_figures(report, path, value, 3);
  case SAMPLES:
    return check_list(report, path, value, check_sample);
  case EXPECTATIONS:
    return check_list(report, path, value, check_expectation);
  case ANYTHING:
    break;
  }
  return 0;
}

int wx_check_results(const json_t *root, const char *name, char problem[WX_PROBLEM]) {
  const Report report = {name, problem};
  const json_t *results = json_object_get(root, "results");
  for (size_t i = 0; i < json_array_size(results); ++i) {
    for (const Member *member = of_result; member->key; ++member) {
      char path[96];
      snprintf(path, sizeof path, "results[%zu].%s", i, member->key);
      json_t *value = json_object_get(json_array_get(results, i), member->key);
      const int error = value ? check_member(&report, path, value, member->shape) : 0;
      if (error)
        return error;
    }
  }
  return 0;
}
