/**
   @file yaml_check.h
   Checks a parsed YAML document against a libcyaml schema, with the line of whatever is wrong.
   Private to yaml.c.
*/
#ifndef WX_SCENARIO_YAML_CHECK_H
#define WX_SCENARIO_YAML_CHECK_H

#include "scenario/yaml.h"

#include <yaml.h>

/// Sets the complaint and returns -EINVAL.
int wx_complain(WxComplaint *complaint, size_t line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/// The first line of a node, from 1.
size_t wx_yaml_node_line(const yaml_node_t *node);

/// Checks the document, and writes out the shorthand in it (yaml.h). It must have a root and no
/// aliases. Returns 0, -EINVAL with `complaint` set, or -ENOMEM.
int wx_yaml_check(yaml_document_t *document, const cyaml_schema_value_t *schema,
                  WxComplaint *complaint);

#endif
