// Whether .NET starts, predicted from what was tried.
#include "probe/calls.h"
#include "probe/observe_start.h"
#include "probe/predict.h"
#include "support/inject.h"
#include "support/suite.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LENGTH(array) (sizeof(array) / sizeof *(array))

static WxTries all_works(void) {
  WxTries tries = {.address_space_limit = WX_UNLIMITED,
                   .file_size_limit = WX_UNLIMITED,
                   .memory_bytes = INT64_C(24) << 30,
                   .group_limit = WX_UNLIMITED,
                   .max_map_count = 65530,
                   .is_measured = true};
  for (int i = 0; i < WX_TRY_COUNT; ++i)
    tries.tried[i].how = WX_TRIED_WORKS;
  return tries;
}

static WxPrediction predicted(const WxTries *tries, unsigned major, bool on) {
  WxPrediction prediction;
  wx_predict(tries, major, on, &prediction);
  return prediction;
}

/* What was measured
 * -------------------------------------------------------------------------------------------------
 */

#define BIT(TRY) (1U << (TRY))

enum {
  NEED_FILE = BIT(WX_TRY_WHOLE_SIZE) | BIT(WX_TRY_FITTING_SIZE) | BIT(WX_TRY_COMMIT) |
              BIT(WX_TRY_SECOND_VIEW) | BIT(WX_TRY_RUN) | BIT(WX_TRY_PUNCH),
  MAKE_EXECUTABLE = BIT(WX_TRY_COMMIT) | BIT(WX_TRY_RUN) | BIT(WX_TRY_WRITABLE_CODE),
};

/// The tries that a restriction of restrict.c concerns.
static const struct {
  const char *name;
  unsigned tries;
  int code; ///< Where the restriction does not name it.
} restrictions[] = {
    {"none", 0, 0},
    {"fallocate", BIT(WX_TRY_PUNCH), 0},
    {"ftruncate", NEED_FILE, 0},
    {"make-executable", MAKE_EXECUTABLE, 0},
    {"mdwe", MAKE_EXECUTABLE, EACCES},
    {"mdwe-filter", MAKE_EXECUTABLE, 0},
    {"memfd", BIT(WX_TRY_MEMFD) | NEED_FILE, 0},
    {"memfd-noexec", 0, 0},
    {"no-proc", BIT(WX_TRY_PROC), ENOENT},
    {"noexec-tmp", 0, 0},
    {"shared-writing", BIT(WX_TRY_SECOND_VIEW) | BIT(WX_TRY_RUN), 0},
    {"thread", BIT(WX_TRY_THREAD) | BIT(WX_TRY_THREADS), 0},
    {"write-exec", BIT(WX_TRY_WRITABLE_CODE), 0},
};

static WxTried tried(int code, const char *value) {
  static const int errors[] = {EACCES, EAGAIN, EINVAL, ENOSYS, EPERM};
  if (value && strcmp(value, "KILL") == 0)
    return (WxTried){WX_TRIED_KILLED, SIGSYS};
  for (size_t i = 0; value && i < LENGTH(errors); ++i)
    if (strcmp(value, strerrorname_np(errors[i])) == 0)
      code = errors[i];
  return (WxTried){WX_TRIED_REFUSED, code};
}

static void limit_files(WxTries *tries, WxFigure limit, bool ignored) {
  tries->file_size_limit = limit;
  if (tries->tried[WX_TRY_MEMFD].how != WX_TRIED_WORKS || limit >= INT64_C(2) << 40)
    return;
  tries->tried[WX_TRY_WHOLE_SIZE] =
      ignored ? (WxTried){WX_TRIED_REFUSED, EFBIG} : (WxTried){WX_TRIED_KILLED, SIGXFSZ};
}

