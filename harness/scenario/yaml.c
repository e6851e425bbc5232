#include "scenario/yaml.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum { FILE_MOST = 1024 * 1024, DEPTH_MOST = 16 };

typedef struct {
  const char *data;
  size_t length;
} Source;

// Sets the complaint and returns -EINVAL.
__attribute__((format(printf, 3, 4))) static int complain(WxComplaint *complaint, size_t line,
                                                          const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  complaint->line = line;
  vsnprintf(complaint->text, sizeof complaint->text, format, arguments);
  va_end(arguments);
  return -EINVAL;
}

/* The document as libyaml reads it
 * -------------------------------------------------------------------------------------------------
 */

// Where the parser stands when it complains; of a wrong byte it knows the offset only.
static size_t problem_line(const yaml_parser_t *parser, const Source *text) {
  if (parser->error != YAML_READER_ERROR)
    return parser->problem_mark.line + 1;
  size_t line = 1;
  for (size_t i = 0; i < text->length && i < parser->problem_offset; ++i)
    line += text->data[i] == '\n';
  return line;
}

static int explain(const yaml_parser_t *parser, const Source *text, WxComplaint *complaint) {
  // Where memory runs out it does not always say what is wrong.
  if (parser->error == YAML_MEMORY_ERROR || parser->error == YAML_NO_ERROR)
    return -ENOMEM;
  return complain(complaint, problem_line(parser, text), "not YAML: %s",
                  parser->problem ? parser->problem : "unreadable");
}

static int begin(yaml_parser_t *parser, const Source *text) {
  if (!yaml_parser_initialize(parser))
    return -ENOMEM;
  yaml_parser_set_input_string(parser, (const unsigned char *)text->data, text->length);
  return 0;
}

// What has been seen of a stream of events.
typedef struct {
  unsigned documents;
  unsigned depth;
} Seen;

static int check_event(Seen *seen, const yaml_event_t *event, WxComplaint *complaint) {
  const size_t line = event->start_mark.line + 1;
  switch (event->type) {
  case YAML_ALIAS_EVENT:
    return complain(complaint, line, "alias '*%.32s'; expected the value itself",
                    (const char *)event->data.alias.anchor);
  case YAML_DOCUMENT_START_EVENT:
    if (++seen->documents > 1)
      return complain(complaint, line, "a second document; expected one a file");
    return 0;
  case YAML_MAPPING_START_EVENT:
  case YAML_SEQUENCE_START_EVENT:
    if (++seen->depth > DEPTH_MOST)
      return complain(complaint, line, "nested more than %d levels deep", DEPTH_MOST);
    return 0;
  case YAML_MAPPING_END_EVENT:
  case YAML_SEQUENCE_END_EVENT:
    --seen->depth;
    return 0;
  default:
    return 0;
  }
}

// Finds what is lost in a loaded document: that a node was written once and stands in two places,
// and that more documents follow. It also stops before deep nesting, for which libyaml takes time
// that grows with the square of the depth.
static int check_events(const Source *text, WxComplaint *complaint) {
  yaml_parser_t parser;
  int result = begin(&parser, text);
  if (result)
    return result;
  Seen seen = {0};
  for (bool ended = false; !ended && result == 0;) {
    yaml_event_t event;
    if (!yaml_parser_parse(&parser, &event)) {
      result = explain(&parser, text, complaint);
      break;
    }
    result = check_event(&seen, &event, complaint);
    ended = event.type == YAML_STREAM_END_EVENT;
    yaml_event_delete(&event);
  }
  yaml_parser_delete(&parser);
  return result;
}

static int load_document(const Source *text, yaml_document_t *document, WxComplaint *complaint) {
  yaml_parser_t parser;
  int result = begin(&parser, text);
  if (result)
    return result;
  if (!yaml_parser_load(&parser, document))
    result = explain(&parser, text, complaint);
  yaml_parser_delete(&parser);
  return result;
}

/* Its nodes as structs
 * -------------------------------------------------------------------------------------------------
 */

typedef struct {
  yaml_document_t *document;
  WxComplaint *complaint;
} Reader;

static size_t line_of(const yaml_node_t *node) {
  return node->start_mark.line + 1;
}

static const yaml_node_t *node_at(const Reader *reader, int index) {
  return yaml_document_get_node(reader->document, index);
}

static const char *scalar_of(const yaml_node_t *node) {
  return (const char *)node->data.scalar.value;
}

static bool has_text(const yaml_node_t *node) {
  return node->type == YAML_SCALAR_NODE && node->data.scalar.length > 0;
}

static bool has_nul(const yaml_node_t *node) {
  return memchr(node->data.scalar.value, '\0', node->data.scalar.length) != NULL;
}

