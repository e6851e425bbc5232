// What an audit costs, beside reading the same files and beside the usual tools, on a process of
// 60,000 mappings and a core of 80,000 segments.
#include "bench/bench_reports.h"

#include "attribution/core_writer.h"
#include "os/os.h"
#include "os/process.h"
#include "stats/interval.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CORE_PATH = 64 };

enum {
  MAPPINGS = 60000,
  SEGMENTS = 80000,
  SEGMENT_BYTES = 80 * 1024, // 6 GB in all.
  PAGE = 4096,
  BLOCK_PAGES = 16,
  USED_PAGES = 10,
};

// A process of as many mappings as asked for, all of one memfd, as the runtime's look.
static void be_subject(int ready) {
  const int fd = memfd_create("doublemapper", MFD_CLOEXEC);
  wx_os_signal_on_parent_death(SIGKILL);
  if (fd < 0 || ftruncate(fd, (off_t)1 << 41))
    _exit(1);
  for (off_t i = 0; i < MAPPINGS; ++i) {
    // No two neighbours in memory are neighbours in the file, so that none are joined.
    const off_t offset = i * 7 % MAPPINGS * PAGE;
    const int protection = PROT_READ | (i & 1 ? PROT_WRITE : PROT_EXEC);
    const char *page = mmap(NULL, PAGE, protection, MAP_SHARED, fd, offset);
    if (page == MAP_FAILED)
      _exit(2);
    // As in real blocks of 64 KiB: the first part is used, the rest is not.
    if (offset / PAGE % BLOCK_PAGES < USED_PAGES)
      (void)*(const volatile char *)page;
  }
  if (write(ready, "r", 1) != 1)
    _exit(3);
  for (;;)
    pause();
}

// Starts a process of 60,000 mappings of one memfd, as the runtime's look. Returns its number, to
// be ended with wx_os_end_group(); negative where there cannot be so many.
static pid_t start_subject(void) {
  int ends[2];
  char byte;
  if (wx_os_pipe(ends))
    return -EIO;
  const pid_t subject = wx_os_fork();
  if (subject == 0)
    be_subject(ends[1]);
  wx_os_close(ends[1]);
  const ssize_t got = subject > 0 ? wx_os_read(ends[0], &byte, 1) : -1;
  wx_os_close(ends[0]);
  if (got == 1)
    return subject;
  if (subject > 0)
    wx_os_end_group(subject, NULL, NULL);
  return -ENOMEM;
}

// Writes a core of 80,000 segments and 6 GB that takes little room, and its name into `path`, to
// be removed by the caller, also after a failure. Returns 0 or a negative errno.
static int write_core(char path[CORE_PATH]) {
  WxMapping *mappings = calloc(SEGMENTS, sizeof *mappings);
  if (!mappings)
    return -ENOMEM;
  for (uint64_t i = 0; i < SEGMENTS; ++i)
    mappings[i] = (WxMapping){
        .start = 0x7f0000000000 + i * 2 * SEGMENT_BYTES,
        .end = 0x7f0000000000 + i * 2 * SEGMENT_BYTES + SEGMENT_BYTES,
        .offset = i * SEGMENT_BYTES,
        .protection = i & 1 ? WX_READ | WX_WRITE : WX_READ | WX_EXECUTE,
        .shared = true,
        .inode = 1,
        .path = "/memfd:doublemapper (deleted)",
    };
  const WxCoreRecipe recipe = {.writer = WX_WRITER_KERNEL, .mappings = mappings, .count = SEGMENTS};
  snprintf(path, CORE_PATH, "/tmp/wxbench-core-XXXXXX");
  const int fd = mkstemp(path);
  const int result = fd < 0 ? -errno : wx_core_write(fd, &recipe);
  if (fd >= 0)
    close(fd);
  free(mappings);
  return result;
}

enum { ROUNDS = 9, WORDS_MAX = 12, WORD_TEXT = 2 * PATH_MAX };