static void impose(WxTries *tries, const char *name, const char *value) {
  for (size_t i = 0; i < LENGTH(restrictions); ++i) {
    if (strcmp(restrictions[i].name, name) != 0)
      continue;
    for (unsigned which = 0; which < WX_TRY_COUNT; ++which)
      if (restrictions[i].tries & BIT(which))
        tries->tried[which] = tried(restrictions[i].code, value);
    if (strcmp(name, "no-proc") == 0)
      tries->max_map_count = tries->group_limit = WX_UNKNOWN;
    return;
  }
  ck_abort_msg("no restriction '%s'", name);
}

// `words` are restrictions as restrict.c takes them.
static WxTries tries_under(char *words) {
  WxTries tries = all_works();
  WxFigure file_size = WX_UNLIMITED;
  bool ignored = false;
  char *rest = NULL;
  for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
    char *value = strchr(word, '=');
    if (value)
      *value++ = '\0';
    if (value && strcmp(word, "file-size") == 0)
      file_size = strtoll(value, NULL, 10);
    else if (value && strcmp(word, "address-space") == 0)
      tries.address_space_limit = strtoll(value, NULL, 10);
    else if (strcmp(word, "ignore-file-size") == 0)
      ignored = true;
    else
      impose(&tries, word, value);
  }
  limit_files(&tries, file_size, ignored);
  return tries;
}

// What cannot be predicted: it varied.
static bool varied(const char *line) {
  return strncmp(line, "address-space=1073741824|11.", 28) == 0;
}

static void compare(const char *line) {
  char copy[512];
  ck_assert_int_lt(snprintf(copy, sizeof copy, "%s", line), (int)sizeof copy);
  char *rest = copy;
  char *words = strsep(&rest, "|");
  const char *version = strsep(&rest, "|");
  const bool on = strcmp(strsep(&rest, "|"), "on") == 0;
  const char *outcome = strsep(&rest, "|");
  const char *end = strsep(&rest, "|");
  const WxTries tries = tries_under(words);
  const WxPrediction found = predicted(&tries, wx_probe_major(version), on);
  const char *start = wx_start_name(found.start);
  ck_assert_msg(strcmp(start, varied(line) ? "unknown" : outcome) == 0, "%s: %s: %s", line, start,
                found.why);
  ck_assert_msg(!*found.ends || strcmp(found.ends, end) == 0, "%s: %s", line, found.ends);
  ck_assert_msg(!found.message || strstr(rest, found.message), "%s: %s", line, found.message);
  ck_assert_msg((found.start == WX_DIES) <= (*found.why != '\0'), "%s: no cause", line);
}

START_TEST(what_is_predicted_is_what_was_measured) {
  FILE *file = fopen("tests/fixtures/starts.txt", "re");
  ck_assert_ptr_nonnull(file);
  char line[512];
  size_t cells = 0;
  while (fgets(line, sizeof line, file)) {
    line[strcspn(line, "\n")] = '\0';
    if (*line == '#')
      continue;
    compare(line);
    ++cells;
  }
  (void)fclose(file);
  ck_assert_uint_eq(cells, 320);
}
END_TEST

/* What was not
 * -------------------------------------------------------------------------------------------------
 */

START_TEST(a_try_that_could_not_be_made_leaves_the_start_unknown) {
  for (int which = 0; which < WX_TRY_PUNCH; ++which) {
    WxTries tries = all_works();
    tries.tried[which].how = WX_TRIED_UNKNOWN;
    const unsigned major = which == WX_TRY_WHOLE_SIZE ? 8 : 10;
    const WxPrediction found = predicted(&tries, major, which != WX_TRY_WRITABLE_CODE);
    ck_assert_msg(found.start == WX_START_UNKNOWN, "%s", wx_try_key((WxTry)which));
    ck_assert_ptr_nonnull(strstr(found.why, wx_try_what((WxTry)which)));
  }
}
END_TEST

