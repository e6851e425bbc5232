/**
   @file yaml.h
   Reads a YAML file into C structs by a table of their fields, strictly: an unknown key, a missing
   one, a key given twice and a value of the wrong kind are named with their line. All scalars are
   texts.

   A scalar where a struct is wanted is short for that struct with only its first field, so it is
   refused where other fields are needed. Refused too: aliases, NUL characters, empty values, a
   second document in the file, and files above 1 MiB.
*/
#ifndef WX_SCENARIO_YAML_H
#define WX_SCENARIO_YAML_H

#include "os/text.h"

#include <stdbool.h>
#include <stddef.h>

/// What is wrong with a file.
typedef struct {
  size_t line;    ///< From 1; 0 where the file as a whole is meant.
  char text[240]; ///< What is wrong and what was expected; one line.
} WxComplaint;

typedef enum { WX_YAML_TEXT, WX_YAML_STRUCT, WX_YAML_LIST } WxYamlKind;

typedef struct WxYamlField WxYamlField;

/// What a mapping becomes.
typedef struct {
  size_t size;
  const WxYamlField *fields; ///< Ended by one without a key.
} WxYamlStruct;

/// A key of a mapping, and where its value goes: a text into a `char *`, a struct into a pointer to
/// it, a list into a pointer to its items and an `unsigned`.
struct WxYamlField {
  const char *key;
  WxYamlKind kind;
  bool optional;
  size_t offset;
  size_t count_offset;    ///< Of a list.
  const WxYamlStruct *of; ///< Of a struct, or of each item; NULL: items are texts.
  const char *about;      ///< For documentation; may be NULL.
};

/// Reads the `length` bytes at `text`. Returns 0 with `*loaded`, which wx_yaml_free() frees, or a
/// negative errno with `complaint` set.
int wx_yaml_parse(const char *text, size_t length, const WxYamlStruct *type, void **loaded,
                  WxComplaint *complaint);

/// Reads the file `path` into `text`, which the caller frees in any case. Returns 0, or a negative
/// errno with `complaint` set.
int wx_yaml_read(const char *path, WxText *text, WxComplaint *complaint);

/// Accepts NULL.
void wx_yaml_free(const WxYamlStruct *type, void *loaded);

/// The line of the value of `key` in the mapping that the text is, or of its `item`-th entry where
/// it is a list. 0 where there is none. For a complaint about what a table cannot say.
size_t wx_yaml_line(const char *text, size_t length, const char *key, size_t item);

#endif
