// What goes into a public issue names neither the user's files nor values of variables.
#include "output/audit_document.h"
#include "output/json.h"
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
      {"/memfd:doublemapper-template (deleted)", "/memfd:doublemapper-template (deleted)"},
      {"/memfd:/dotnet_1f2e (deleted)", "/memfd:/dotnet_1f2e (deleted)"},
      {"/usr/share/dotnet/shared/Microsoft.NETCore.App/10.0.1/libcoreclr.so",
       "/usr/share/dotnet/shared/Microsoft.NETCore.App/10.0.1/libcoreclr.so"},
      {"/usr/share/dotnet/dotnet", "/usr/share/dotnet/dotnet"},
      {"/dev/zero (deleted)", "/dev/zero (deleted)"},
      // What somebody may have called after a customer.
      {"/memfd:doublemapper-secret (deleted)", "/redacted-4"},
      {"/memfd:dotnet-secret (deleted)", "/redacted-5"},
      {"/memfd:/dotnet_secret (deleted)", "/redacted-6"},
      {"/usr/share/dotnet/secret", "/redacted-7"},
      {"/dev/secret", "/redacted-8"},
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
  ck_assert_str_eq(
      edited(wx_redact_maps_line, &redactor, "1000-2000 rw-p 00000000 00:00 0 [anon:my/secret]"),
      "1000-2000 rw-p 00000000 00:00 0 [anon:redacted]\n");
  ck_assert_str_eq(edited(wx_redact_maps_line, &redactor,
                          "1000-2000 rw-p 00000000 00:00 0 [anon: glibc: malloc arena]"),
                   "1000-2000 rw-p 00000000 00:00 0 [anon: glibc: malloc arena]\n");
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

/* All that a bundle is made of, in one fixture: what must be gone of it, and what must stay
 * -------------------------------------------------------------------------------------------------
 */

typedef struct {
  int (*edit)(WxRedactor *redactor, const char *line, size_t length, FILE *stream);
  const char *line;
} Line;

#define ROW "7f0000000000-7f0000001000 r-xs 00012000 00:01 42                 "

static const Line lines[] = {
    {wx_redact_maps_line, ROW "/home/ann/secret-app/Sauron.dll"},
    {wx_redact_maps_line, ROW "/library/hidden.so"},
    {wx_redact_maps_line, ROW "/dev/shm/queue-of-ann"},
    {wx_redact_maps_line, ROW "/memfd:ann-jit (deleted)"},
    {wx_redact_maps_line, ROW "/srv/with blank/ann.txt (deleted)"},
    {wx_redact_maps_line, ROW "/memfd:doublemapper (deleted)"},
    {wx_redact_maps_line, ROW "/usr/lib/x86_64-linux-gnu/libc.so.6"},
    {wx_redact_maps_line, ROW "/lib64/ld-linux-x86-64.so.2"},
    {wx_redact_maps_line, ROW "/dev/zero (deleted)"},
    {wx_redact_maps_line,
     ROW "/home/ann/.dotnet/shared/Microsoft.NETCore.App/10.0.14/libclrjit.so"},
    {wx_redact_maps_line, ROW "/usr/share/secret-app/Sauron.dll"},
    {wx_redact_maps_line, ROW "/usr/lib/secret-app/libhidden.so"},
    {wx_redact_maps_line, ROW "/usr/lib/x86_64-linux-gnu/secret-app/x.so"},
    {wx_redact_maps_line, ROW "/usr/bin/Sauron"},
    {wx_redact_maps_line, ROW "/usr/local/bin/Sauron"},
    {wx_redact_maps_line, ROW "/usr/bin/dotnet"},
    {wx_redact_status_line, "Name:\tSauron"},
    {wx_redact_status_line, "Name:\tdotnet"},
    {wx_redact_status_line, "Threads:\t47"},
    {wx_redact_maps_line, ROW "[anon: glibc: malloc]"},
    {wx_redact_maps_line, "Rss:               4321 kB"},
    {wx_redact_plain_line, "VmRSS:      8765 kB"},
    {wx_redact_variable, "API_KEY=hunter2"},
    {wx_redact_variable, "PATH=/home/ann/bin"},
    {wx_redact_variable, "ConnectionStrings__Main=Server=db.example;Password=swordfish"},
    {wx_redact_variable, "DOTNET_GCName=/home/ann/libmygc.so"},
    {wx_redact_variable, "DOTNET_STARTUP_HOOKS=/home/ann/hook.dll"},
    {wx_redact_variable, "MALLOC_CONF=prof_prefix:/home/ann/heap"},
    {wx_redact_variable, "worker of ann: idle"},
    {wx_redact_variable, "EMPTY="},
    {wx_redact_variable, "MALLOC_ARENA_MAX=73"},
    {wx_redact_variable, "GLIBC_TUNABLES=glibc.malloc.arena_max=79"},
    {wx_redact_variable, "DOTNET_EnableWriteXorExecute=0"},
    {wx_redact_variable, "DOTNET_gcServer=83"},
    {wx_redact_variable, "DOTNET_GCHeapHardLimit=89"},
    {wx_redact_variable, "DOTNET_TieredPGO=97"},
    {wx_redact_variable, "COMPlus_EnableWriteXorExecute=1"},
};