// What is measured. {pid}, {core} and {self} in words are replaced.
static const struct {
  const char *name;
  const char *words[WORDS_MAX];
  int base;        // Row that it is compared with; -1 for none.
  double most;     // Highest ratio wanted, plus
  double most_ms;  // so many milliseconds; 0 and 0 for none.
  double most_mib; // Highest memory wanted; 0 for none.
  size_t rounds;   // At most so many; 0 for all.
} rows[] = {
    {"cat maps", {"cat", "/proc/{pid}/maps"}, -1, 0, 0, 0, 0},
    {"audit --fast", {"{self}", "audit", "{pid}", "--fast"}, 0, 1.1, 5, 0, 0},
    {"cat smaps", {"cat", "/proc/{pid}/smaps"}, -1, 0, 0, 0, 0},
    {"cat smaps again (A/A)", {"cat", "/proc/{pid}/smaps"}, 2, 0, 0, 0, 0},
    {"audit", {"{self}", "audit", "{pid}"}, 2, 1.1, 0, 0, 0},
    {"pmap -X", {"pmap", "-X", "{pid}"}, 2, 0, 0, 0, 3},
    {"gdb, info proc mappings",
     {"gdb", "-nx", "-batch", "-p", "{pid}", "-ex", "info proc mappings"},
     2,
     0,
     0,
     0,
     2},
    {"audit --core", {"{self}", "audit", "--core", "{core}"}, -1, 0, 150, 64, 0},
    {"gdb, opening the core", {"gdb", "-nx", "-batch", "-c", "{core}"}, 7, 0, 0, 0, 2},
};
enum { ROWS = WX_BENCH_AUDIT_ROWS };
_Static_assert(sizeof rows / sizeof *rows == ROWS, "one measurement a row");

typedef struct {
  WxBench *bench;
  pid_t subject;
  char core[CORE_PATH];
  char self[PATH_MAX];
  WxAuditTimes times[ROWS];
} Audits;

static void replace_word(const Audits *audits, const char *word, char target[WORD_TEXT]) {
  const char *brace = strchr(word, '{');
  char pid[16];
  snprintf(pid, sizeof pid, "%d", (int)audits->subject);
  if (!brace) {
    snprintf(target, WORD_TEXT, "%s", word);
    return;
  }
  const char *value = brace[1] == 'p' ? pid : brace[1] == 'c' ? audits->core : audits->self;
  snprintf(target, WORD_TEXT, "%.*s%s%s", (int)(brace - word), word, value, strchr(brace, '}') + 1);
}

// Runs a row's command with its output thrown away. Returns its exit status, or a negative errno.
static int run_command(const Audits *audits, size_t row, struct rusage *usage) {
  static char words[WORDS_MAX][WORD_TEXT];
  char *argv[WORDS_MAX + 1] = {NULL};
  for (size_t i = 0; i < WORDS_MAX && rows[row].words[i]; ++i) {
    replace_word(audits, rows[row].words[i], words[i]);
    argv[i] = words[i];
  }
  const pid_t pid = wx_os_fork();
  if (pid == 0) {
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd <= 2; ++fd)
      wx_os_duplicate_onto(null, fd);
    wx_os_exec(argv, environ);
    _exit(127);
  }
  int status;
  if (pid < 0)
    return pid;
  const pid_t ended = wx_os_wait(pid, 0, &status, usage);
  return ended < 0 ? ended : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int time_row(Audits *audits, size_t row) {
  struct rusage usage;
  const uint64_t before = wx_os_now_ns();
  const int status = run_command(audits, row, &usage);
  const uint64_t after = wx_os_now_ns();
  if (status < 0 || (status && rows[row].words[0][0] == '{'))
    return wx_problem(&audits->bench->problem, -EINVAL, "%s ended with %d", rows[row].name, status);
  if (status == 127) // Not installed here: the row stays empty.
    return 0;
  WxAuditTimes *times = &audits->times[row];
  times->seconds[times->count++] = (double)(after - before) / 1e9;
  times->peak_mib = fmax(times->peak_mib, (double)usage.ru_maxrss / 1024);
  return 0;
}

// Every row once a round, each round beginning with another one.
static int time_all(Audits *audits, size_t rounds) {
  for (size_t round = 0; round < rounds; ++round)
    for (size_t turn = 0; turn < ROWS; ++turn) {
      const size_t row = (round + turn) % ROWS;
      if (rows[row].rounds && round >= rows[row].rounds)
        continue;
      wx_progress_show(&audits->bench->progress, "%s, round %zu of %zu", rows[row].name, round + 1,
                       rounds);
      const int status = time_row(audits, row);
      if (status)
        return status;
    }
  return 0;
}

// Whether a row is as fast and small as wanted: "yes", "no", or "" where nothing is wanted.
// `reference` is the median of what it is compared with, 0 where there is nothing.
static const char *judge(const WxAuditTimes times[], size_t row, double median, double reference) {
  if (rows[row].most == 0 && rows[row].most_ms == 0)
    return "";
  if (rows[row].base >= 0 && reference == 0)
    return "";
  const double limit = rows[row].most_ms / 1e3 + rows[row].most * reference;
  const bool small = rows[row].most_mib == 0 || times[row].peak_mib <= rows[row].most_mib;
  return median <= limit && small ? "yes" : "no";
}

