// The progress line: only on a terminal, only after a second, and gone at the end.
#include "output/progress.h"
#include "support/suite.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// What the tests read back of what was written to stderr.
static int terminal = -1;

// Makes stderr a terminal whose other end the test holds.
static void open_terminal(void) {
  terminal = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
  ck_assert_int_ge(terminal, 0);
  ck_assert_int_eq(grantpt(terminal), 0);
  ck_assert_int_eq(unlockpt(terminal), 0);
  const int side = open(ptsname(terminal), O_RDWR | O_NOCTTY);
  ck_assert_int_ge(side, 0);
  ck_assert_int_eq(dup2(side, STDERR_FILENO), STDERR_FILENO);
}

static const char *written(void) {
  static char text[512];
  fflush(stderr);
  const ssize_t length = read(terminal, text, sizeof text - 1);
  text[length > 0 ? length : 0] = '\0';
  return text;
}

START_TEST(nothing_is_shown_within_the_first_second) {
  open_terminal();
  WxProgress progress = wx_progress_begin(false);
  wx_progress_show(&progress, "round %d", 1);
  wx_progress_end(&progress);
  ck_assert_str_eq(written(), "");
}
END_TEST

START_TEST(the_line_is_rewritten_and_removed) {
  open_terminal();
  WxProgress progress = wx_progress_begin(false);
  progress.next_ns = 0; // As if a second had passed.
  wx_progress_show(&progress, "round %d of %d", 1, 8);
  ck_assert_str_eq(written(), "\r\033[Kround 1 of 8");
  wx_progress_show(&progress, "too soon");
  ck_assert_str_eq(written(), "");
  progress.next_ns = 0;
  wx_progress_show(&progress, "round %d of %d", 2, 8);
  ck_assert_str_eq(written(), "\r\033[Kround 2 of 8");
  wx_progress_end(&progress);
  ck_assert_str_eq(written(), "\r\033[K");
  wx_progress_end(&progress);
  ck_assert_str_eq(written(), "");
}
END_TEST

START_TEST(quiet_shows_nothing) {
  open_terminal();
  WxProgress progress = wx_progress_begin(true);
  progress.next_ns = 0;
  wx_progress_show(&progress, "round");
  wx_progress_end(&progress);
  ck_assert_str_eq(written(), "");
}
END_TEST

START_TEST(a_pipe_gets_nothing) {
  int ends[2];
  ck_assert_int_eq(pipe2(ends, O_NONBLOCK), 0);
  ck_assert_int_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
  terminal = ends[0];
  WxProgress progress = wx_progress_begin(false);
  progress.next_ns = 0;
  wx_progress_show(&progress, "round");
  wx_progress_end(&progress);
  ck_assert_str_eq(written(), "");
}
END_TEST

WX_TEST_MAIN("progress", nothing_is_shown_within_the_first_second,
             the_line_is_rewritten_and_removed, quiet_shows_nothing, a_pipe_gets_nothing)
