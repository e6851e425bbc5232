// Names of what there is.
#include "output/documents.h"
#include "scenario/actions.h"
#include "scenario/expect.h"
#include "scenario/loaded.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

WxTable *wx_list_table(const char *title) {
  static const WxColumn columns[] = {{"name", WX_TEXT}, {"what it is", WX_TEXT}};
  return wx_table_new(title, columns, 2);
}

void wx_list_add(WxDocument *document, WxTable *table, const char *kind, const char *name,
                 const char *about) {
  wx_table_add(table, (const WxCell[]){wx_text(name), wx_text(about)});
  wx_document_add_result(
      document, json_pack("{s:s, s:s, s:s?}", "kind", kind, "name", name, "summary", about));
}

int wx_list_files(WxDocument *document, const char *folder, const char *title, const char *kind,
                  WxProblem *problem) {
  char directory[PATH_MAX];
  wx_scenario_directory(folder, directory, sizeof directory);
  char **names;
  size_t count;
  int failed = wx_loaded_names(folder, &names, &count, problem);
  if (failed)
    return failed;
  WxTable *table = wx_list_table(title);
  for (size_t i = 0; i < count && !failed; ++i) {
    char path[PATH_MAX];
    WxScenario *scenario;
    WxComplaint complaint = {.text = "expected a shorter path"};
    if (wx_scenario_path(directory, names[i], path, sizeof path) ||
        wx_scenario_load(path, &scenario, &complaint)) {
      failed = wx_problem(problem, -EINVAL, "%s:%zu: %s", path, complaint.line, complaint.text);
    } else {
      wx_list_add(document, table, kind, names[i], scenario->shows);
      wx_scenario_free(scenario);
    }
  }
  wx_scenario_names_free(names, count);
  wx_document_add_table(document, table);
  return failed;
}

// An action with the fields that it has.
void wx_list_actions(WxDocument *document) {
  WxTable *table = wx_list_table("actions");
  const char *name;
  for (size_t i = 0; (name = wx_action_name(i)); ++i) {
    char text[WX_WORDS];
    int length = snprintf(text, sizeof text, "%s", wx_action_about(i));
    for (int use = WX_USE_NEEDS; use >= WX_USE_MAY; --use) {
      const char *before = use == WX_USE_NEEDS ? ". Needs " : ". May have ", *field;
      for (size_t at = 0; (field = wx_action_field(at)) && length < WX_WORDS; ++at)
        if (wx_action_use(i, at) == (WxActionUse)use) {
          length += snprintf(text + length, sizeof text - (size_t)length, "%s%s", before, field);
          before = ", ";
        }
    }
    wx_list_add(document, table, "action", name, text);
  }
  wx_document_add_table(document, table);
}

// The words that a key may be, NULL where it is a name or a quantity.
static WxWordAt *words_of(const char *key) {
  const char *field;
  for (size_t i = 0; (field = wx_action_field(i)); ++i)
    if (strncmp(key, "round.", 6) == 0 && strcmp(key + 6, field) == 0)
      return wx_action_field_words(i);
  return strcmp(key, "expect.op") == 0 ? wx_expect_op_name : NULL;
}

// The keys of scenario files by their path.
void wx_list_keys(WxDocument *document) {
  WxTable *table = wx_list_table("keys");
  const WxScenarioKeys *keys;
  for (size_t i = 0; (keys = wx_scenario_keys_at(i)); ++i)
    for (const WxYamlField *field = keys->keys->fields; field->key; ++field) {
      char key[64], words[WX_WORDS], text[2 * WX_WORDS];
      snprintf(key, sizeof key, "%s%s", keys->before, field->key);
      WxWordAt *at = words_of(key);
      snprintf(text, sizeof text, "%s%s%s%s%s", field->about, at ? " (" : "",
               at ? wx_words_or(words, at) : "", at ? ")" : "", field->optional ? "" : ". Needed");
      wx_list_add(document, table, "key", key, text);
    }
  wx_document_add_table(document, table);
}
