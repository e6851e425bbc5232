#include "support/example.h"

#include "output/format.h"
#include "output/result_json.h"

#include <check.h>
#include <string.h>

json_t *wx_example_result(void) {
  WxSample samples[2] = {wx_sample_unknown(0, "start"), wx_sample_unknown(0, "end")};
  samples[1].allocated_bytes = 4096;
  const WxExpectationResult expectations[] = {
      {.name = "retains <all>", .ok = true, .expected = "= 4096", .actual = "4096"},
      {.name = "is \"flat\"", .ok = false, .expected = "flat", .actual = "grows"}};
  const WxOperationTime time = {"reserve", 1200, 1000, 1500, 31};
  WxResult result = {.scenario = "steady",
                     .strategy = "coreclr",
                     .metrics = wx_metrics_unknown(),
                     .samples = samples,
                     .sample_count = 2,
                     .expectations = expectations,
                     .expectation_count = 2,
                     .verdict_code = "retained",
                     .verdict_text = "4096 bytes are retained."};
  result.metrics.retained_bytes = 4096;
  result.metrics.syscalls.total = 7;
  result.metrics.time_ns = (WxOperationTimes){&time, 1};
  ck_assert(!wx_result_ok(&result));
  return wx_result_json(&result);
}

WxDocument wx_example_document(void) {
  WxDocument document;
  wx_document_init(&document, "run");
  wx_document_add_result(&document, wx_example_result());
  wx_document_add_result(&document,
                         wx_result_json(&(WxResult){.workload = "asm", .skipped = "no SDK"}));
  wx_document_add_table(&document, wx_result_table("Title", document.results));
  wx_document_note(&document, "%d note", 1);
  return document;
}

char *wx_example_render(const WxDocument *document, const char *format) {
  char *text = NULL;
  size_t length = 0;
  ck_assert_int_eq(wx_format_render(wx_format_find(format), document, &text, &length), 0);
  ck_assert_uint_eq(strlen(text), length);
  return text;
}

void wx_assert_contains(const char *text, const char *part) {
  ck_assert_msg(strstr(text, part) != NULL, "no '%s' in:\n%s", part, text);
}
