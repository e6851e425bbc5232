// Documents that are read, published or kept where memory runs out.
#include "memory/failing.h"
#include "output/audit_document.h"
#include "output/context.h"
#include "output/flat_table.h"
#include "output/json.h"
#include "output/load.h"
#include "output/rounds.h"
#include "stats/interval.h"
#include "support/suite.h"
#include "support/written.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int load(void *path) {
  json_t *root = NULL;
  char problem[WX_PROBLEM] = "";
  const int result = wx_document_load(path, &root, problem);
  memory_suffices();
  if (result)
    ck_assert_msg(strstr(problem, "Cannot allocate memory") && !strchr(problem, '\n'), "%s",
                  problem);
  json_decref(root);
  return result;
}

// Of words that are shorter than 16 bytes: jansson 2.14 crashes where the buffer of a longer one
// cannot grow (akheron/jansson 362).
static const char short_words[] =
    "{\"schema\": \"wxbench/1\", \"kind\": \"run\", \"context\": {\"cpus\": 2}, \"results\": ["
    "{\"scenario\": \"steady\", \"strategy\": \"rwx\", \"metrics\": {\"syscalls\": {\"total\": 7}},"
    " \"samples\": [{\"round\": 0, \"step\": \"start\", \"t_ns\": 1.5}], \"expectations\": []},"
    "{\"scenario\": \"steady\", \"strategy\": \"coreclr\", \"skipped\": \"no reason\"}]}";

START_TEST(a_document_is_read_or_memory_is_said_to_be_out) {
  char path[WRITTEN_PATH];
  written_text(path, short_words);
  ck_assert_uint_ge(memory_fail_each(load, path), 50);
  unlink(path);
}
END_TEST

static int load_damaged(void *path) {
  json_t *root = NULL;
  char problem[WX_PROBLEM] = "";
  const int result = wx_document_load(path, &root, problem);
  return result == -EINVAL ? 0 : result;
}

START_TEST(a_damaged_document_leaves_nothing_either) {
  char path[WRITTEN_PATH];
  written_text(path,
               "{\"schema\": \"wxbench/1\", \"kind\": \"run\", \"context\": {}, \"results\": [");
  ck_assert_uint_ge(memory_fail_each(load_damaged, path), 5);
  unlink(path);
}
END_TEST

static int make_context(void *context) {
  (void)context;
  json_t *made = wx_context_json("wxbench run", 0, 7);
  memory_suffices();
  json_t *whole = wx_context_json("wxbench run", 0, 7);
  ck_assert(!made || json_equal(made, whole));
  const int result = made ? 0 : -ENOMEM;
  json_decref(made);
  json_decref(whole);
  return result;
}

START_TEST(a_context_is_whole_or_lost) {
  ck_assert_uint_ge(memory_fail_each(make_context, NULL), 20);
}
END_TEST

static json_t *audit;

static int write_metrics(void *context) {
  (void)context;
  char *text = wx_audit_metrics(json_object_get(audit, "results"));
  memory_suffices();
  char *whole = wx_audit_metrics(json_object_get(audit, "results"));
  ck_assert(!text || strcmp(text, whole) == 0);
  const int result = text ? 0 : -ENOMEM;
  free(text);
  free(whole);
  return result;
}

// What is returned as redacted must be; what is not, is not published.
static int redact(void *context) {
  (void)context;
  WxRedactor redactor = {0};
  json_t *copy = json_deep_copy(audit);
  const int result = copy ? wx_audit_redact_document(&redactor, copy) : -ENOMEM;
  memory_suffices();
  char *text = result ? NULL : json_dumps(copy, 0);
  ck_assert(!text || (!strstr(text, "/srv") && !strstr(text, "Plug")));
  free(text);
  json_decref(copy);
  wx_redactor_free(&redactor);
  return result;
}

static int flatten(void *context) {
  (void)context;
  WxTable *table = wx_flat_table("title", json_object_get(audit, "results"), NULL);
  const int result = wx_table_error(table);
  wx_table_free(table);
  return result;
}

START_TEST(what_is_made_of_an_audit_is_whole_or_lost) {
  char problem[WX_PROBLEM];
  ck_assert_int_eq(wx_document_load("tests/golden/audit.json", &audit, problem), 0);
  ck_assert_uint_ge(memory_fail_each(write_metrics, NULL), 2);
  ck_assert_uint_ge(memory_fail_each(redact, NULL), 100);
  ck_assert_uint_ge(memory_fail_each(flatten, NULL), 10);
  json_decref(audit);
}
END_TEST

static int summarise(void *context) {
  (void)context;
  static const double base[] = {1, 2, 4, 8, 16}, values[] = {3, 5, 9, 17, 33};
  WxInterval interval;
  const int result = wx_interval_ratio(base, values, 5, 1, &interval);
  return result ? result : wx_interval_median(values, 5, 1, &interval);
}

static int compare_rounds(void *context) {
  const json_t *const *samples = context;
  WxInterval ratio;
  return wx_rounds_ratio(samples[0], samples[1], &ratio);
}

START_TEST(statistics_leave_nothing) {
  ck_assert_uint_ge(memory_fail_each(summarise, NULL), 4);
  json_t *samples[2];
  for (int i = 0; i < 2; ++i)
    samples[i] = json_pack("[{s:i, s:s, s:i}, {s:i, s:s, s:i}, {s:i, s:s, s:i}]", "round", 0,
                           "step", "collected", "t_ns", 10, "round", 1, "step", "collected", "t_ns",
                           20 + i, "round", 2, "step", "collected", "t_ns", 40);
  ck_assert_uint_ge(memory_fail_each(compare_rounds, samples), 4);
  json_decref(samples[0]);
  json_decref(samples[1]);
}
END_TEST

WX_TEST_MAIN("document_memory", a_document_is_read_or_memory_is_said_to_be_out,
             a_damaged_document_leaves_nothing_either, a_context_is_whole_or_lost,
             what_is_made_of_an_audit_is_whole_or_lost, statistics_leave_nothing)
