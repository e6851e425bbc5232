// Whole verbs where memory runs out: all that they print otherwise, or one line and exit status 2.
#include "attribution/core_writer.h"
#include "cli/verb.h"
#include "memory/failing.h"
#include "support/suite.h"
#include "support/written.h"
#include "trace/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { WORDS = 10, TEXT = 256 * 1024 };

typedef struct {
  const char *words[WORDS];
  int status; ///< Where memory suffices.
} Row;

#define RANGES "7f4000000000-7f4007ff6000", "7f4010000000-7f4011234000"
#define SMAPS  "tests/fixtures/audit.smaps"

// {base}, {new}: documents; {core}: a core; {trace}: a recording.
static const Row rows[] = {
    {{"list", "strategies"}, 0},
    {{"list", "models", "peers", "--format", "csv"}, 0},
    {{"list", "strategies", "--format", "json"}, 0},
    {{"explain", RANGES}, 0},
    {{"explain", RANGES, "--json", "-"}, 0},
    {{"compare", "{base}", "{new}"}, 1},
    {{"compare", "{base}", "{new}", "--format", "junit"}, 1},
    {{"report", "{base}"}, 0},
    {{"report", "{base}", "--format", "gab"}, 0},
    {{"audit", "--smaps", SMAPS, "--rows", "3"}, 0},
    {{"audit", "--smaps", SMAPS, "--prom"}, 0},
    {{"audit", "--core", "{core}"}, 0},
    {{"replay", "{trace}", "--list"}, 0},
    {{"list", "strategy"}, 2},
    {{"compare", "{base}"}, 2},
};

enum { ROWS = sizeof rows / sizeof *rows };

static char base[WRITTEN_PATH], now[WRITTEN_PATH], core[WRITTEN_PATH], trace[WRITTEN_PATH];

/* What the verbs read. Words of the documents are short: tests/memory/document_memory_test.c.
 * -------------------------------------------------------------------------------------------------
 */

#define DOCUMENT(PEAK)                                                                             \
  "{\"schema\":\"wxbench/"                                                                         \
  "1\",\"kind\":\"run\",\"context\":{\"command\":\"x\",\"date\":\"d\"},\"results\":["              \
  "{\"scenario\":\"steady\",\"strategy\":\"rwx\",\"metrics\":{\"mappings_peak\":" PEAK "},"        \
  "\"samples\":[],\"expectations\":[{\"name\":\"n\",\"ok\":true,\"expected\":\"e\",\"actual\":"    \
  "\"a\"}]}]}"

static void write_inputs(void) {
  static const WxMapping mappings[] = {
      {.start = 0x400000,
       .end = 0x402000,
       .protection = WX_READ,
       .inode = 7,
       .path = "/usr/bin/app"},
      {.start = 0x7f0004000000, .end = 0x7f0004002000, .protection = WX_READ, .path = ""}};
  written_text(base, DOCUMENT("1000"));
  written_text(now, DOCUMENT("1001"));
  written_text(core, "");
  const WxCoreRecipe recipe = {.writer = WX_WRITER_KERNEL, .mappings = mappings, .count = 2};
  const int fd = open(core, O_RDWR | O_CLOEXEC);
  ck_assert_int_eq(wx_core_write(fd, &recipe), 0);
  close(fd);
  static WxTraceWriter writer;
  written_text(trace, "");
  const int out = open(trace, O_RDWR | O_CLOEXEC);
  wx_trace_begin(&writer, out, &(WxTraceHeader){.page_size = 4096, .architecture = 62});
  wx_trace_write(&writer, &(WxTraceEvent){.kind = WX_TRACE_RESERVE, .size = 65536});
  ck_assert_int_eq(wx_trace_finish(&writer), 0);
  close(out);
}

static const char *resolved(const char *word) {
  static const struct {
    const char *name, *path;
  } inputs[] = {{"{base}", base}, {"{new}", now}, {"{core}", core}, {"{trace}", trace}};
  for (size_t i = 0; i < sizeof inputs / sizeof *inputs; ++i)
    if (strcmp(word, inputs[i].name) == 0)
      return inputs[i].path;
  return word;
}

/* Running
 * -------------------------------------------------------------------------------------------------
 */

static int streams[2] = {-1, -1}; // Where stdout and stderr go.
static char printed[2][TEXT];

static const WxCliVerb *find(const char *name) {
  const WxCliVerb *verb;
  size_t i = 0;
  while ((verb = wx_cli_verb_at(i)) && strcmp(verb->name, name) != 0)
    ++i;
  return verb;
}

static void read_back(int index) {
  fflush(index ? stderr : stdout);
  const ssize_t got = pread(streams[index], printed[index], TEXT - 1, 0);
  printed[index][got > 0 ? got : 0] = '\0';
}

static int run(const Row *row) {
  char *argv[WORDS + 1] = {NULL};
  int argc = 0;
  for (; argc < WORDS && row->words[argc]; ++argc)
    argv[argc] = (char *)resolved(row->words[argc]);
  for (int i = 0; i < 2; ++i)
    if (ftruncate(streams[i], 0) || lseek(streams[i], 0, SEEK_SET))
      abort();
  const WxCliVerb *verb = argc ? find(argv[0]) : NULL;
  return verb ? verb->run(argc, argv) : -1;
}

// The date is none that could be compared.
static void hide_date(char *text) {
  char *date = strstr(text, "\"date\": \"");
  if (date)
    memset(date + 9, 'd', strlen("2026-01-02T03:04:05Z"));
}

typedef struct {
  const Row *row;
  char expected[2][TEXT];
  bool known;
} Verb;

static int attempt(void *context) {
  Verb *verb = context;
  const int status = run(verb->row);
  memory_suffices();
  for (int i = 0; i < 2; ++i) {
    read_back(i);
    hide_date(printed[i]);
    if (!verb->known)
      strcpy(verb->expected[i], printed[i]);
  }
  verb->known = true;
  if (status == verb->row->status && strcmp(printed[0], verb->expected[0]) == 0 &&
      strcmp(printed[1], verb->expected[1]) == 0)
    return 0;
  // What is refused may be refused in fewer words.
  const char *line = strchr(printed[1], '\n');
  if (status == 2 && line && !line[1] && (verb->row->status == 2 || strstr(printed[1], "memory")))
    return -ENOMEM;
  dprintf(STDIN_FILENO + 10, "status %d\nstdout: %s\nstderr: %s\n", status, printed[0], printed[1]);
  return -EPROTO;
}

// Once for each row.
START_TEST(a_verb_does_all_or_says_in_one_line_that_memory_is_out) {
  write_inputs();
  tzset(); // Reads the time zone once and for all.
  const int kept = dup2(STDOUT_FILENO, STDIN_FILENO + 10);
  static Verb verb;
  verb = (Verb){.row = &rows[_i]};
  for (int i = 0; i < 2; ++i) {
    streams[i] = memfd_create(i ? "stderr" : "stdout", MFD_CLOEXEC);
    fflush(i ? stderr : stdout);
    ck_assert_int_ge(dup2(streams[i], i ? STDERR_FILENO : STDOUT_FILENO), 0);
  }
  ck_assert_int_eq(run(verb.row), verb.row->status); // Its second run has all buffers.
  ck_assert_uint_ge(memory_fail_each(attempt, &verb), 3);
  unlink(base);
  unlink(now);
  unlink(core);
  unlink(trace);
  close(kept);
}
END_TEST

int main(void) {
  const TTest *const tests[] = {a_verb_does_all_or_says_in_one_line_that_memory_is_out};
  return wx_suite_run_variants("verbs_memory", tests, 1, ROWS);
}
