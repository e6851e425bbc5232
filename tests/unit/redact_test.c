// What goes into a public issue names neither the user's files nor values of variables.
#include "attribution/redact.h"
#include "support/suite.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static char *edited(int (*edit)(WxRedactor *, const char *, size_t, FILE *), WxRedactor *redactor,
                    const char *line) {
  static char *text;
  size_t size;
  free(text);
  text = NULL;
  FILE *stream = open_memstream(&text, &size);
  ck_assert_ptr_nonnull(stream);
  ck_assert_int_eq(edit(redactor, line, strlen(line), stream), 0);
  fclose(stream);
  return text;
}

START_TEST(own_paths_are_replaced_alike_and_public_ones_kept) {
  static const char *const rows[][2] = {
      {"/home/ann/secret/App.dll", "/redacted-1.dll"},
      {"/home/ann/secret/Other.dll", "/redacted-2.dll"},
      {"/home/ann/secret/App.dll", "/redacted-1.dll"},
      {"/home/ann/project.secretname", "/redacted-3"},
      {"/usr/lib/libc.so.6", "/usr/lib/libc.so.6"},
      {"/memfd:doublemapper (deleted)", "/memfd:doublemapper (deleted)"},
      {"/opt/ann/shared/Microsoft.NETCore.App/10.0.1/libcoreclr.so",
       "/shared/Microsoft.NETCore.App/10.0.1/libcoreclr.so"},
  };
  WxRedactor redactor = {0};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
    char target[PATH_MAX];
    wx_redact_path(&redactor, rows[i][0], target, sizeof target);
    ck_assert_str_eq(target, rows[i][1]);
  }
  wx_redactor_free(&redactor);
}
END_TEST

START_TEST(a_line_of_maps_keeps_all_but_the_path) {
  WxRedactor redactor = {0};
  ck_assert_str_eq(
      edited(wx_redact_maps_line, &redactor, "1000-2000 r-xp 00000000 fe:00 7 /srv/app/x.so"),
      "1000-2000 r-xp 00000000 fe:00 7 /redacted-1.so\n");
  ck_assert_str_eq(edited(wx_redact_maps_line, &redactor, "Rss:      4 kB"), "Rss:      4 kB\n");
  ck_assert_str_eq(edited(wx_redact_maps_line, NULL, "1000-2000 r-xp 0 fe:00 7 /srv/x"),
                   "1000-2000 r-xp 0 fe:00 7 /srv/x\n");
  wx_redactor_free(&redactor);
}
END_TEST

START_TEST(values_are_replaced_but_for_settings_of_memory) {
  WxRedactor redactor = {0};
  ck_assert_str_eq(edited(wx_redact_variable, &redactor, "API_KEY=hunter2"),
                   "API_KEY=<redacted>\n");
  ck_assert_str_eq(edited(wx_redact_variable, &redactor, "MALLOC_ARENA_MAX=2"),
                   "MALLOC_ARENA_MAX=2\n");
  ck_assert_str_eq(edited(wx_redact_variable, NULL, "API_KEY=hunter2"), "API_KEY=hunter2\n");
  wx_redactor_free(&redactor);
}
END_TEST

WX_TEST_MAIN("redact", own_paths_are_replaced_alike_and_public_ones_kept,
             a_line_of_maps_keeps_all_but_the_path, values_are_replaced_but_for_settings_of_memory)
