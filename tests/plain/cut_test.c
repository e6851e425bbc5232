// Saved files that lost their end, their beginning or lines between, as people paste them: the
// verdict is that of the whole file, or none, or unknown.
#include "attribution/audit.h"
#include "attribution/oom.h"
#include "support/suite.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PATH = 64, MOST_PLACES = 300 };

// What is cut, and how it is judged: NULL where it is refused.
typedef const char *Judge(int fd, WxSource source);

static const char *judge(int fd, WxSource source) {
  char path[PATH];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  WxAudit audit;
  const int result = wx_audit_file(&audit, source, path, &(WxAuditOptions){.rows = 1});
  const char *code = result ? NULL : wx_verdict_code(audit.verdict.code);
  wx_audit_free(&audit);
  ck_assert(result == 0 || result == -EINVAL);
  return code;
}

// The last kill that it tells of.
static const char *judge_kill(int fd, WxSource source) {
  (void)source;
  WxOom oom = {0};
  ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
  const int result = wx_oom_read(&oom, fd);
  const char *code = result ? NULL : wx_verdict_code(oom.items[oom.count - 1].verdict.code);
  ck_assert(!result || result == -ENODATA);
  wx_oom_free(&oom);
  return code;
}

static size_t copy(const char *from, int to) {
  char buffer[65536];
  size_t size = 0, got;
  FILE *file = fopen(from, "re");
  ck_assert_msg(file != NULL, "%s: %s", from, strerror(errno));
  for (; (got = fread(buffer, 1, sizeof buffer, file)); size += got)
    ck_assert_int_eq(write(to, buffer, got), (ssize_t)got);
  fclose(file);
  return size;
}

typedef struct {
  const char *name;
  WxSource source;
  Judge *judged;
  int fd; // Of a copy.
  char *text;
  size_t size;
  const char *whole;
  size_t *lines; // Where each begins, and the last one's end.
  size_t count;
} Cut;

static void find_lines(Cut *file) {
  for (size_t i = 0; i < file->size; ++i)
    file->count += file->text[i] == '\n' || i + 1 == file->size;
  file->lines = calloc(file->count + 1, sizeof *file->lines);
  ck_assert_ptr_nonnull(file->lines);
  for (size_t i = 0, line = 0; i < file->size; ++i)
    if (file->text[i] == '\n' || i + 1 == file->size)
      file->lines[++line] = i + 1;
}

static Cut open_cut(const char *name, const char *path, WxSource source, Judge *judged) {
  Cut file = {.name = name, .source = source, .judged = judged};
  file.fd = memfd_create("cut", MFD_CLOEXEC);
  file.size = copy(path, file.fd);
  file.whole = judged(file.fd, source);
  ck_assert_msg(file.whole != NULL, "%s is refused", name);
  file.text = malloc(file.size + 1);
  ck_assert_ptr_nonnull(file.text);
  ck_assert_int_eq(pread(file.fd, file.text, file.size, 0), (ssize_t)file.size);
  find_lines(&file);
  ck_assert_msg(file.count > 3, "%s: %zu lines cannot be cut", name, file.count);
  return file;
}

static void close_cut(Cut *file) {
  free(file->text);
  free(file->lines);
  close(file->fd);
}

// Judges it without the bytes between the two.
static void judge_without(Cut *file, size_t from, size_t to) {
  const size_t rest = file->size - to;
  ck_assert_int_eq(ftruncate(file->fd, (off_t)(from + rest)), 0);
  ck_assert_int_eq(pwrite(file->fd, file->text, from, 0), (ssize_t)from);
  ck_assert_int_eq(pwrite(file->fd, file->text + to, rest, (off_t)from), (ssize_t)rest);
  const char *code = file->judged(file->fd, file->source);
  ck_assert_msg(!code || !strcmp(code, file->whole) || !strcmp(code, "unknown"),
                "%s, %s, without its bytes %zu to %zu: %s", file->name, file->whole, from, to,
                code);
}

// Takes line after line away from its end, and half of the last one.
static void cut_end(Cut *file) {
  for (size_t i = 1; i < file->count; ++i) {
    judge_without(file, file->lines[i], file->size);
    judge_without(file, (file->lines[i] + file->lines[i + 1]) / 2, file->size);
  }
}

static void cut_beginning(Cut *file) {
  const size_t step = 1 + file->count / MOST_PLACES;
  for (size_t i = 1; i < file->count; i += step) {
    judge_without(file, 0, file->lines[i]);
    judge_without(file, 0, (file->lines[i] + file->lines[i + 1]) / 2);
  }
}

// Takes so many lines out of it.
static void cut_inside(Cut *file, size_t lines) {
  const size_t step = 1 + file->count / MOST_PLACES;
  for (size_t i = 1; i + lines < file->count; i += step)
    judge_without(file, file->lines[i], file->lines[i + lines]);
}

static void cut(const char *name, const char *path, WxSource source, Judge *judged) {
  Cut file = open_cut(name, path, source, judged);
  cut_end(&file);
  cut_beginning(&file);
  for (size_t lines = 1; lines < file.count; lines *= 4)
    cut_inside(&file, lines);
  close_cut(&file);
}

static void cut_all(const char *pattern, Judge *judged) {
  glob_t found;
  if (glob(pattern, GLOB_BRACE, NULL, &found)) {
    ck_abort_msg("no file %s", pattern);
    return;
  }
  for (size_t i = 0; i < found.gl_pathc; ++i)
    cut(found.gl_pathv[i], found.gl_pathv[i],
        strstr(found.gl_pathv[i], "smaps") ? WX_SOURCE_SMAPS : WX_SOURCE_MAPS, judged);
  globfree(&found);
}

START_TEST(a_file_of_the_fixtures_cut_anywhere_gives_its_verdict_or_none) {
  cut_all("tests/fixtures/*.smaps", judge);
  cut_all("tests/fixtures/field/*maps", judge);
}
END_TEST

START_TEST(the_report_of_a_kill_cut_anywhere_gives_its_verdict_or_none) {
  cut_all("tests/fixtures/oom/v*.log", judge_kill);
}
END_TEST

// This one's own.
START_TEST(maps_and_smaps_of_a_process_cut_anywhere_give_their_verdict_or_none) {
  char path[PATH];
  snprintf(path, sizeof path, "/proc/%d/maps", (int)getpid());
  cut("maps", path, WX_SOURCE_MAPS, judge);
  snprintf(path, sizeof path, "/proc/%d/smaps", (int)getpid());
  cut("smaps", path, WX_SOURCE_SMAPS, judge);
}
END_TEST

// Of other tests: WXBENCH_CUT is a pattern of their files.
START_TEST(the_files_that_were_asked_for_cut_anywhere_give_their_verdict_or_none) {
  const char *pattern = getenv("WXBENCH_CUT");
  if (pattern)
    cut_all(pattern, judge);
}
END_TEST

WX_TEST_MAIN("cut", a_file_of_the_fixtures_cut_anywhere_gives_its_verdict_or_none,
             the_report_of_a_kill_cut_anywhere_gives_its_verdict_or_none,
             maps_and_smaps_of_a_process_cut_anywhere_give_their_verdict_or_none,
             the_files_that_were_asked_for_cut_anywhere_give_their_verdict_or_none)
