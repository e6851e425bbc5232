/**
   @file suite.h
   The main program of a libcheck test: `WX_TEST_MAIN("topic", first_claim, second_claim, ...)`.
*/
#ifndef TESTS_SUPPORT_SUITE_H
#define TESTS_SUPPORT_SUITE_H

#include <check.h>
#include <stddef.h>

/// Runs each test in a process of its own. Returns the exit status of the program.
int wx_suite_run(const char *name, const TTest *const tests[], size_t count);

/// As wx_suite_run(), each test run once for every index in [0, variants): `_i` in the test, a row
/// of its table.
int wx_suite_run_variants(const char *name, const TTest *const tests[], size_t count, int variants);

#define WX_TEST_MAIN(NAME, ...)                                                                    \
  int main(void) {                                                                                 \
    const TTest *const wx_tests[] = {__VA_ARGS__};                                                 \
    return wx_suite_run(NAME, wx_tests, sizeof wx_tests / sizeof *wx_tests);                       \
  }

/// Says that the running test cannot be checked here, and why; return from the test afterwards.
#define WX_SKIP(...) wx_test_skip(__func__, __VA_ARGS__)

/// A user who may not run before others (CAP_SYS_NICE) pauses a process only where the processors
/// are free. Where that is the reason of a failure, says so and ends the running test.
#define WX_SKIP_WHERE_BUSY(FAILED, REASON) wx_test_skip_where_busy(__func__, (FAILED), (REASON))

void wx_test_skip_where_busy(const char *function, int failed, const char *reason);

void wx_test_skip(const char *function, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
