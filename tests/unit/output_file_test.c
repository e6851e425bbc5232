// Files: replaced whole or not at all, and read with their damage named.
#include "output/load.h"
#include "output/output_file.h"
#include "support/example.h"
#include "support/suite.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

// A fresh folder, removed by the end of the test's process only if the test removes its files.
static char folder[64];

static void make_folder(void) {
  strcpy(folder, "/tmp/wxbench-output-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void assert_content(const char *path, const char *expected) {
  char text[256] = "";
  FILE *file = fopen(path, "re");
  ck_assert_ptr_nonnull(file);
  ck_assert_uint_eq(fread(text, 1, sizeof text - 1, file), strlen(expected));
  fclose(file);
  ck_assert_str_eq(text, expected);
}

// Fails where anything but the named file was left; then removes both.
static void assert_only(const char *path) {
  ck_assert_int_eq(unlink(path), 0);
  ck_assert_msg(rmdir(folder) == 0, "something was left in %s", folder);
}

START_TEST(a_file_is_replaced_whole_and_keeps_its_permissions) {
  make_folder();
  char path[128];
  struct stat status;
  snprintf(path, sizeof path, "%s/result.json", folder);
  ck_assert_int_eq(wx_file_write(path, "old", 3), 0);
  ck_assert_int_eq(chmod(path, 0600), 0);
  ck_assert_int_eq(wx_file_write(path, "newer", 5), 0);
  assert_content(path, "newer");
  ck_assert_int_eq(stat(path, &status), 0);
  ck_assert_uint_eq(status.st_mode & 0777, 0600);
  assert_only(path);
}
END_TEST

START_TEST(a_link_is_followed_and_stays_a_link) {
  make_folder();
  char path[128], link[128];
  struct stat status;
  snprintf(path, sizeof path, "%s/real.json", folder);
  snprintf(link, sizeof link, "%s/link.json", folder);
  ck_assert_int_eq(wx_file_write(path, "old", 3), 0);
  ck_assert_int_eq(symlink("real.json", link), 0);
  ck_assert_int_eq(wx_file_write(link, "new", 3), 0);
  assert_content(path, "new");
  ck_assert_int_eq(lstat(link, &status), 0);
  ck_assert(S_ISLNK(status.st_mode));
  ck_assert_int_eq(unlink(link), 0);
  assert_only(path);
}
END_TEST

START_TEST(a_write_that_fails_half_way_leaves_the_old_file) {
  make_folder();
  char path[128];
  static char large[1 << 16];
  snprintf(path, sizeof path, "%s/result.json", folder);
  ck_assert_int_eq(wx_file_write(path, "old", 3), 0);
  struct rlimit before, limit;
  ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
  limit = before;
  limit.rlim_cur = 4096;
  signal(SIGXFSZ, SIG_IGN);
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
  const int error = wx_file_write(path, large, sizeof large);
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
  ck_assert_int_eq(error, -EFBIG);
  assert_content(path, "old");
  assert_only(path);
}
END_TEST

// What stands in the folder.
static size_t entries(void) {
  DIR *directory = opendir(folder);
  ck_assert_ptr_nonnull(directory);
  size_t count = 0;
  for (const struct dirent *entry; (entry = readdir(directory));)
    count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
  closedir(directory);
  return count;
}

// Writes more than this process may, so that the kernel kills it in the middle.
static _Noreturn void be_killed_while_writing(const char *path) {
  static const char large[1 << 16];
  setrlimit(RLIMIT_FSIZE, &(struct rlimit){4096, 4096});
  setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
  signal(SIGXFSZ, SIG_DFL);
  (void)wx_file_write(path, large, sizeof large);
  _exit(0);
}

START_TEST(a_run_that_is_killed_while_it_writes_leaves_nothing) {
  make_folder();
  char path[128];
  snprintf(path, sizeof path, "%s/result.json", folder);
  ck_assert_int_eq(wx_file_write(path, "old", 3), 0);
  const pid_t pid = fork();
  if (pid == 0)
    be_killed_while_writing(path);
  int status;
  ck_assert_int_eq(waitpid(pid, &status, 0), pid);
  ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ);
  assert_content(path, "old");
  ck_assert_uint_eq(entries(), 1);
  assert_only(path);
}
END_TEST

