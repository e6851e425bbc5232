/**
   @file yaml.h
   Reads a YAML file into C structs by a libcyaml schema, strictly: an unknown key, a missing one, a
   key given twice and a value of the wrong kind are named with their line before libcyaml sees the
   file (its own messages name no line for them).

   A scalar where the schema wants a mapping is short for that mapping with only its first field,
   so it is refused where other fields are needed. Refused too: aliases, NUL characters, empty
   values, a second document in the file, and files above 1 MiB.
*/
#ifndef WX_SCENARIO_YAML_H
#define WX_SCENARIO_YAML_H

#include <cyaml/cyaml.h>
#include <stddef.h>

/// What is wrong with a file.
typedef struct {
  size_t line;    ///< From 1; 0 where the file as a whole is meant.
  char text[240]; ///< What is wrong and what was expected; one line.
} WxComplaint;

/// How libcyaml is used everywhere: silent, malloc, strict.
extern const cyaml_config_t wx_yaml_config;

/// Loads `path`. Returns 0 with `*loaded` (cyaml_free() with wx_yaml_config frees it), or a
/// negative errno with `complaint` set.
int wx_yaml_load(const char *path, const cyaml_schema_value_t *schema, void **loaded,
                 WxComplaint *complaint);

/// As wx_yaml_load() of a text that was checked before: libcyaml alone reads it.
int wx_yaml_parse(const char *text, const cyaml_schema_value_t *schema, void **loaded,
                  WxComplaint *complaint);

/// The line of the value of `key` in the mapping that the file is, or of its `item`-th entry where
/// it is a list. 0 where there is none. For a complaint about what a schema cannot say.
size_t wx_yaml_line(const char *path, const char *key, size_t item);

#endif