// Members are pointers of several types; how they are stored is the same.
static void *pointer_in(const void *base, size_t offset) {
  void *pointer;
  memcpy(&pointer, (const char *)base + offset, sizeof pointer);
  return pointer;
}

static void put_pointer(void *base, size_t offset, void *pointer) {
  memcpy((char *)base + offset, &pointer, sizeof pointer);
}

static int read_text(const Reader *reader, const yaml_node_t *node, const char *name, void *base,
                     size_t offset) {
  if (!has_text(node))
    return complain(reader->complaint, line_of(node), "'%s' must be a word or a number", name);
  if (has_nul(node))
    return complain(reader->complaint, line_of(node), "'%s' has a NUL character in it", name);
  char *copy = strdup(scalar_of(node));
  put_pointer(base, offset, copy);
  return copy ? 0 : -ENOMEM;
}

static int read_struct(const Reader *reader, const yaml_node_t *node, const WxYamlStruct *type,
                       const char *name, void *into);

static unsigned *count_of(const WxYamlField *field, void *base) {
  return (unsigned *)(void *)((char *)base + field->count_offset);
}

static size_t item_size(const WxYamlField *field) {
  return field->of ? field->of->size : sizeof(char *);
}

// An item is counted before it is read, so that what is there of it is freed.
static int read_list(const Reader *reader, const yaml_node_t *node, const WxYamlField *field,
                     void *base) {
  const yaml_node_item_t *first = node->data.sequence.items.start;
  const size_t count = (size_t)(node->data.sequence.items.top - first);
  char *items = calloc(count + 1, item_size(field));
  if (!items)
    return -ENOMEM;
  put_pointer(base, field->offset, items);
  int result = 0;
  for (size_t i = 0; i < count && result == 0; ++i) {
    const yaml_node_t *item = node_at(reader, first[i]);
    char *into = items + i * item_size(field);
    ++*count_of(field, base);
    result = field->of ? read_struct(reader, item, field->of, field->key, into)
                       : read_text(reader, item, field->key, into, 0);
  }
  return result;
}

static int read_value(const Reader *reader, const yaml_node_t *node, const WxYamlField *field,
                      void *base) {
  if (field->kind == WX_YAML_TEXT)
    return read_text(reader, node, field->key, base, field->offset);
  if (field->kind == WX_YAML_LIST)
    return node->type == YAML_SEQUENCE_NODE
               ? read_list(reader, node, field, base)
               : complain(reader->complaint, line_of(node), "'%s' must be a list", field->key);
  void *made = calloc(1, field->of->size);
  put_pointer(base, field->offset, made);
  return made ? read_struct(reader, node, field->of, field->key, made) : -ENOMEM;
}

static void list_keys(const WxYamlStruct *type, char *text, size_t size) {
  size_t length = 0;
  text[0] = '\0';
  for (const WxYamlField *field = type->fields; field->key; ++field) {
    const int put = snprintf(text + length, size - length, "%s%s", length ? ", " : "", field->key);
    if (put < 0 || (size_t)put >= size - length)
      return;
    length += (size_t)put;
  }
}

// The field of a key, NULL after a complaint.
static const WxYamlField *field_of(const Reader *reader, const yaml_node_t *key,
                                   const WxYamlStruct *type) {
  if (!has_text(key) || has_nul(key)) {
    complain(reader->complaint, line_of(key), "a key must be a word");
    return NULL;
  }
  for (const WxYamlField *field = type->fields; field->key; ++field)
    if (strcmp(field->key, scalar_of(key)) == 0)
      return field;
  char keys[160];
  list_keys(type, keys, sizeof keys);
  complain(reader->complaint, line_of(key), "unknown key '%.32s'; expected %s", scalar_of(key),
           keys);
  return NULL;
}

// Whether there is a pair with that key among [start, end).
static bool has_pair(const Reader *reader, const yaml_node_pair_t *start,
                     const yaml_node_pair_t *end, const char *key) {
  for (const yaml_node_pair_t *pair = start; pair < end; ++pair)
    if (strcmp(scalar_of(node_at(reader, pair->key)), key) == 0)
      return true;
  return false;
}

static int read_mapping(const Reader *reader, const yaml_node_t *node, const WxYamlStruct *type,
                        void *into) {
  const yaml_node_pair_t *start = node->data.mapping.pairs.start;
  const yaml_node_pair_t *end = node->data.mapping.pairs.top;
  for (const yaml_node_pair_t *pair = start; pair < end; ++pair) {
    const yaml_node_t *key = node_at(reader, pair->key);
    const WxYamlField *field = field_of(reader, key, type);
    if (!field)
      return -EINVAL;
    if (has_pair(reader, start, pair, field->key))
      return complain(reader->complaint, line_of(key), "key '%.32s' is given twice", field->key);
    const int result = read_value(reader, node_at(reader, pair->value), field, into);
    if (result)
      return result;
  }
  for (const WxYamlField *field = type->fields; field->key; ++field)
    if (!field->optional && !has_pair(reader, start, end, field->key))
      return complain(reader->complaint, line_of(node), "key '%s' is missing", field->key);
  return 0;
}

