#include "scenario/yaml.h"

#include "os/text.h"
#include "scenario/yaml_check.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum { FILE_MOST = 1024 * 1024, DEPTH_MOST = 16 };

const cyaml_config_t wx_yaml_config = {.mem_fn = cyaml_mem, .log_level = CYAML_LOG_ERROR};

// Where the parser stands when it complains; of a wrong byte it knows the offset only.
static size_t problem_line(const yaml_parser_t *parser, const WxText *text) {
  if (parser->error != YAML_READER_ERROR)
    return parser->problem_mark.line + 1;
  size_t line = 1;
  for (size_t i = 0; i < text->length && i < parser->problem_offset; ++i)
    line += text->data[i] == '\n';
  return line;
}

static int explain(const yaml_parser_t *parser, const WxText *text, WxComplaint *complaint) {
  // Where memory runs out it does not always say what is wrong.
  if (parser->error == YAML_MEMORY_ERROR || parser->error == YAML_NO_ERROR)
    return -ENOMEM;
  return wx_complain(complaint, problem_line(parser, text), "not YAML: %s",
                     parser->problem ? parser->problem : "unreadable");
}

static int begin(yaml_parser_t *parser, const WxText *text) {
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
    return wx_complain(complaint, line, "alias '*%.32s'; expected the value itself",
                       (const char *)event->data.alias.anchor);
  case YAML_DOCUMENT_START_EVENT:
    if (++seen->documents > 1)
      return wx_complain(complaint, line, "a second document; expected one a file");
    return 0;
  case YAML_MAPPING_START_EVENT:
  case YAML_SEQUENCE_START_EVENT:
    if (++seen->depth > DEPTH_MOST)
      return wx_complain(complaint, line, "nested more than %d levels deep", DEPTH_MOST);
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
static int check_events(const WxText *text, WxComplaint *complaint) {
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

static int load_document(const WxText *text, yaml_document_t *document, WxComplaint *complaint) {
  yaml_parser_t parser;
  int result = begin(&parser, text);
  if (result)
    return result;
  if (!yaml_parser_load(&parser, document))
    result = explain(&parser, text, complaint);
  yaml_parser_delete(&parser);
  return result;
}

// Collects what yaml_emitter_dump() writes.
static int collect(void *context, unsigned char *buffer, size_t size) {
  FILE *stream = context;
  return fwrite(buffer, 1, size, stream) == size;
}

// Writes the document, and by that frees it, as text that the caller frees.
static int write_document(yaml_document_t *document, WxText *text) {
  yaml_emitter_t emitter;
  FILE *stream = wx_text_stream(text);
  const bool begun = stream && yaml_emitter_initialize(&emitter);
  if (!begun)
    yaml_document_delete(document);
  bool written = begun;
  if (begun) {
    yaml_emitter_set_output(&emitter, collect, stream);
    yaml_emitter_set_unicode(&emitter, 1);
    written = yaml_emitter_dump(&emitter, document);
    yaml_emitter_delete(&emitter);
  }
  const int lost = stream ? wx_text_stream_end(stream, text) : -ENOMEM;
  return written ? lost : -ENOMEM;
}

// Whether libcyaml ran out of memory: it says so in several ways, and what it reads has been parsed
// before.
static bool is_out_of_memory(cyaml_err_t error) {
  return error == CYAML_ERR_OOM || error == CYAML_ERR_LIBYAML_PARSER_INIT ||
         error == CYAML_ERR_LIBYAML_PARSER;
}

// Hands a checked document over to libcyaml, and frees it.
static int convert(yaml_document_t *document, const cyaml_schema_value_t *schema, void **loaded,
                   WxComplaint *complaint) {
  WxText text = {0};
  int result = write_document(document, &text);
  if (result == 0) {
    const cyaml_err_t error = cyaml_load_data((const uint8_t *)text.data, text.length,
                                              &wx_yaml_config, schema, loaded, NULL);
    if (is_out_of_memory(error))
      result = -ENOMEM;
    else if (error)
      result = wx_complain(complaint, 0, "%s", cyaml_strerror(error));
  }
  wx_text_free(&text);
  return result;
}

static int load_text(const WxText *text, const cyaml_schema_value_t *schema, void **loaded,
                     WxComplaint *complaint) {
  int result = check_events(text, complaint);
  yaml_document_t document;
  if (result == 0)
    result = load_document(text, &document, complaint);
  if (result)
    return result;
  if (yaml_document_get_root_node(&document))
    result = wx_yaml_check(&document, schema, complaint);
  else
    result = wx_complain(complaint, 0, "the file is empty");
  if (result == 0)
    return convert(&document, schema, loaded, complaint);
  yaml_document_delete(&document);
  return result;
}

int wx_yaml_load(const char *path, const cyaml_schema_value_t *schema, void **loaded,
                 WxComplaint *complaint) {
  *complaint = (WxComplaint){0};
  *loaded = NULL;
  WxText text = {0};
  int result = wx_text_read_most(&text, path, FILE_MOST);
  if (result == -EFBIG)
    wx_complain(complaint, 0, "more than %d bytes; expected a scenario", FILE_MOST);
  else if (result == 0)
    result = load_text(&text, schema, loaded, complaint);
  if (result && *complaint->text == '\0')
    wx_complain(complaint, 0, "%s", strerror(-result));
  wx_text_free(&text);
  return result;
}

int wx_yaml_parse(const char *text, const cyaml_schema_value_t *schema, void **loaded,
                  WxComplaint *complaint) {
  *complaint = (WxComplaint){0};
  const cyaml_err_t error =
      cyaml_load_data((const uint8_t *)text, strlen(text), &wx_yaml_config, schema, loaded, NULL);
  if (error == CYAML_OK)
    return 0;
  wx_complain(complaint, 0, "%s", cyaml_strerror(error));
  return is_out_of_memory(error) ? -ENOMEM : -EINVAL;
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
      return wx_yaml_node_line(value);
    const yaml_node_item_t *items = value->data.sequence.items.start;
    const size_t count = (size_t)(value->data.sequence.items.top - items);
    return item < count ? wx_yaml_node_line(yaml_document_get_node(document, items[item])) : 0;
  }
  return 0;
}

size_t wx_yaml_line(const char *path, const char *key, size_t item) {
  size_t line = 0;
  WxText text = {0};
  WxComplaint ignored = {0};
  yaml_document_t document;
  if (wx_text_read_most(&text, path, FILE_MOST) == 0 &&
      load_document(&text, &document, &ignored) == 0) {
    line = line_in(&document, key, item);
    yaml_document_delete(&document);
  }
  wx_text_free(&text);
  return line;
}
