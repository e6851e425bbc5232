// Saved files that lost their end, their beginning or lines between, as people paste them: the
// verdict is that of the whole file, or none, or unknown.
#include "attribution/audit.h"
#include "attribution/oom.h"
#include "support/suite.h"

#include <ctype.h>
#include <errno.h>
#include <glob.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PATH = 64, MOST_PLACES = 300, MOST_LINES = 8192 };

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
  size_t *rows; // Where a mapping's begin, and what follows the last.
  size_t row_count;
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

// Of a mapping: an address begins its first line, behind blanks.
static bool is_row(const char *line) {
  char *end;
  line += strspn(line, " ");
  const bool hexadecimal = isxdigit((unsigned char)*line);
  return hexadecimal && (strtoull(line, &end, 16) > 0xffff || *end == '-') && strchr("- ", *end);
}

static void find_rows(Cut *file) {
  file->rows = calloc(file->count + 1, sizeof *file->rows);
  ck_assert_ptr_nonnull(file->rows);
  for (size_t i = 0; i < file->count; ++i)
    if (is_row(file->text + file->lines[i]))
      file->rows[file->row_count++] = file->lines[i];
  file->rows[file->row_count] = file->size;
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
  file.text[file.size] = '\0';
  find_lines(&file);
  find_rows(&file);
  ck_assert_msg(file.count > 3, "%s: %zu lines cannot be cut", name, file.count);
  return file;
}

static void close_cut(Cut *file) {
  free(file->text);
  free(file->lines);
  free(file->rows);
  close(file->fd);
}

// Nothing tells where the lowest of the libraries was, so nobody misses it and those above it.
static bool is_lowest(const Cut *file, size_t at) {
  const uint64_t libraries = UINT64_C(0x700000000000);
  for (size_t i = 1; i < file->row_count && file->rows[i] <= at; ++i)
    if (file->rows[i] == at)
      return strtoull(file->text + at, NULL, 16) >= libraries &&
             strtoull(file->text + file->rows[i - 1], NULL, 16) < libraries;
  return false;
}

// Judges it without the bytes between the two.
static void judge_without(Cut *file, size_t from, size_t to) {
  if (is_lowest(file, from) && to < file->size)
    return;
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
  for (size_t i = 1; i < file->count; i += 1 + file->count / MOST_LINES) {
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

// Takes so many whole mappings out of it: nothing marks the place.
static void cut_rows(Cut *file, size_t rows) {
  const size_t step = 1 + file->row_count / (rows == 1 ? MOST_LINES : MOST_PLACES);
  for (size_t i = 0; i + rows <= file->row_count; i += step)
    judge_without(file, file->rows[i], file->rows[i + rows]);
}

static void cut(const char *name, const char *path, WxSource source, Judge *judged) {
  Cut file = open_cut(name, path, source, judged);
  cut_end(&file);
  cut_beginning(&file);
  for (size_t lines = 1; lines < file.count; lines *= 4)
    cut_inside(&file, lines);
  for (size_t rows = 1; rows < file.row_count; rows += 1 + rows / 2)
    cut_rows(&file, rows);
  close_cut(&file);
}

// A core loses its end only: its size is what is cut, so no copy of it is made for each.
static void judge_core_of(int fd, size_t size, const char *whole) {
  ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
  const char *code = judge(fd, WX_SOURCE_CORE);
  ck_assert_msg(!code || !strcmp(code, whole) || !strcmp(code, "unknown"),
                "a core, %s, of its first %zu bytes: %s", whole, size, code);
}

static void cut_core(const char *path) {
  const int fd = memfd_create("cut", MFD_CLOEXEC);
  const size_t size = copy(path, fd), page = 4096;
  const char *whole = judge(fd, WX_SOURCE_CORE);
  ck_assert_msg(whole != NULL, "%s is refused", path);
  // Pages, and behind each a byte; then all that its headers and notes may be.
  const size_t step = page * (1 + size / page / MOST_PLACES);
  for (size_t i = (size - 1) / step; i; --i) {
    judge_core_of(fd, i * step + 1, whole);
    judge_core_of(fd, i * step, whole);
  }
  for (size_t i = 16 * page; i; i -= i > 1024 ? 61 : 1)
    judge_core_of(fd, i, whole);
  close(fd);
}

static void cut_all(const char *pattern, Judge *judged) {
  glob_t found;
  if (glob(pattern, GLOB_BRACE, NULL, &found)) {
    ck_abort_msg("no file %s", pattern);
    return;
  }
  for (size_t i = 0; i < found.gl_pathc; ++i) {
    const char *path = found.gl_pathv[i];
    if (strstr(path, ".core"))
      cut_core(path);
    else
      cut(path, path, strstr(path, "smaps") ? WX_SOURCE_SMAPS : WX_SOURCE_MAPS, judged);
  }
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
