#include "support/suite.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// A test that hangs ends; one on a busy machine does not. A whole program may take longer where
// its runner says so (tests/run).
enum { SECONDS = 120 };

static double time_limit(void) {
  const char *asked = getenv("WXBENCH_TEST_TIMEOUT");
  const double seconds = asked ? strtod(asked, NULL) : 0;
  return seconds > SECONDS ? seconds : SECONDS;
}

int wx_suite_run_variants(const char *name, const TTest *const tests[], size_t count,
                          int variants) {
  Suite *suite = suite_create(name);
  for (size_t i = 0; i < count; ++i) {
    TCase *tcase = tcase_create(tests[i]->name); // Of its own: CK_RUN_CASE=NAME runs only that.
    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, time_limit());
    tcase_add_loop_test(tcase, tests[i], 0, variants);
  }
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  const int failed = srunner_ntests_failed(runner);
  srunner_print(runner, CK_NORMAL);
  srunner_free(runner);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

int wx_suite_run(const char *name, const TTest *const tests[], size_t count) {
  return wx_suite_run_variants(name, tests, count, 1);
}

void wx_test_skip(const char *function, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  printf("SKIP %s: ", function);
  vprintf(format, arguments);
  putchar('\n');
  fflush(stdout);
  va_end(arguments);
}

void wx_test_skip_where_busy(const char *function, int failed, const char *reason) {
  if (!failed || geteuid() == 0 || !strstr(reason, "may not run before others"))
    return;
  wx_test_skip(function, "%s", reason);
  exit(EXIT_SUCCESS);
}