START_TEST(a_limit_that_was_not_measured_leaves_the_start_unknown) {
  static const WxFigure limits[] = {WX_UNKNOWN, (INT64_C(1) << 30) + 4096,
                                    (INT64_C(2) << 30) - 4096};
  for (size_t i = 0; i < LENGTH(limits); ++i) {
    WxTries tries = all_works();
    tries.address_space_limit = limits[i];
    ck_assert_int_eq(predicted(&tries, 10, true).start, WX_START_UNKNOWN);
    ck_assert_int_eq(predicted(&tries, 10, false).start, WX_START_UNKNOWN);
  }
  WxTries tries = all_works();
  tries.file_size_limit = WX_UNKNOWN;
  ck_assert_int_eq(predicted(&tries, 10, true).start, WX_START_UNKNOWN);
  ck_assert_int_eq(predicted(&tries, 10, false).start, WX_STARTS_OFF);
  tries.file_size_limit = (INT64_C(3) << 20) - 4096;
  ck_assert_int_eq(predicted(&tries, 11, true).start, WX_START_UNKNOWN);
}
END_TEST

START_TEST(how_much_a_heap_reserves_that_is_set_was_not_measured) {
  WxTries tries = all_works();
  tries.address_space_limit = INT64_C(64) << 30;
  ck_assert_int_eq(predicted(&tries, 8, true).start, WX_DIES);
  ck_assert_int_eq(predicted(&tries, 9, true).start, WX_STARTS_ON);
  WxTries variants[] = {tries, tries, tries, tries};
  variants[0].heap_is_set = true;
  variants[1].group_limit = INT64_C(1) << 30;
  variants[2].memory_bytes = INT64_C(129) << 30;
  variants[3].memory_bytes = WX_UNKNOWN;
  for (size_t i = 0; i < LENGTH(variants); ++i)
    for (unsigned major = 8; major <= 9; ++major)
      ck_assert_int_eq(predicted(&variants[i], major, true).start, WX_START_UNKNOWN);
}
END_TEST

START_TEST(a_low_limit_of_mappings_leaves_a_start_unknown_and_an_end_known) {
  WxTries tries = all_works();
  static const WxFigure limits[] = {WX_UNKNOWN, 65529};
  for (size_t i = 0; i < LENGTH(limits); ++i) {
    tries.max_map_count = limits[i];
    ck_assert_int_eq(predicted(&tries, 10, true).start, WX_START_UNKNOWN);
    ck_assert_int_eq(predicted(&tries, 10, false).start, WX_START_UNKNOWN);
  }
  tries.tried[WX_TRY_PROC] = (WxTried){WX_TRIED_REFUSED, ENOENT};
  ck_assert_int_eq(predicted(&tries, 10, true).start, WX_DIES);
}
END_TEST

START_TEST(other_versions_and_machines_are_unknown_and_say_what_the_nearest_does) {
  WxTries tries = all_works();
  ck_assert_int_eq(predicted(&tries, 7, true).start, WX_START_UNKNOWN);
  const WxPrediction newer = predicted(&tries, 12, true);
  ck_assert_int_eq(newer.start, WX_START_UNKNOWN);
  ck_assert_str_eq(newer.why,
                   "this version was not measured; as .NET 11 on x86-64 it would be: on");
  tries.is_measured = false;
  const WxPrediction other = predicted(&tries, 9, false);
  ck_assert_int_eq(other.start, WX_START_UNKNOWN);
  ck_assert_str_eq(other.why, "only x86-64 was measured; as .NET 9 on x86-64 it would be: off");
  tries.tried[WX_TRY_COMMIT] = (WxTried){WX_TRIED_REFUSED, EACCES};
  const WxPrediction refused = predicted(&tries, 9, true);
  ck_assert_int_eq(refused.start, WX_START_UNKNOWN);
  ck_assert_ptr_nonnull(strstr(refused.why, "it would be: dies: making reserved pages"));
  ck_assert_str_eq(refused.ends, "");
}
END_TEST

