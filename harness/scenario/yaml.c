#include "scenario/yaml.h"

#include "os/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

const cyaml_config_t wx_yaml_config = {.mem_fn = cyaml_mem, .log_level = CYAML_LOG_ERROR};

static int complain(WxComplaint *complaint, size_t line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int complain(WxComplaint *complaint, size_t line, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  complaint->line = line;
  vsnprintf(complaint->text, sizeof complaint->text, format, arguments);
  va_end(arguments);
  return -EINVAL;
}

static size_t line_of(const yaml_node_t *node) {
  return node->start_mark.line + 1;
}

static const char *scalar(const yaml_node_t *node) {
  return (const char *)node->data.scalar.value;
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

typedef struct {
  yaml_document_t document;
  WxComplaint *complaint;
} Reading;

static int check(Reading *reading, int index, const cyaml_schema_value_t *schema, const char *name);

static yaml_node_t *node_at(Reading *reading, int index) {
  return yaml_document_get_node(&reading->document, index);
}

static int check_key(Reading *reading, const yaml_node_pair_t *pair,
                     const cyaml_schema_value_t *schema) {
  const yaml_node_t *key = node_at(reading, pair->key);
  if (key->type != YAML_SCALAR_NODE)
    return complain(reading->complaint, line_of(key), "a key must be a word");
  const cyaml_schema_field_t *field = field_of(schema, scalar(key));
  if (field)
    return check(reading, pair->value, &field->value, field->key);
  char keys[160];
  list_keys(schema, keys, sizeof keys);
  return complain(reading->complaint, line_of(key), "unknown key '%.32s'; expected %s", scalar(key),
                  keys);
}

static bool has_key(Reading *reading, const yaml_node_t *node, const char *name) {
  for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
       pair < node->data.mapping.pairs.top; ++pair)
    if (strcmp(scalar(node_at(reading, pair->key)), name) == 0)
      return true;
  return false;
}

static int check_mapping(Reading *reading, const yaml_node_t *node,
                         const cyaml_schema_value_t *schema) {
  for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
       pair < node->data.mapping.pairs.top; ++pair) {
    const int result = check_key(reading, pair, schema);
    if (result)
      return result;
    for (const yaml_node_pair_t *other = node->data.mapping.pairs.start; other < pair; ++other)
      if (strcmp(scalar(node_at(reading, other->key)), scalar(node_at(reading, pair->key))) == 0)
        return complain(reading->complaint, line_of(node_at(reading, pair->key)),
                        "key '%.32s' is given twice", scalar(node_at(reading, pair->key)));
  }
  for (const cyaml_schema_field_t *field = schema->mapping.fields; field->key; ++field)
    if (!(field->value.flags & CYAML_FLAG_OPTIONAL) && !has_key(reading, node, field->key))
      return complain(reading->complaint, line_of(node), "key '%s' is missing", field->key);
  return 0;
}

static int check_sequence(Reading *reading, const yaml_node_t *node,
                          const cyaml_schema_value_t *schema, const char *name) {
  for (const yaml_node_item_t *item = node->data.sequence.items.start;
       item < node->data.sequence.items.top; ++item) {
    const int result = check(reading, *item, schema->sequence.entry, name);
    if (result)
      return result;
  }
  return 0;
}

// Replaces the scalar node `index` by a mapping of `key` to what the scalar was.
static int expand(Reading *reading, int index, const char *key) {
  yaml_document_t *document = &reading->document;
  const yaml_node_t *old = node_at(reading, index);
  const size_t length = old->data.scalar.length;
  const int value = yaml_document_add_scalar(document, NULL, old->data.scalar.value, (int)length,
                                             YAML_ANY_SCALAR_STYLE);
  const int name =
      yaml_document_add_scalar(document, NULL, (const yaml_char_t *)key, -1, YAML_ANY_SCALAR_STYLE);
  const int mapping = yaml_document_add_mapping(document, NULL, YAML_ANY_MAPPING_STYLE);
  if (!value || !name || !mapping ||
      !yaml_document_append_mapping_pair(document, mapping, name, value))
    return -ENOMEM;
  // The new mapping takes the scalar's place in the document, and the scalar its place.
  yaml_node_t *at = node_at(reading, index);
  yaml_node_t *made = node_at(reading, mapping);
  const yaml_node_t swapped = *at;
  *at = *made;
  *made = swapped;
  return 0;
}