static void report_row(WxBench *bench, WxTable *table, const WxAuditTimes times[], size_t row) {
  const int base = rows[row].base;
  const WxAuditTimes *own = &times[row];
  WxInterval median, reference = {0}, ratio = {NAN, NAN, NAN, 0};
  if (own->count == 0)
    return;
  int failed = wx_interval_median(own->seconds, own->count, bench->seed, &median);
  if (!failed && base >= 0 && times[base].count > 0)
    failed = wx_interval_median(times[base].seconds, times[base].count, bench->seed, &reference);
  if (!failed && base >= 0 && times[base].count >= own->count)
    failed = wx_interval_ratio(times[base].seconds, own->seconds, own->count, bench->seed, &ratio);
  bench->document->lost |= failed == -ENOMEM;
  if (failed)
    return;
  const char *holds = judge(times, row, median.median, reference.median);
  wx_table_add(table, (WxCell[]){wx_text(rows[row].name),
                                 wx_figure((WxFigure)llround(median.median * 1e9)),
                                 wx_text(base >= 0 ? rows[base].name : ""), wx_ratio(ratio.median),
                                 wx_ratio(ratio.low), wx_ratio(ratio.high),
                                 wx_figure((WxFigure)(own->peak_mib * 1048576)), wx_text(holds)});
  wx_document_add_result(
      bench->document,
      json_pack("{s:s, s:s, s:f, s:s, s:o, s:o, s:o, s:I, s:f, s:s}", "benchmark", "audit", "row",
                rows[row].name, "median_s", median.median, "base", base >= 0 ? rows[base].name : "",
                "ratio", isnan(ratio.median) ? json_null() : json_real(ratio.median), "ci_low",
                isnan(ratio.low) ? json_null() : json_real(ratio.low), "ci_high",
                isnan(ratio.high) ? json_null() : json_real(ratio.high), "n",
                (json_int_t)own->count, "peak_mib", own->peak_mib, "as_wanted", holds));
}

void wx_bench_audit_report(WxBench *bench, const WxAuditTimes times[WX_BENCH_AUDIT_ROWS]) {
  static const WxColumn columns[] = {
      {"what", WX_TEXT},      {"median", WX_NS},  {"beside", WX_TEXT},  {"ratio", WX_RATIO},
      {"95 % low", WX_RATIO}, {"high", WX_RATIO}, {"memory", WX_BYTES}, {"as wanted", WX_TEXT},
  };
  WxTable *table = wx_table_new("a process of 60,000 mappings, a core of 80,000 segments (6 GB)",
                                columns, sizeof columns / sizeof *columns);
  for (size_t row = 0; row < ROWS; ++row)
    report_row(bench, table, times, row);
  wx_document_add_table(bench->document, table);
  wx_document_note(bench->document,
                   "Wanted: audit at most 1.1 x cat smaps; --fast at most 1.1 x cat maps + 5 ms; "
                   "--core under 150 ms and 64 MiB, and 20 x faster than gdb.");
}

static int measure(Audits *audits) {
  WxProblem *problem = &audits->bench->problem;
  const size_t rounds = audits->bench->rounds ? (size_t)audits->bench->rounds : ROUNDS;
  for (size_t row = 0; row < ROWS; ++row) {
    audits->times[row].seconds = calloc(rounds, sizeof(double));
    if (!audits->times[row].seconds)
      return wx_problem(problem, -ENOMEM, "out of memory");
  }
  if (wx_os_readlink("/proc/self/exe", audits->self, sizeof audits->self))
    return wx_problem(problem, -EINVAL, "cannot find this program");
  audits->subject = start_subject();
  if (audits->subject < 0)
    return wx_problem(problem, -ENOTSUP, "no process of 60,000 mappings here (vm.max_map_count)");
  const int failed = write_core(audits->core);
  if (failed)
    return wx_problem(problem, -EINVAL, "cannot write a core to /tmp: %s", strerror(-failed));
  const int status = time_all(audits, rounds);
  if (!status)
    wx_bench_audit_report(audits->bench, audits->times);
  return status;
}

int wx_bench_audit(WxBench *bench) {
  Audits audits = {.bench = bench};
  const int status = measure(&audits);
  if (audits.subject > 0)
    wx_os_end_group(audits.subject, NULL, NULL);
  if (*audits.core)
    unlink(audits.core);
  for (size_t row = 0; row < ROWS; ++row)
    free(audits.times[row].seconds);
  return status;
}
