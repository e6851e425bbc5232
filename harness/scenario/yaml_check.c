#include "scenario/yaml_check.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

// Writing out a shorthand adds nodes, which moves all nodes: a node is named by its index wherever
// something is checked in between. The pairs and items of a node do not move.
typedef struct {
  yaml_document_t *document;
  WxComplaint *complaint;
} Checking;

static int check(Checking *checking, int index, const cyaml_schema_value_t *schema,
                 const char *name);

int wx_complain(WxComplaint *complaint, size_t line, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  complaint->line = line;
  vsnprintf(complaint->text, sizeof complaint->text, format, arguments);
  va_end(arguments);
  return -EINVAL;
}

size_t wx_yaml_node_line(const yaml_node_t *node) {
  return node->start_mark.line + 1;
}

static yaml_node_t *node_at(Checking *checking, int index) {
  return yaml_document_get_node(checking->document, index);
}

static const char *scalar_at(Checking *checking, int index) {
  return (const char *)node_at(checking, index)->data.scalar.value;
}

static bool has_text(const yaml_node_t *node) {
  return node->type == YAML_SCALAR_NODE && node->data.scalar.length > 0;
}

static bool has_nul(const yaml_node_t *node) {
  return memchr(node->data.scalar.value, '\0', node->data.scalar.length) != NULL;
}

// The schema of the field `key`, NULL where there is none.
static const cyaml_schema_field_t *field_of(const cyaml_schema_value_t *schema, const char *key) {
  const cyaml_schema_field_t *field = schema->mapping.fields;
  while (field->key && strcmp(field->key, key) != 0)
    ++field;
  return field->key ? field : NULL;
}

static void list_keys(const cyaml_schema_value_t *schema, char *text, size_t size) {
  size_t length = 0;
  text[0] = '\0';
  for (const cyaml_schema_field_t *field = schema->mapping.fields; field->key; ++field) {
    const int put = snprintf(text + length, size - length, "%s%s", length ? ", " : "", field->key);
    if (put < 0 || (size_t)put >= size - length)
      return;
    length += (size_t)put;
  }
}

static int check_key(Checking *checking, int index, const cyaml_schema_value_t *schema) {
  const yaml_node_t *key = node_at(checking, index);
  const size_t line = wx_yaml_node_line(key);
  if (!has_text(key) || has_nul(key))
    return wx_complain(checking->complaint, line, "a key must be a word");
  if (field_of(schema, scalar_at(checking, index)))
    return 0;
  char keys[160];
  list_keys(schema, keys, sizeof keys);
  return wx_complain(checking->complaint, line, "unknown key '%.32s'; expected %s",
                     scalar_at(checking, index), keys);
}

// The pair with that key among [start, end), or NULL.
static const yaml_node_pair_t *find_pair(Checking *checking, const yaml_node_pair_t *start,
                                         const yaml_node_pair_t *end, const char *key) {
  for (const yaml_node_pair_t *pair = start; pair < end; ++pair)
    if (strcmp(scalar_at(checking, pair->key), key) == 0)
      return pair;
  return NULL;
}

static int check_mapping(Checking *checking, const yaml_node_t *node,
                         const cyaml_schema_value_t *schema) {
  const size_t line = wx_yaml_node_line(node);
  const yaml_node_pair_t *start = node->data.mapping.pairs.start;
  const yaml_node_pair_t *end = node->data.mapping.pairs.top;
  for (const yaml_node_pair_t *pair = start; pair < end; ++pair) {
    int result = check_key(checking, pair->key, schema);
    if (result)
      return result;
    const char *key = scalar_at(checking, pair->key);
    if (find_pair(checking, start, pair, key))
      return wx_complain(checking->complaint, wx_yaml_node_line(node_at(checking, pair->key)),
                         "key '%.32s' is given twice", key);
    const cyaml_schema_field_t *field = field_of(schema, key);
    result = check(checking, pair->value, &field->value, field->key);
    if (result)
      return result;
  }
  for (const cyaml_schema_field_t *field = schema->mapping.fields; field->key; ++field)
    if (!(field->value.flags & CYAML_FLAG_OPTIONAL) && !find_pair(checking, start, end, field->key))
      return wx_complain(checking->complaint, line, "key '%s' is missing", field->key);
  return 0;
}