static const char document_text[] =
    "{\"schema\":\"wxbench/1\",\"kind\":\"audit\",\"context\":{\"command\":\"wxbench audit 1 "
    "--bundle "
    "/home/ann/out\",\"kernel\":\"Linux 6.1.0\"},\"results\":[{\"pid\":4711,\"command\":\"Sauron\","
    "\"inflated_modules\":[{\"module\":\"Sauron\",\"path\":\"/home/ann/secret-app/Sauron.dll\","
    "\"span_bytes\":101},{\"module\":\"doublemapper__deleted_\",\"path\":\"/memfd:doublemapper "
    "(deleted)\",\"span_bytes\":103}],\"images\":[{\"name\":\"Sauron\",\"where\":"
    "\"/home/ann/secret-app/Sauron.dll\"},{\"name\":\"Gollum\",\"where\":\"double mapper's file\"},"
    "{\"name\":\"System.Private.CoreLib\",\"where\":\"/usr/share/dotnet/shared/"
    "Microsoft.NETCore.App/10.0.1/System.Private.CoreLib.dll\"}],"
    "\"verdict\":{\"code\":\"retained\",\"text\":\"There is no file /memfd:doublemapper.\"}}]}";

static const char *const gone[] = {
    "ann/",   "ann.",  "of-ann",  "of ann",     "ann-jit",   "secret-app", "Sauron", "Gollum",
    "hidden", "blank", "hunter2", "db.example", "swordfish", "libmygc",    "hook",   "prof_prefix",
};

static const char *const stays[] = {
    "7f0000000000-7f0000001000 r-xs 00012000 00:01 42",
    "/memfd:doublemapper (deleted)",
    "/usr/lib/x86_64-linux-gnu/libc.so.6",
    "/lib64/ld-linux-x86-64.so.2",
    "/dev/zero (deleted)",
    "/shared/Microsoft.NETCore.App/10.0.14/libclrjit.so",
    "/dev/shm/redacted-",
    "[anon: glibc: malloc]",
    "/usr/bin/dotnet",
    "Name:\tdotnet",
    "Name:\tredacted",
    "Threads:\t47",
    "Rss:               4321 kB",
    "VmRSS:      8765 kB",
    "API_KEY=<redacted>",
    "PATH=<redacted>",
    "ConnectionStrings__Main=<redacted>",
    "DOTNET_GCName=<redacted>",
    "DOTNET_STARTUP_HOOKS=<redacted>",
    "MALLOC_CONF=<redacted>",
    "EMPTY=<redacted>",
    "MALLOC_ARENA_MAX=73",
    "GLIBC_TUNABLES=glibc.malloc.arena_max=79",
    "DOTNET_EnableWriteXorExecute=0",
    "DOTNET_gcServer=83",
    "DOTNET_GCHeapHardLimit=89",
    "DOTNET_TieredPGO=97",
    "COMPlus_EnableWriteXorExecute=1",
    "Linux 6.1.0",
    "4711",
    "dotnet",
    "\"span_bytes\": 101",
    "doublemapper__deleted_",
    "double mapper's file",
    "System.Private.CoreLib",
    "/usr/share/dotnet/shared/Microsoft.NETCore.App/10.0.1/System.Private.CoreLib.dll",
    "retained",
    "There is no file /memfd:doublemapper.",
    // One substitute for one path, in lines and in the document.
    "/redacted-1.dll",
    "\"module\": \"redacted_1\"",
};

// Everything in one text; `redactor` NULL leaves all as it is.
static char *published(WxRedactor *redactor) {
  char *text = NULL;
  size_t size = 0;
  FILE *stream = open_memstream(&text, &size);
  ck_assert_ptr_nonnull(stream);
  for (size_t i = 0; i < sizeof lines / sizeof *lines; ++i)
    ck_assert_int_eq(lines[i].edit(redactor, lines[i].line, strlen(lines[i].line), stream), 0);
  json_t *root = json_loads(document_text, 0, NULL);
  ck_assert_ptr_nonnull(root);
  if (redactor)
    ck_assert_int_eq(wx_audit_redact_document(redactor, root), 0);
  ck_assert_int_eq(json_dumpf(root, stream, JSON_INDENT(2)), 0);
  json_decref(root);
  ck_assert_int_eq(fclose(stream), 0);
  return text;
}

START_TEST(what_is_published_holds_nothing_of_the_users_and_all_of_the_systems) {
  WxRedactor redactor = {0};
  char *whole = published(NULL), *text = published(&redactor);
  for (size_t i = 0; i < sizeof gone / sizeof *gone; ++i) {
    ck_assert_msg(strstr(whole, gone[i]) != NULL, "'%s' is not in the fixture", gone[i]);
    ck_assert_msg(strstr(text, gone[i]) == NULL, "'%s' is still in:\n%s", gone[i], text);
  }
  for (size_t i = 0; i < sizeof stays / sizeof *stays; ++i)
    ck_assert_msg(strstr(text, stays[i]) != NULL, "'%s' is no longer in:\n%s", stays[i], text);
  free(whole);
  free(text);
  wx_redactor_free(&redactor);
}
END_TEST

WX_TEST_MAIN("redact", own_paths_are_replaced_alike_and_public_ones_kept,
             a_line_of_maps_keeps_all_but_the_path, values_are_replaced_but_for_settings_of_memory,
             what_is_published_holds_nothing_of_the_users_and_all_of_the_systems)