// A scalar is short for a struct with its first field only.
static int read_shorthand(const Reader *reader, const yaml_node_t *node, const WxYamlStruct *type,
                          const char *name, void *into) {
  for (const WxYamlField *field = type->fields + 1; field->key; ++field)
    if (!field->optional)
      return complain(reader->complaint, line_of(node), "'%s' must be a mapping; it needs '%s' too",
                      name, field->key);
  return read_text(reader, node, name, into, type->fields->offset);
}

static int read_struct(const Reader *reader, const yaml_node_t *node, const WxYamlStruct *type,
                       const char *name, void *into) {
  if (node->type == YAML_MAPPING_NODE)
    return read_mapping(reader, node, type, into);
  if (node->type == YAML_SCALAR_NODE)
    return read_shorthand(reader, node, type, name, into);
  return complain(reader->complaint, line_of(node), "'%s' must be a mapping", name);
}

static void free_fields(const WxYamlStruct *type, void *base) {
  for (const WxYamlField *field = type->fields; field->key; ++field) {
    char *held = pointer_in(base, field->offset);
    for (unsigned i = 0; field->kind == WX_YAML_LIST && i < *count_of(field, base); ++i) {
      char *item = held + i * item_size(field);
      if (field->of)
        free_fields(field->of, item);
      else
        free(pointer_in(item, 0));
    }
    if (field->kind == WX_YAML_STRUCT && held)
      free_fields(field->of, held);
    free(held);
  }
}

void wx_yaml_free(const WxYamlStruct *type, void *loaded) {
  if (loaded)
    free_fields(type, loaded);
  free(loaded);
}

static int read_document(const Reader *reader, const WxYamlStruct *type, void **loaded) {
  const yaml_node_t *root = yaml_document_get_root_node(reader->document);
  if (!root)
    return complain(reader->complaint, 0, "the file is empty");
  void *made = calloc(1, type->size);
  if (!made)
    return -ENOMEM;
  const int result = read_struct(reader, root, type, "the file", made);
  if (result)
    wx_yaml_free(type, made);
  else
    *loaded = made;
  return result;
}

int wx_yaml_parse(const char *text, size_t length, const WxYamlStruct *type, void **loaded,
                  WxComplaint *complaint) {
  const Source source = {text, length};
  *complaint = (WxComplaint){0};
  *loaded = NULL;
  yaml_document_t document;
  int result = check_events(&source, complaint);
  if (result == 0)
    result = load_document(&source, &document, complaint);
  if (result == 0) {
    result = read_document(&(Reader){&document, complaint}, type, loaded);
    yaml_document_delete(&document);
  }
  if (result && *complaint->text == '\0')
    complain(complaint, 0, "%s", strerror(-result));
  return result;
}

int wx_yaml_read(const char *path, WxText *text, WxComplaint *complaint) {
  *complaint = (WxComplaint){0};
  const int result = wx_text_read_most(text, path, FILE_MOST);
  if (result == -EFBIG)
    complain(complaint, 0, "more than %d bytes; expected a scenario", FILE_MOST);
  else if (result)
    complain(complaint, 0, "%s", strerror(-result));
  return result;
}

static size_t line_in(yaml_document_t *document, const char *key, size_t item) {
  const yaml_node_t *root = yaml_document_get_root_node(document);
  if (!root || root->type != YAML_MAPPING_NODE)
    return 0;
  for (const yaml_node_pair_t *pair = root->data.mapping.pairs.start;
       pair < root->data.mapping.pairs.top; ++pair) {
    const yaml_node_t *name = yaml_document_get_node(document, pair->key);
    const yaml_node_t *value = yaml_document_get_node(document, pair->value);
    if (name->type != YAML_SCALAR_NODE || strcmp((const char *)name->data.scalar.value, key) != 0)
      continue;
    if (value->type != YAML_SEQUENCE_NODE)
      return line_of(value);
    const yaml_node_item_t *items = value->data.sequence.items.start;
    const size_t count = (size_t)(value->data.sequence.items.top - items);
    return item < count ? line_of(yaml_document_get_node(document, items[item])) : 0;
  }
  return 0;
}

size_t wx_yaml_line(const char *text, size_t length, const char *key, size_t item) {
  const Source source = {text, length};
  WxComplaint ignored = {0};
  yaml_document_t document;
  if (load_document(&source, &document, &ignored))
    return 0;
  const size_t line = line_in(&document, key, item);
  yaml_document_delete(&document);
  return line;
}