static int check_sequence(Checking *checking, const yaml_node_t *node,
                          const cyaml_schema_value_t *schema, const char *name) {
  const yaml_node_item_t *end = node->data.sequence.items.top;
  for (const yaml_node_item_t *item = node->data.sequence.items.start; item < end; ++item) {
    const int result = check(checking, *item, schema->sequence.entry, name);
    if (result)
      return result;
  }
  return 0;
}

static int check_scalar(Checking *checking, const yaml_node_t *node, const char *name) {
  const size_t line = wx_yaml_node_line(node);
  if (!has_text(node))
    return wx_complain(checking->complaint, line, "'%s' must be a word or a number", name);
  if (has_nul(node))
    return wx_complain(checking->complaint, line, "'%s' has a NUL character in it", name);
  return 0;
}

// A field besides the first that a mapping needs, NULL where it needs none.
static const char *needed_besides_first(const cyaml_schema_value_t *schema) {
  for (const cyaml_schema_field_t *field = schema->mapping.fields + 1; field->key; ++field)
    if (!(field->value.flags & CYAML_FLAG_OPTIONAL))
      return field->key;
  return NULL;
}

// Replaces the scalar node `index` by a mapping of `key` to what the scalar was.
static int write_out(Checking *checking, int index, const char *key) {
  yaml_document_t *document = checking->document;
  const int name =
      yaml_document_add_scalar(document, NULL, (const yaml_char_t *)key, -1, YAML_ANY_SCALAR_STYLE);
  const int mapping = yaml_document_add_mapping(document, NULL, YAML_ANY_MAPPING_STYLE);
  if (!name || !mapping)
    return -ENOMEM;
  // The mapping takes the scalar's place in the document, and the scalar the mapping's.
  yaml_node_t *at = node_at(checking, index);
  yaml_node_t *made = node_at(checking, mapping);
  const yaml_node_t scalar = *at;
  *at = *made;
  *made = scalar;
  return yaml_document_append_mapping_pair(document, index, name, mapping) ? 0 : -ENOMEM;
}

static int check_shorthand(Checking *checking, int index, const cyaml_schema_value_t *schema,
                           const char *name) {
  const yaml_node_t *node = node_at(checking, index);
  const char *needed = needed_besides_first(schema);
  if (needed)
    return wx_complain(checking->complaint, wx_yaml_node_line(node),
                       "'%s' must be a mapping; it needs '%s' too", name, needed);
  const int result = check_scalar(checking, node, name);
  return result ? result : write_out(checking, index, schema->mapping.fields->key);
}

static int check(Checking *checking, int index, const cyaml_schema_value_t *schema,
                 const char *name) {
  const yaml_node_t *node = node_at(checking, index);
  const size_t line = wx_yaml_node_line(node);
  switch (schema->type) {
  case CYAML_MAPPING:
    if (node->type == YAML_MAPPING_NODE)
      return check_mapping(checking, node, schema);
    if (node->type == YAML_SCALAR_NODE)
      return check_shorthand(checking, index, schema, name);
    return wx_complain(checking->complaint, line, "'%s' must be a mapping", name);
  case CYAML_SEQUENCE:
    if (node->type == YAML_SEQUENCE_NODE)
      return check_sequence(checking, node, schema, name);
    return wx_complain(checking->complaint, line, "'%s' must be a list", name);
  default:
    return check_scalar(checking, node, name);
  }
}

int wx_yaml_check(yaml_document_t *document, const cyaml_schema_value_t *schema,
                  WxComplaint *complaint) {
  Checking checking = {document, complaint};
  return check(&checking, 1, schema, "the file");
}