START_TEST(what_killed_runs_left_is_in_nobodys_way) {
  make_folder();
  char path[128], stale[160];
  snprintf(path, sizeof path, "%s/result.json", folder);
  // As versions before this one named it; in a container a process has the same number each time.
  snprintf(stale, sizeof stale, "%s/.result.json.%ld.tmp", folder, (long)getpid());
  ck_assert_int_eq(wx_file_write(stale, "cut", 3), 0);
  ck_assert_int_eq(wx_file_write(path, "new", 3), 0);
  assert_content(path, "new");
  assert_content(stale, "cut");
  ck_assert_int_eq(unlink(stale), 0);
  assert_only(path);
}
END_TEST

// Where /proc is not there, a file cannot get its name late.
START_TEST(a_file_is_written_without_proc_too) {
  make_folder();
  char path[128];
  snprintf(path, sizeof path, "%s/result.json", folder);
  ck_assert_int_eq(wx_file_write(path, "old", 3), 0);
  const pid_t pid = fork();
  if (pid == 0)
    _exit(chroot(folder) ? 77 : wx_file_write("/result.json", "new", 3) ? 1 : 0);
  int status;
  ck_assert_int_eq(waitpid(pid, &status, 0), pid);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
    WX_SKIP("only root may change the root folder");
  } else {
    ck_assert_int_eq(status, 0);
    assert_content(path, "new");
    ck_assert_uint_eq(entries(), 1);
  }
  assert_only(path);
}
END_TEST

START_TEST(what_cannot_be_written_is_known_before_and_after) {
  static const struct {
    const char *path;
    int error;
  } rows[] = {{"/nonexistent/x.json", -ENOENT},
              {"/tmp", -EISDIR},
              {"/tmp/", -EISDIR},
              {"/etc/passwd/x", -ENOTDIR},
              {"", -ENOENT}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
    ck_assert_int_eq(wx_file_check(rows[i].path), rows[i].error);
    ck_assert_int_eq(wx_file_write(rows[i].path, "x", 1), rows[i].error);
  }
  ck_assert_int_eq(wx_file_check("/dev/full"), 0);
  ck_assert_int_eq(wx_file_write("/dev/full", "x", 1), -ENOSPC);
  ck_assert_int_eq(wx_file_write("/dev/null", "x", 1), 0);
}
END_TEST

START_TEST(damage_is_named_with_line_and_column) {
  static const struct {
    const char *text, *problem;
  } rows[] = {{"", "f:1:1: '[' or '{' expected near end of file"},
              {"{\n  \"schema\": nope}", "f:2:16: invalid token near 'nope'"},
              {"{} x", "f:1:4: end of file expected near 'x'"},
              {"{\"a\":1,\"a\":2}", "f:1:10: duplicate object key near '\"a\"'"},
              {"[]", "f: schema: expected \"wxbench/1\", but there is none"},
              {"{\"schema\":\"wxbench/2\"}", "f: schema: is 'wxbench/2', expected 'wxbench/1'"},
              {"{\"schema\":\"wxbench/1\"}", "f: kind: expected a string"},
              {"{\"schema\":\"wxbench/1\",\"kind\":\"run\"}", "f: context: expected an object"},
              {"{\"schema\":\"wxbench/1\",\"kind\":\"run\",\"context\":{}}",
               "f: results: expected an array"},
              {"{\"schema\":\"wxbench/1\",\"kind\":\"run\",\"context\":{},\"results\":[{},1]}",
               "f: results[1]: expected an object"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
    json_t *root;
    char problem[WX_PROBLEM] = "";
    ck_assert_int_eq(wx_document_parse("f", rows[i].text, strlen(rows[i].text), &root, problem),
                     -EINVAL);
    ck_assert_str_eq(problem, rows[i].problem);
  }
}
END_TEST

START_TEST(a_document_cut_at_any_byte_is_damage) {
  WxDocument document = wx_example_document();
  char *text = wx_example_render(&document, "json");
  const size_t whole = strlen(text) - 1;
  for (size_t length = 0; length < whole; ++length) {
    json_t *root;
    char problem[WX_PROBLEM];
    ck_assert_int_eq(wx_document_parse("f", text, length, &root, problem), -EINVAL);
    ck_assert_ptr_null(strchr(problem, '\n'));
  }
  free(text);
  wx_document_free(&document);
}
END_TEST

WX_TEST_MAIN("output_file", a_file_is_replaced_whole_and_keeps_its_permissions,
             a_link_is_followed_and_stays_a_link, a_write_that_fails_half_way_leaves_the_old_file,
             a_run_that_is_killed_while_it_writes_leaves_nothing,
             what_killed_runs_left_is_in_nobodys_way, a_file_is_written_without_proc_too,
             what_cannot_be_written_is_known_before_and_after, damage_is_named_with_line_and_column,
             a_document_cut_at_any_byte_is_damage)
