// How much memory files of any length take: counted by the allocator, not by the system.
#include "attribution/audit.h"
#include "cli/verb.h"
#include "memory/failing.h"
#include "support/suite.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROWS = 200000, MAPPINGS = 2200000, FEWER = 1400000, MIB = 1 << 20 };

// Lines in address order, as one writes them who does not end.
typedef void PutLine(FILE *stream, uint64_t i);

// Arenas and files in turn, each file of another name.
static void put_pasted(FILE *stream, uint64_t i) {
  const uint64_t start = UINT64_C(0x7f0000000000) + (i << 26);
  if (i % 2)
    fprintf(stream, "%" PRIx64 "-%" PRIx64 " rw-p 00000000 00:00 0 \n", start, start + 0x25d000);
  else
    fprintf(stream,
            "%" PRIx64 "-%" PRIx64 " r--p 00000000 103:02 %" PRIu64 " /srv/data/%" PRIu64
            "/of/some/length.db\n",
            start, start + 0x1000, i, i);
}

// Nearly all of data files, as in open-telemetry/opentelemetry-ebpf-profiler 1255.
static void put_mapping(FILE *stream, uint64_t i) {
  const uint64_t start = (i + 1) << 13;
  if (i % 50)
    fprintf(stream,
            "%" PRIx64 "-%" PRIx64 " r--s 00000000 103:02 %" PRIu64 " /srv/data/%" PRIu64 ".db\n",
            start, start + 0x1000, i % 1000 + 1, i % 1000);
  else
    fprintf(stream, "%" PRIx64 "-%" PRIx64 " rw-p 00000000 00:00 0 \n", start, start + 0x1000);
}

static _Noreturn void write_lines(int fd, PutLine *put_line, uint64_t lines) {
  FILE *stream = fdopen(fd, "w");
  for (uint64_t i = 0; stream && i < lines; ++i)
    put_line(stream, i);
  _exit(!stream || fclose(stream));
}

// Returns where the lines can be read.
static int begin(PutLine *put_line, uint64_t lines, pid_t *writer) {
  int ends[2];
  ck_assert_int_eq(pipe(ends), 0);
  *writer = fork();
  if (*writer == 0)
    write_lines(ends[1], put_line, lines);
  close(ends[1]);
  return ends[0];
}

static void end(int fd, pid_t writer) {
  int status;
  close(fd);
  ck_assert_int_eq(waitpid(writer, &status, 0), writer);
  ck_assert_int_eq(status, 0);
}

static int explain(void *context) {
  char *arguments[] = {"explain", "--format", context, NULL};
  return wx_cli_explain(3, arguments);
}

START_TEST(explaining_200000_rows_takes_at_most_64_mib) {
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  pid_t writer;
  const int fd = begin(put_pasted, ROWS, &writer);
  ck_assert_int_eq(dup2(fd, STDIN_FILENO), STDIN_FILENO);
  fflush(stdout);
  const int kept = dup(STDOUT_FILENO);
  dup2(nowhere, STDOUT_FILENO);
  const uint64_t most = memory_most_bytes(explain, "csv");
  dup2(kept, STDOUT_FILENO);
  end(fd, writer);
  ck_assert_msg(most < 64 * MIB, "%" PRIu64 " bytes", most);
  ck_assert_uint_gt(most, 10 * MIB); // It did read them.
}
END_TEST

typedef struct {
  uint64_t lines;
  WxAudit audit;
} Saved;

static int audit(void *context) {
  Saved *saved = context;
  pid_t writer;
  const int fd = begin(put_mapping, saved->lines, &writer);
  char path[32];
  snprintf(path, sizeof path, "/dev/fd/%d", fd);
  const int result =
      wx_audit_file(&saved->audit, WX_SOURCE_MAPS, path, &(WxAuditOptions){.rows = 5});
  end(fd, writer);
  const size_t lines = saved->audit.lines;
  wx_audit_free(&saved->audit);
  ck_assert_uint_eq(lines, saved->lines);
  return result;
}

START_TEST(auditing_maps_takes_a_fixed_amount_of_memory_however_many_lines_they_have) {
  static Saved saved;
  saved.lines = FEWER;
  const uint64_t fewer = memory_most_bytes(audit, &saved);
  saved.lines = MAPPINGS;
  const uint64_t more = memory_most_bytes(audit, &saved);
  ck_assert_msg(more <= 256 * (uint64_t)MIB, "%" PRIu64 " bytes", more);
  ck_assert_msg(more <= fewer + 64 * 1024, "%" PRIu64 " bytes, %" PRIu64 " of fewer lines", more,
                fewer);
}
END_TEST

WX_TEST_MAIN("size_memory", explaining_200000_rows_takes_at_most_64_mib,
             auditing_maps_takes_a_fixed_amount_of_memory_however_many_lines_they_have)
