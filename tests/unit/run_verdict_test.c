// What a run of a real program is called, and how it is put.
#include "measure/retention.h"
#include "scenario/validation.h"
#include "support/suite.h"

#include <string.h>

enum { TEXT = 320 };

static const WxFigure mib = 1024 * 1024;

// A run whose memfd holds `allocated` at its end, `orphaned` of it mapped nowhere.
static const char *verdict(WxFigure allocated, WxFigure orphaned, WxFigure peak, char text[TEXT]) {
  WxMetrics metrics = wx_metrics_unknown();
  metrics.orphaned_bytes = orphaned;
  metrics.allocated_peak_bytes = peak;
  metrics.live_peak_bytes = 64 * mib;
  return wx_validation_verdict(&metrics, allocated, text, TEXT);
}

START_TEST(codes_follow_the_figures) {
  static const struct {
    const char *code;
    int allocated, orphaned, peak; ///< MiB.
  } rows[] = {
      {"retained", 190, 187, 190}, {"retained", 32, 8, 32}, {"live", 33, 8, 33},
      {"live", 40, 7, 40},         {"live", 14, 0, 14},     {"clean", 7, 0, 65},
      {"clean", 9, 7, 9},          {"clean", 3, 1, 3},      {"not-affected", 0, 0, 0},
      {"clean", 0, 0, 5},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
    char text[TEXT];
    const char *code =
        verdict(rows[i].allocated * mib, rows[i].orphaned * mib, rows[i].peak * mib, text);
    ck_assert_msg(strcmp(code, rows[i].code) == 0, "row %zu: %s: %s", i, code, text);
  }
}
END_TEST

// One byte below either bound is not called retained.
START_TEST(bounds_are_exact) {
  ck_assert(wx_is_retained(8 * mib, 32 * mib));
  ck_assert(!wx_is_retained(8 * mib - 1, 9 * mib));
  ck_assert(!wx_is_retained(8 * mib, 32 * mib + 4));
  ck_assert(!wx_is_retained(WX_UNKNOWN, 32 * mib));
  ck_assert(!wx_is_retained(8 * mib, WX_UNKNOWN));
}
END_TEST

START_TEST(what_cannot_be_known_is_not_called_anything) {
  char text[TEXT];
  ck_assert_str_eq(verdict(WX_UNKNOWN, 0, 5, text), "unknown");
  ck_assert_str_eq(verdict(5, WX_UNKNOWN, 5, text), "unknown");
}
END_TEST

START_TEST(words_say_how_much) {
  char text[TEXT];
  verdict(190 * mib, 187 * mib, 190 * mib, text);
  ck_assert_ptr_nonnull(
      strstr(text, "Releasing made the memfd grow: 187.0 MiB of 190.0 MiB (98 %)"));
  ck_assert_ptr_nonnull(strstr(text, "live peak of 64.0 MiB"));
  verdict(60 * mib, 57 * mib, 60 * mib, text); // Less than was live.
  ck_assert_ptr_nonnull(
      strstr(text, "What was released was not given back: 57.0 MiB of 60.0 MiB (95 %)"));
  verdict(20 * mib, 3 * mib, 20 * mib, text);
  ck_assert_ptr_nonnull(
      strstr(text, "20.0 MiB in the memfd at the end, 3.0 MiB of it mapped nowhere"));
}
END_TEST

START_TEST(a_short_buffer_is_enough_to_be_safe) {
  char text[8];
  WxMetrics metrics = wx_metrics_unknown();
  ck_assert_str_eq(wx_validation_verdict(&metrics, 5, text, sizeof text), "unknown");
  ck_assert_uint_eq(strlen(text), 7);
}
END_TEST

WX_TEST_MAIN("run_verdict", codes_follow_the_figures, bounds_are_exact,
             what_cannot_be_known_is_not_called_anything, words_say_how_much,
             a_short_buffer_is_enough_to_be_safe)