START_TEST(a_crash_of_the_try_itself_is_no_refusal) {
  WxTries tries = all_works();
  tries.tried[WX_TRY_RUN] = (WxTried){WX_TRIED_KILLED, SIGILL};
  ck_assert_int_eq(predicted(&tries, 10, true).start, WX_START_UNKNOWN);
  tries.tried[WX_TRY_WRITABLE_CODE] = (WxTried){WX_TRIED_KILLED, SIGSEGV};
  ck_assert_int_eq(predicted(&tries, 10, false).start, WX_START_UNKNOWN);
}
END_TEST

START_TEST(of_several_causes_all_are_named_and_none_is_first) {
  WxTries tries = all_works();
  tries.tried[WX_TRY_COMMIT] = (WxTried){WX_TRIED_REFUSED, EACCES};
  tries.tried[WX_TRY_RUN] = (WxTried){WX_TRIED_REFUSED, EACCES};
  WxPrediction found = predicted(&tries, 11, true);
  ck_assert_str_eq(found.ends, "SIGSEGV");
  tries.tried[WX_TRY_SECOND_VIEW] = (WxTried){WX_TRIED_REFUSED, EACCES};
  found = predicted(&tries, 11, true);
  ck_assert_int_eq(found.start, WX_DIES);
  ck_assert_str_eq(found.ends, "");
  ck_assert_ptr_null(found.message);
  ck_assert_ptr_nonnull(strstr(found.why, wx_try_what(WX_TRY_COMMIT)));
  ck_assert_ptr_nonnull(strstr(found.why, wx_try_what(WX_TRY_SECOND_VIEW)));
}
END_TEST

static const struct {
  const char *text;
  unsigned major;
} majors[] = {{"10", 10}, {"10.0.15", 10}, {"11.0.0-preview.1", 11},
              {"8.", 8},  {"", 0},         {"x", 0},
              {"10x", 0}, {"-1", 0},       {"1000", 0},
              {" 9", 0}};

START_TEST(a_major_version_is_read_strictly) {
  for (size_t i = 0; i < LENGTH(majors); ++i)
    ck_assert_msg(wx_probe_major(majors[i].text) == majors[i].major, "'%s'", majors[i].text);
}
END_TEST

/* Tries
 * -------------------------------------------------------------------------------------------------
 */

START_TEST(how_a_try_ended_has_a_name) {
  char text[32];
  ck_assert_ptr_null(wx_tried_text((WxTried){WX_TRIED_UNKNOWN, 0}, text));
  ck_assert_str_eq(wx_tried_text((WxTried){WX_TRIED_WORKS, 0}, text), "works");
  ck_assert_str_eq(wx_tried_text((WxTried){WX_TRIED_REFUSED, EPERM}, text), "EPERM");
  ck_assert_str_eq(wx_tried_text((WxTried){WX_TRIED_REFUSED, 255}, text), "error 255");
  ck_assert_str_eq(wx_tried_text((WxTried){WX_TRIED_KILLED, SIGSYS}, text), "SIGSYS");
  ck_assert_str_eq(wx_tried_text((WxTried){WX_TRIED_KILLED, 64}, text), "signal 64");
}
END_TEST

static int try_all(void *context) {
  wx_tries_run(context);
  return 0;
}

static bool all_known(const WxTries *tries) {
  bool known = wx_known(tries->address_space_limit) && wx_known(tries->file_size_limit) &&
               wx_known(tries->max_map_count);
  for (int i = 0; i < WX_TRY_PUNCH; ++i)
    known = known && tries->tried[i].how == WX_TRIED_WORKS;
  return known;
}

// What failed was refused, or is unknown; then nobody says that all is well.
static void is_no_start_where_something_failed(void *context) {
  const WxTries *tries = context;
  for (int i = 0; i < WX_TRY_COUNT; ++i)
    ck_assert_msg(tries->tried[i].how == WX_TRIED_WORKS ||
                      tries->tried[i].how == WX_TRIED_UNKNOWN || tries->tried[i].code == EIO,
                  "%s: %d", wx_try_key((WxTry)i), tries->tried[i].code);
  if (all_known(tries))
    return;
  const bool starts = predicted(tries, 8, true).start == WX_STARTS_ON &&
                      predicted(tries, 10, true).start == WX_STARTS_ON &&
                      predicted(tries, 10, false).start == WX_STARTS_OFF;
  ck_assert(!starts);
}