static int check(Reading *reading, int index, const cyaml_schema_value_t *schema,
                 const char *name) {
  const yaml_node_t *node = node_at(reading, index);
  const size_t line = line_of(node);
  switch (schema->type) {
  case CYAML_MAPPING:
    if (node->type == YAML_MAPPING_NODE)
      return check_mapping(reading, node, schema);
    if (node->type == YAML_SCALAR_NODE && *scalar(node))
      return expand(reading, index, schema->mapping.fields->key);
    return complain(reading->complaint, line, "'%s' must be a mapping", name);
  case CYAML_SEQUENCE:
    if (node->type == YAML_SEQUENCE_NODE)
      return check_sequence(reading, node, schema, name);
    return complain(reading->complaint, line, "'%s' must be a list", name);
  default:
    if (node->type == YAML_SCALAR_NODE && *scalar(node))
      return 0;
    return complain(reading->complaint, line, "'%s' must be a word or a number", name);
  }
}

// Collects what yaml_emitter_dump() writes.
static int collect(void *context, unsigned char *buffer, size_t size) {
  FILE *stream = context;
  return fwrite(buffer, 1, size, stream) == size;
}

// Writes the document (and by that frees it) as text that the caller frees.
static int write_document(Reading *reading, char **text, size_t *size) {
  FILE *stream = open_memstream(text, size);
  if (!stream)
    return -ENOMEM;
  yaml_emitter_t emitter;
  int written = yaml_emitter_initialize(&emitter);
  if (written) {
    yaml_emitter_set_output(&emitter, collect, stream);
    yaml_emitter_set_unicode(&emitter, 1);
    written = yaml_emitter_dump(&emitter, &reading->document);
    yaml_emitter_delete(&emitter);
  }
  if (fclose(stream) || !written)
    return -ENOMEM;
  return 0;
}

static int parse_document(Reading *reading, const WxText *text) {
  yaml_parser_t parser;
  if (!yaml_parser_initialize(&parser))
    return -ENOMEM;
  yaml_parser_set_input_string(&parser, (const unsigned char *)text->data, text->length);
  int result = 0;
  if (!yaml_parser_load(&parser, &reading->document))
    result = complain(reading->complaint, parser.problem_mark.line + 1, "not YAML: %s",
                      parser.problem ? parser.problem : "unreadable");
  yaml_parser_delete(&parser);
  return result;
}

static int load_text(const WxText *text, const cyaml_schema_value_t *schema, void **loaded,
                     WxComplaint *complaint) {
  Reading reading = {.complaint = complaint};
  int result = parse_document(&reading, text);
  if (result)
    return result;
  const yaml_node_t *root = yaml_document_get_root_node(&reading.document);
  result =
      root ? check(&reading, 1, schema, "the file") : complain(complaint, 0, "the file is empty");
  if (result) {
    yaml_document_delete(&reading.document);
    return result;
  }
  char *normal = NULL;
  size_t size = 0;
  result = write_document(&reading, &normal, &size);
  if (result == 0) {
    const cyaml_err_t error =
        cyaml_load_data((const uint8_t *)normal, size, &wx_yaml_config, schema, loaded, NULL);
    if (error)
      result = complain(complaint, 0, "%s", cyaml_strerror(error));
  }
  free(normal);
  return result;
}

int wx_yaml_load(const char *path, const cyaml_schema_value_t *schema, void **loaded,
                 WxComplaint *complaint) {
  *complaint = (WxComplaint){0};
  *loaded = NULL;
  WxText text = {0};
  int result = wx_text_read(&text, path);
  if (result)
    complain(complaint, 0, "%s", strerror(-result));
  else
    result = load_text(&text, schema, loaded, complaint);
  wx_text_free(&text);
  return result;
}
