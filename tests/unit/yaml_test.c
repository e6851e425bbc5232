// Strict reading of YAML: what is refused, with which line and which words.
#include "scenario/yaml.h"
#include "support/inject.h"
#include "support/suite.h"
#include "support/written.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORD(STRUCT, MEMBER, OPTIONAL)                                                             \
  { .key = #MEMBER, .optional = (OPTIONAL), .offset = offsetof(STRUCT, MEMBER) }
#define LIST(MEMBER, OF)                                                                           \
  {                                                                                                \
    .key = #MEMBER, .kind = WX_YAML_LIST, .optional = true, .offset = offsetof(Document, MEMBER),  \
    .count_offset = offsetof(Document, MEMBER##_count), .of = (OF)                                 \
  }

typedef struct {
  char *number;
  char *of;
} Value;

typedef struct {
  char *name;
  char *kind;
  Value *value;
} Item;

typedef struct {
  char *name;
  Item *items;
  unsigned items_count;
  char **words;
  unsigned words_count;
} Document;

static const WxYamlStruct value_type = {
    sizeof(Value), (const WxYamlField[]){WORD(Value, number, true), WORD(Value, of, true), {0}}};
static const WxYamlStruct item_type = {sizeof(Item),
                                       (const WxYamlField[]){WORD(Item, name, false),
                                                             WORD(Item, kind, false),
                                                             {.key = "value",
                                                              .kind = WX_YAML_STRUCT,
                                                              .optional = true,
                                                              .offset = offsetof(Item, value),
                                                              .of = &value_type},
                                                             {0}}};
static const WxYamlStruct document_type = {
    sizeof(Document),
    (const WxYamlField[]){
        WORD(Document, name, false), LIST(items, &item_type), LIST(words, NULL), {0}}};

static void drop(Document *document) {
  wx_yaml_free(&document_type, document);
}

static int load(const char *path, void **loaded, WxComplaint *complaint) {
  WxText text = {0};
  *loaded = NULL;
  int result = wx_yaml_read(path, &text, complaint);
  if (result == 0)
    result = wx_yaml_parse(text.data, text.length, &document_type, loaded, complaint);
  wx_text_free(&text);
  return result;
}

static Document *accepted(const char *text) {
  char path[WRITTEN_PATH];
  written_text(path, text);
  void *loaded;
  WxComplaint complaint;
  const int result = load(path, &loaded, &complaint);
  ck_assert_msg(result == 0, "%zu: %s", complaint.line, complaint.text);
  unlink(path);
  return loaded;
}

static void refused_bytes(const char *bytes, size_t size, size_t line, const char *words) {
  char path[WRITTEN_PATH];
  written_bytes(path, bytes, size);
  void *loaded = &loaded;
  WxComplaint complaint;
  ck_assert_int_eq(load(path, &loaded, &complaint), -EINVAL);
  ck_assert_ptr_null(loaded);
  ck_assert_msg(strstr(complaint.text, words), "'%s' is not in '%s'", words, complaint.text);
  ck_assert_msg(complaint.line == line, "line %zu, not %zu: %s", complaint.line, line,
                complaint.text);
  ck_assert_ptr_null(strchr(complaint.text, '\n'));
  unlink(path);
}

static void refused(const char *text, size_t line, const char *words) {
  refused_bytes(text, strlen(text), line, words);
}

START_TEST(a_whole_document_is_read) {
  Document *read = accepted("name: first\n"
                            "items:\n"
                            "  - {name: a, kind: k, value: {number: 64KiB}}\n"
                            "  - name: \"b c\"\n"
                            "    kind: >-\n"
                            "      folded\n"
                            "      text\n"
                            "words: [x, y]\n");
  ck_assert_str_eq(read->name, "first");
  ck_assert_uint_eq(read->items_count, 2);
  ck_assert_str_eq(read->items[0].value->number, "64KiB");
  ck_assert_ptr_null(read->items[0].value->of);
  ck_assert_str_eq(read->items[1].name, "b c");
  ck_assert_str_eq(read->items[1].kind, "folded text");
  ck_assert_ptr_null(read->items[1].value);
  ck_assert_uint_eq(read->words_count, 2);
  ck_assert_str_eq(read->words[1], "y");
  drop(read);
}
END_TEST

START_TEST(a_scalar_is_short_for_the_first_field) {
  Document *read = accepted("name: n\nitems:\n- {name: a, kind: k, value: 16MiB}\n");
  ck_assert_str_eq(read->items[0].value->number, "16MiB");
  ck_assert_ptr_null(read->items[0].value->of);
  drop(read);
}
END_TEST

// Writing out a shorthand moves the nodes of the document: what was looked at must not be used.
START_TEST(many_shorthands_are_written_out) {
  enum { ITEMS = 500 };
  char *text;
  size_t size;
  FILE *stream = open_memstream(&text, &size);
  fputs("name: n\nitems:\n", stream);
  for (int i = 0; i < ITEMS; ++i)
    fprintf(stream, "- {value: %d, name: a, kind: k%d}\n", i, i);
  fputs("words: [last]\n", stream);
  fclose(stream);
  Document *read = accepted(text);
  ck_assert_uint_eq(read->items_count, ITEMS);
  for (int i = 0; i < ITEMS; ++i) {
    char number[16], kind[16];
    snprintf(number, sizeof number, "%d", i);
    snprintf(kind, sizeof kind, "k%d", i);
    ck_assert_str_eq(read->items[i].value->number, number);
    ck_assert_str_eq(read->items[i].kind, kind);
  }
  ck_assert_str_eq(read->words[0], "last");
  drop(read);
  free(text);
}
END_TEST

START_TEST(a_shorthand_is_refused_where_more_is_needed) {
  refused("name: n\nitems:\n- {name: a, kind: k}\n- b\n", 4, "needs 'kind' too");
}
END_TEST

START_TEST(an_unknown_key_is_named_with_its_line) {
  refused("name: n\nitens: []\n", 2, "unknown key 'itens'; expected name, items, words");
  refused("name: n\nitems:\n- name: a\n  kind: k\n  valeu: 3\n", 5, "unknown key 'valeu'");
  refused("name: n\nitems:\n- {name: a, kind: k, value: {numbr: 3}}\n", 3,
          "unknown key 'numbr'; expected number, of");
}
END_TEST

START_TEST(a_missing_key_is_named_with_its_line) {
  refused("items: []\n", 1, "key 'name' is missing");
  refused("name: n\nitems:\n- {name: a, kind: k}\n- {name: b}\n", 4, "key 'kind' is missing");
}
END_TEST

START_TEST(a_key_given_twice_is_refused) {
  refused("name: n\nname: m\n", 2, "key 'name' is given twice");
  refused("name: n\nitems:\n- name: a\n  kind: k\n  name: b\n", 5, "key 'name' is given twice");
}
END_TEST

START_TEST(a_value_of_the_wrong_kind_is_named_with_its_line) {
  refused("name:\n- a\n", 2, "'name' must be a word or a number");
  refused("name: n\nitems: 3\n", 2, "'items' must be a list");
  refused("name: n\nitems: {a: b}\n", 2, "'items' must be a list");
  refused("name: n\nitems:\n- [a]\n", 3, "'items' must be a mapping");
  refused("name: n\nitems:\n- {name: a, kind: k, value: [1]}\n", 3, "'value' must be a mapping");
  refused("name: n\nwords:\n- {a: b}\n", 3, "'words' must be a word or a number");
  refused("- a\n", 1, "must be a mapping");
}
END_TEST

START_TEST(an_empty_value_is_refused) {
  refused("name:\n", 1, "'name' must be a word or a number");
  refused("name: ''\n", 1, "'name' must be a word or a number");
  refused("name: n\nitems:\n", 2, "'items' must be a list");
  refused("name: n\nitems:\n- {name: a, kind: k, value: }\n", 3, "'value' must be");
  refused("name: n\n? [a]\n: b\n", 2, "a key must be a word");
  refused("name: n\n'': b\n", 2, "a key must be a word");
}
END_TEST

START_TEST(an_empty_file_is_refused) {
  refused("", 0, "empty");
  refused("# only a comment\n", 0, "empty");
  refused("---\n...\n", 2, "must be a");
}
END_TEST

START_TEST(broken_yaml_is_refused_with_its_line) {
  refused("name: [a\n", 2, "not YAML: ");
  refused("name: n\nitems:\n\t- a\n", 3, "not YAML: ");
  refused("name: n\nitems: \"open\n", 3, "not YAML: ");
  refused("name: n\n%%%%\n", 2, "not YAML: ");
  refused("name: n\nwords: [*nowhere]\n", 2, "alias");
}
END_TEST

START_TEST(a_wrong_byte_is_refused_with_its_line) {
  refused("name: n\n# fine\nitems: \xff\n", 3, "not YAML: ");
  refused("name: a\x01z\n", 1, "not YAML: ");
  static const char raw_nul[] = "name: a\0b\n";
  refused_bytes(raw_nul, sizeof raw_nul - 1, 1, "not YAML: ");
}
END_TEST

START_TEST(an_escaped_nul_is_refused) {
  refused("name: \"a\\0b\"\n", 1, "'name' has a NUL");
  refused("\"name\\0x\": a\n", 1, "a key must be a word");
}
END_TEST

// A node that stands in two places would be written out twice; and aliases of aliases explode.
START_TEST(aliases_are_refused) {
  refused("name: &a n\nwords: [*a]\n", 2, "alias '*a'");
  refused("name: n\nitems:\n- {name: a, kind: k, value: &v 3}\n- {name: b, kind: k, value: *v}\n",
          4, "alias '*v'");
  refused("name: n\nitems: &a [*a]\n", 2, "alias '*a'");
  refused("name: n\n<<: *x\n", 2, "alias");
}
END_TEST

START_TEST(a_second_document_is_refused) {
  refused("name: n\n---\nname: m\n", 2, "second document");
}
END_TEST

START_TEST(deep_nesting_is_refused) {
  enum { DEPTH = 100000 };
  char *text = malloc(DEPTH + 16);
  ck_assert_ptr_nonnull(text);
  const size_t head = (size_t)sprintf(text, "items: ");
  memset(text + head, '[', DEPTH);
  refused_bytes(text, head + DEPTH, 1, "nested more than 16 levels deep");
  free(text);
}
END_TEST

static void too_large(const char *path) {
  void *loaded;
  WxComplaint complaint;
  ck_assert_int_eq(load(path, &loaded, &complaint), -EFBIG);
  ck_assert_ptr_nonnull(strstr(complaint.text, "more than 1048576 bytes"));
}

START_TEST(a_huge_file_is_refused) {
  enum { SIZE = 1024 * 1024 };
  char *bytes = malloc(SIZE + 1);
  ck_assert_ptr_nonnull(bytes);
  memset(bytes, '#', SIZE + 1);
  char path[WRITTEN_PATH];
  written_bytes(path, bytes, SIZE + 1);
  too_large(path);
  unlink(path);
  refused_bytes(bytes, SIZE, 0, "empty");
  free(bytes);
  too_large("/dev/zero");
}
END_TEST

START_TEST(a_file_that_cannot_be_read_is_refused) {
  void *loaded;
  WxComplaint complaint;
  ck_assert_int_eq(load("/nowhere/x.yaml", &loaded, &complaint), -ENOENT);
  ck_assert_str_eq(complaint.text, "No such file or directory");
  ck_assert_int_eq(load("/tmp", &loaded, &complaint), -EISDIR);
  ck_assert_str_eq(complaint.text, "Is a directory");
}
END_TEST

START_TEST(the_line_of_a_part_is_found) {
  static const char text[] =
      "name: n\nitems:\n- {name: a, kind: k}\n\n- {name: b, kind: k}\nwords:\n  - x\n";
  static const struct {
    const char *key;
    size_t item, line;
  } rows[] = {{"name", 0, 1},  {"items", 0, 3}, {"items", 1, 5},
              {"items", 2, 0}, {"words", 0, 7}, {"other", 0, 0}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i)
    ck_assert_uint_eq(wx_yaml_line(text, sizeof text - 1, rows[i].key, rows[i].item), rows[i].line);
  ck_assert_uint_eq(wx_yaml_line("", 0, "name", 0), 0);
}
END_TEST

static int load_and_drop(void *path) {
  void *loaded;
  WxComplaint complaint;
  const int result = load(path, &loaded, &complaint);
  ck_assert(!result == (loaded != NULL));
  ck_assert(!result == (*complaint.text == '\0'));
  if (loaded)
    drop(loaded);
  return result;
}

START_TEST(a_failed_system_call_leaves_nothing) {
  char path[WRITTEN_PATH];
  written_text(path, "name: n\nitems:\n- {name: a, kind: k, value: 3}\n");
  ck_assert_uint_ge(wx_inject_without_leak(EIO, load_and_drop, path), 3);
  unlink(path);
}
END_TEST

WX_TEST_MAIN("yaml", a_whole_document_is_read, a_scalar_is_short_for_the_first_field,
             many_shorthands_are_written_out, a_shorthand_is_refused_where_more_is_needed,
             an_unknown_key_is_named_with_its_line, a_missing_key_is_named_with_its_line,
             a_key_given_twice_is_refused, a_value_of_the_wrong_kind_is_named_with_its_line,
             an_empty_value_is_refused, an_empty_file_is_refused,
             broken_yaml_is_refused_with_its_line, a_wrong_byte_is_refused_with_its_line,
             an_escaped_nul_is_refused, aliases_are_refused, a_second_document_is_refused,
             deep_nesting_is_refused, a_huge_file_is_refused, a_file_that_cannot_be_read_is_refused,
             the_line_of_a_part_is_found, a_failed_system_call_leaves_nothing)