START_TEST(a_call_that_fails_is_never_taken_for_a_start) {
  WxTries tries;
  const uint64_t failures =
      wx_inject_each(EIO, try_all, is_no_start_where_something_failed, &tries);
  ck_assert_uint_ge(failures, 2 * WX_TRY_COUNT);
}
END_TEST

START_TEST(tries_leave_nothing_behind) {
  WxTries tries;
  (void)wx_inject_without_leak(EIO, try_all, &tries);
  ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
  ck_assert_int_eq(errno, ECHILD);
}
END_TEST

START_TEST(tries_are_made_by_a_caller_that_ignores_its_children) {
  ck_assert(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
  WxTries tries;
  wx_tries_run(&tries);
  ck_assert_int_eq(tries.tried[WX_TRY_MEMFD].how, WX_TRIED_WORKS);
  ck_assert(signal(SIGCHLD, SIG_DFL) == SIG_IGN);
}
END_TEST

/* Processes
 * -------------------------------------------------------------------------------------------------
 */

START_TEST(a_process_without_a_runtime_is_none) {
  WxObservedStart observed;
  ck_assert_int_eq(wx_observe_start(getpid(), &observed), -ENOENT);
  ck_assert_int_eq(wx_observe_start(1 << 22, &observed), -ESRCH);
  ck_assert_int_eq(observed.start, WX_START_UNKNOWN);
}
END_TEST

START_TEST(each_call_of_a_start_is_answered_as_the_kernel_does) {
  WxTries tries = {0};
  wx_tries_run(&tries);
  if (tries.seccomp != 0)
    return; // Then others may answer.
  ck_assert_ptr_null(tries.call_name);
  for (size_t i = 0; wx_call_name(i); ++i)
    ck_assert_msg(wx_call_make(i) == 0, "%s", wx_call_name(i));
}
END_TEST

START_TEST(a_refused_call_of_a_start_is_a_doubt_and_no_more) {
  WxTries tries = all_works();
  tries.call_name = "membarrier";
  tries.call = (WxTried){WX_TRIED_REFUSED, EPERM};
  WxPrediction prediction;
  wx_predict(&tries, 10, true, &prediction);
  ck_assert_int_eq(prediction.start, WX_START_UNKNOWN);
  ck_assert_ptr_nonnull(strstr(prediction.why, "the system call membarrier by EPERM"));
  tries.tried[WX_TRY_PROC] = (WxTried){WX_TRIED_REFUSED, ENOENT};
  wx_predict(&tries, 10, true, &prediction);
  ck_assert_int_eq(prediction.start, WX_DIES);
}
END_TEST

WX_TEST_MAIN("probe", each_call_of_a_start_is_answered_as_the_kernel_does,
             a_refused_call_of_a_start_is_a_doubt_and_no_more,
             what_is_predicted_is_what_was_measured,
             a_try_that_could_not_be_made_leaves_the_start_unknown,
             a_limit_that_was_not_measured_leaves_the_start_unknown,
             how_much_a_heap_reserves_that_is_set_was_not_measured,
             a_low_limit_of_mappings_leaves_a_start_unknown_and_an_end_known,
             other_versions_and_machines_are_unknown_and_say_what_the_nearest_does,
             a_crash_of_the_try_itself_is_no_refusal,
             of_several_causes_all_are_named_and_none_is_first, a_major_version_is_read_strictly,
             how_a_try_ended_has_a_name, a_call_that_fails_is_never_taken_for_a_start,
             tries_leave_nothing_behind, tries_are_made_by_a_caller_that_ignores_its_children,
             a_process_without_a_runtime_is_none)
