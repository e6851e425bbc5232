// Saved files cut behind any line, as people paste them: the verdict is that of the whole file, or
// none, or unknown.
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

enum { PATH = 64 };

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

// Takes line after line away from its end, and half of the last one.
static void cut(const char *name, const char *path, WxSource source, Judge *judged) {
  const int fd = memfd_create("cut", MFD_CLOEXEC);
  const size_t size = copy(path, fd);
  const char *whole = judged(fd, source);
  ck_assert_msg(whole != NULL, "%s is refused", name);
  const char *text = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
  ck_assert(text != MAP_FAILED);
  size_t line = 0, cuts = 0;
  for (size_t i = 0; i < size; ++i)
    line += text[i] == '\n';
  for (size_t end = size, last = size; end-- > 1;) {
    if (text[end - 1] != '\n')
      continue;
    for (size_t at = (end + last) / 2;; at = end, ++cuts) {
      ck_assert_int_eq(ftruncate(fd, (off_t)at), 0);
      const char *code = judged(fd, source);
      ck_assert_msg(!code || !strcmp(code, whole) || !strcmp(code, "unknown"),
                    "%s, %s, cut at line %zu: %s", name, whole, line, code);
      if (at == end)
        break;
    }
    last = end;
    --line;
  }
  ck_assert_msg(line <= 1 && cuts > 3, "%s: %zu lines were not cut", name, line);
  munmap((void *)text, size);
  close(fd);
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
