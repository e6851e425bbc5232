#include "attribution/oom.h"

#include "attribution/log_line.h"
#include "measure/pieces.h"
#include "os/grow.h"
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { KIB = 1024, LOCAL = 1, WHOLE = 2, TREE = 3, MOST_COLUMNS = 12 };

#define FIGURE(MEMBER) offsetof(WxCgroupFigures, MEMBER)

// Keys of memory.stat and of the group's other files, of both versions. A figure of the whole tree
// is better than the group's own, which version 1 prints first.
static const struct {
  const char *key;
  size_t member;
  unsigned char rank;
} keys[] = {
    {"anon", FIGURE(anon_bytes), WHOLE},
    {"file", FIGURE(file_bytes), WHOLE},
    {"shmem", FIGURE(shmem_bytes), WHOLE},
    {"file_mapped", FIGURE(file_mapped_bytes), WHOLE},
    {"kernel", FIGURE(kernel_bytes), WHOLE},
    {"kernel_stack", FIGURE(kernel_stack_bytes), WHOLE},
    {"pagetables", FIGURE(page_tables_bytes), WHOLE},
    {"sock", FIGURE(socket_bytes), WHOLE},
    {"slab", FIGURE(slab_bytes), WHOLE},
    {"total_rss", FIGURE(anon_bytes), TREE},
    {"total_cache", FIGURE(file_bytes), TREE},
    {"total_shmem", FIGURE(shmem_bytes), TREE},
    {"total_mapped_file", FIGURE(file_mapped_bytes), TREE},
    {"total_swap", FIGURE(swap_bytes), TREE},
    {"rss", FIGURE(anon_bytes), LOCAL},
    {"cache", FIGURE(file_bytes), LOCAL},
    {"mapped_file", FIGURE(file_mapped_bytes), LOCAL},
    {"swap", FIGURE(swap_bytes), LOCAL},
    {"hierarchical_memory_limit", FIGURE(limit_bytes), LOCAL},
    {"memory.current", FIGURE(usage_bytes), WHOLE},
    {"memory.usage_in_bytes", FIGURE(usage_bytes), WHOLE},
    {"memory.max", FIGURE(limit_bytes), WHOLE},
    {"memory.limit_in_bytes", FIGURE(limit_bytes), WHOLE},
    {"memory.swap.current", FIGURE(swap_bytes), WHOLE},
    {"memory.kmem.usage_in_bytes", FIGURE(kernel_bytes), WHOLE},
};

typedef struct {
  WxOom *oom;
  WxOomReport *report;       // The last one.
  bool any;                  // Something was recognised.
  char heading[WX_OOM_NAME]; // Of the file whose content follows, as head and tail print it.
} Reader;

typedef int (*Take)(Reader *reader, const char *line);

static int begin_report(Reader *reader) {
  WxOom *oom = reader->oom;
  WxOomReport *items = wx_grown(oom->items, &oom->capacity, oom->count, sizeof *items);
  if (!items)
    return -ENOMEM;
  oom->items = items;
  reader->report = &items[oom->count++];
  *reader->report = wx_oom_nothing();
  return 0;
}

// The report that a line adds to: a new one where `full` says that the last has its like already.
static int need_report(Reader *reader, bool full) {
  reader->any = true;
  return reader->report && !full ? 0 : begin_report(reader);
}

static bool is_digit(char character) {
  return character >= '0' && character <= '9';
}

// The decimal number at `*at`, times `unit`; unknown where there is none or it is too large.
static WxFigure take_number(const char **at, WxFigure unit) {
  WxFigure number = 0;
  bool good = is_digit(**at);
  for (; is_digit(**at); ++*at)
    good = good && !__builtin_mul_overflow(number, 10, &number) &&
           !__builtin_add_overflow(number, **at - '0', &number);
  return good && !__builtin_mul_overflow(number, unit, &number) ? number : WX_UNKNOWN;
}

// What follows `word` in the line, where a word begins there.
static const char *find_word(const char *line, const char *word) {
  for (const char *at = line; (at = strstr(at, word)); ++at)
    if (at == line || strchr(" \t,;([:", at[-1]))
      return at + strlen(word);
  return NULL;
}

// The size behind `key`, as in `anon-rss:123kB`, with or without blanks.
static WxFigure size_of(const char *line, const char *key) {
  const char *at = find_word(line, key);
  if (!at)
    return WX_UNKNOWN;
  at += strspn(at, " \t");
  const WxFigure size = take_number(&at, KIB);
  at += strspn(at, " \t");
  return strncasecmp(at, "kb", 2) != 0 ? WX_UNKNOWN : size;
}

static WxFigure plus(WxFigure a, WxFigure b) {
  if (!wx_known(a) || !wx_known(b))
    return wx_known(a) ? a : b;
  return wx_figure_plus(a, b);
}

static size_t place_of(size_t member) {
  return member / sizeof(WxFigure);
}

static WxFigure *figure_at(WxOomReport *report, size_t member) {
  return wx_figure_at(&report->group, member);
}

// Whether the report has a figure that is as good.
static bool has_figure(const Reader *reader, size_t member, unsigned char rank) {
  return reader->report && reader->report->ranks[place_of(member)] >= rank;
}

static void put_figure(Reader *reader, size_t member, unsigned char rank, WxFigure value) {
  WxOomReport *report = reader->report;
  if (!wx_known(value) || report->ranks[place_of(member)] > rank)
    return;
  const bool huge = member == FIGURE(limit_bytes) && value >= INT64_MAX / 2;
  *figure_at(report, member) = huge ? WX_CGROUP_NO_LIMIT : value;
  report->ranks[place_of(member)] = rank;
}

static int take_invocation(Reader *reader, const char *line) {
  if (!strstr(line, "invoked oom-killer"))
    return -ENOENT;
  const int failed = need_report(reader, true);
  if (!failed)
    reader->report->killed = true;
  return failed;
}

// `memory: usage 204800kB, limit 204800kB, failcnt 911`, and the same of `kmem` and `swap`.
static int take_usage(Reader *reader, const char *line) {
  static const struct {
    const char *key;
    size_t member;
  } lines[] = {{"memory: usage", FIGURE(usage_bytes)},
               {"kmem: usage", FIGURE(kernel_bytes)},
               {"swap: usage", FIGURE(swap_bytes)}};
  for (size_t i = 0; i < sizeof lines / sizeof *lines; ++i) {
    const WxFigure usage = size_of(line, lines[i].key);
    if (!wx_known(usage))
      continue;
    const int failed = need_report(reader, has_figure(reader, lines[i].member, WHOLE));
    if (failed)
      return failed;
    put_figure(reader, lines[i].member, WHOLE, usage);
    if (lines[i].member != FIGURE(usage_bytes))
      return 0;
    reader->report->scope = WX_OOM_GROUP;
    const char *limit = find_word(line, "limit ");
    const WxFigure most = limit ? take_number(&limit, KIB) : WX_UNKNOWN;
    put_figure(reader, FIGURE(limit_bytes), WHOLE,
               limit && !wx_known(most) ? WX_CGROUP_NO_LIMIT : most);
    return 0;
  }
  return -ENOENT;
}

// Kernels before 5.3: all of a group in one line, `cache:1KB rss:2KB ...`, and a line for each
// group below, none of which counts another.
static int take_group_line(Reader *reader, const char *line) {
  if (!strstr(line, "Memory cgroup stats for"))
    return -ENOENT;
  const int failed = need_report(reader, false);
  if (failed)
    return failed;
  WxOomReport *report = reader->report;
  report->scope = WX_OOM_GROUP;
  for (size_t i = 0; i < sizeof keys / sizeof *keys; ++i) {
    char key[WX_OOM_NAME];
    const size_t length = strlen(keys[i].key);
    memcpy(key, keys[i].key, length);
    memcpy(key + length, ":", 2);
    const WxFigure size = size_of(line, key);
    if (!wx_known(size))
      continue;
    WxFigure *figure = figure_at(report, keys[i].member);
    put_figure(reader, keys[i].member, TREE, report->log_of_tree ? plus(*figure, size) : size);
  }
  report->log_of_tree = has_figure(reader, FIGURE(anon_bytes), TREE);
  return 0;
}

// The whole machine's memory, a line a node. Shared memory is on the lists of anonymous memory.
static int take_node(Reader *reader, const char *line) {
  const char *at = find_word(line, "Node ");
  if (!at || !is_digit(*at))
    return -ENOENT;
  at += strspn(at, "0123456789");
  WxOomReport *report = reader->report;
  if (strncmp(at, " active_anon:", 13) != 0 || !report || report->scope == WX_OOM_GROUP)
    return -ENOENT;
  report->scope = WX_OOM_MACHINE;
  const WxFigure shmem = size_of(at, "shmem:");
  const WxFigure anon = plus(size_of(at, "active_anon:"), size_of(at, "inactive_anon:"));
  const WxFigure file = plus(size_of(at, "active_file:"), size_of(at, "inactive_file:"));
  const struct {
    size_t member;
    WxFigure value;
  } parts[] = {{FIGURE(anon_bytes), wx_figure_minus(anon, shmem)},
               {FIGURE(file_bytes), wx_known(shmem) ? plus(file, shmem) : WX_UNKNOWN},
               {FIGURE(shmem_bytes), shmem},
               {FIGURE(file_mapped_bytes), size_of(at, "mapped:")},
               {FIGURE(kernel_stack_bytes), size_of(at, "kernel_stack:")},
               {FIGURE(page_tables_bytes), size_of(at, "pagetables:")}};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; ++i)
    if (wx_known(parts[i].value))
      put_figure(reader, parts[i].member, TREE,
                 plus(*figure_at(report, parts[i].member), parts[i].value));
  return 0;
}

// `oom-kill:constraint=CONSTRAINT_MEMCG,...`, since kernel 5.0.
static int take_constraint(Reader *reader, const char *line) {
  const char *at = strstr(line, "oom-kill:constraint=");
  if (!at)
    return -ENOENT;
  const int failed = need_report(reader, reader->report && reader->report->kills);
  if (!failed)
    reader->report->scope = strstr(at, "CONSTRAINT_MEMCG") ? WX_OOM_GROUP : WX_OOM_MACHINE;
  return failed;
}

static int take_together(Reader *reader, const char *line) {
  if (!strstr(line, "are going to be killed due to memory.oom.group"))
    return -ENOENT;
  const int failed = need_report(reader, false);
  if (!failed)
    reader->report->together = true;
  return failed;
}

// "(a name) total-vm:": names have brackets, too.
static void take_name(WxOomReport *report, const char *at) {
  const char *from = strchr(at, '('), *end = strstr(at, "total-vm:");
  if (!from)
    return;
  end = end ? end : at + strlen(at);
  while (end > from && *end != ')')
    --end;
  size_t length = end > from ? (size_t)(end - from - 1) : 0;
  length = length < WX_OOM_NAME ? length : WX_OOM_NAME - 1;
  memcpy(report->command, from + 1, length);
  report->command[length] = '\0';
}

static int take_kill(Reader *reader, const char *line) {
  const char *at = strstr(line, "Killed process ");
  if (!at || strstr(line, "oom_reaper"))
    return -ENOENT;
  at += strlen("Killed process ");
  const WxFigure pid = take_number(&at, 1);
  const WxFigure shown = size_of(at, "total-vm:");
  if (!wx_known(pid) || !wx_known(shown))
    return -ENOENT;
  const WxOomReport *last = reader->report;
  if (last && last->kills && last->pid == pid)
    return 0; // Told twice, as by a journal and by the node's events.
  const int failed = need_report(reader, last && last->kills && !last->together);
  if (failed)
    return failed;
  WxOomReport *report = reader->report;
  report->killed = true;
  if (!report->kills++) {
    report->pid = (pid_t)pid;
    take_name(report, at);
    report->anon_rss_bytes = report->file_rss_bytes = report->shmem_rss_bytes = WX_UNKNOWN;
  }
  if (report->scope == WX_OOM_ANY)
    report->scope = strstr(line, "emory cgroup out of memory") ? WX_OOM_GROUP
                    : strstr(line, "Out of memory")            ? WX_OOM_MACHINE
                                                               : WX_OOM_ANY;
  report->virtual_bytes = plus(report->virtual_bytes, shown);
  report->anon_rss_bytes = plus(report->anon_rss_bytes, size_of(at, "anon-rss:"));
  report->file_rss_bytes = plus(report->file_rss_bytes, size_of(at, "file-rss:"));
  report->shmem_rss_bytes = plus(report->shmem_rss_bytes, size_of(at, "shmem-rss:"));
  report->page_tables_bytes = plus(report->page_tables_bytes, size_of(at, "pgtables:"));
  report->dotnet = report->dotnet || !strcmp(report->command, "dotnet");
  return 0;
}

// Heading of the kernel's table of tasks.
static int take_heading(Reader *reader, const char *line) {
  const char *at = strstr(line, "total_vm");
  if (!at || !strstr(line, "oom_score_adj") || !strstr(line, "pid"))
    return -ENOENT;
  const int failed = need_report(reader, reader->report && reader->report->table);
  if (failed)
    return failed;
  reader->report->table = true;
  reader->report->shmem_column = strstr(at, "rss_shmem") ? 6 : 0; // Counted from the uid.
  return 0;
}

// "[ 4711]" in the line: what follows it, and the number.
static const char *find_task(const char *line, WxFigure *pid) {
  for (const char *at = line; (at = strchr(at, '['));) {
    ++at;
    const char *number = at + strspn(at, " ");
    *pid = take_number(&number, 1);
    number += strspn(number, " ");
    if (wx_known(*pid) && *number == ']')
      return number + 1;
  }
  return NULL;
}

// A row of it, all in pages.
static int take_task(Reader *reader, const char *line) {
  WxOomReport *report = reader->report;
  WxFigure pid, columns[MOST_COLUMNS];
  size_t count = 0;
  const char *at = report && report->table && !report->kills ? find_task(line, &pid) : NULL;
  for (; at && count < MOST_COLUMNS; ++count) {
    at += strspn(at, " ");
    columns[count] = take_number(&at, 1);
    if (!wx_known(columns[count]))
      break;
  }
  const int shmem = report ? report->shmem_column : 0;
  if (count < 5 || (int)count <= shmem)
    return -ENOENT;
  WxOomTask *tasks =
      wx_grown(report->tasks, &report->task_capacity, report->task_count, sizeof *tasks);
  if (!tasks)
    return -ENOMEM;
  report->tasks = tasks;
  tasks[report->task_count++] =
      (WxOomTask){(pid_t)pid, columns[3], shmem ? columns[shmem] : WX_UNKNOWN};
  const size_t length = strlen(line);
  report->dotnet = report->dotnet || (length >= 7 && !strcmp(line + length - 7, " dotnet"));
  return 0;
}

// /proc/PID/status of a process that lives on: it tells nothing about one that was killed.
static int take_status(Reader *reader, const char *line) {
  static const struct {
    const char *key;
    size_t member;
  } lines[] = {{"VmSize:", offsetof(WxOomReport, virtual_bytes)},
               {"RssAnon:", offsetof(WxOomReport, anon_rss_bytes)},
               {"RssFile:", offsetof(WxOomReport, file_rss_bytes)},
               {"RssShmem:", offsetof(WxOomReport, shmem_rss_bytes)},
               {"VmPTE:", offsetof(WxOomReport, page_tables_bytes)}};
  for (size_t i = 0; i < sizeof lines / sizeof *lines; ++i) {
    const WxFigure size = size_of(line, lines[i].key);
    if (!wx_known(size))
      continue;
    const int failed = need_report(reader, false);
    if (failed || reader->report->kills)
      return failed;
    WxFigure *figure = wx_figure_at(reader->report, lines[i].member);
    *figure = plus(*figure, size);
    return 0;
  }
  return -ENOENT;
}

// A quantity of Kubernetes: bytes, or with one of its suffixes.
static WxFigure take_quantity(const char *at) {
  static const struct {
    const char *suffix;
    WxFigure unit;
  } units[] = {{"Ki", 1 << 10}, {"Mi", 1 << 20}, {"Gi", 1 << 30},
               {"k", 1000},     {"M", 1000000},  {"G", 1000000000}};
  const WxFigure number = take_number(&at, 1);
  WxFigure size;
  for (size_t i = 0; i < sizeof units / sizeof *units; ++i)
    if (!strncmp(at, units[i].suffix, strlen(units[i].suffix)))
      return wx_known(number) && !__builtin_mul_overflow(number, units[i].unit, &size) ? size
                                                                                       : WX_UNKNOWN;
  return *at ? WX_UNKNOWN : number;
}

// `kubectl describe pod`: the reason of the last end, then the limits of the same container.
static int take_kubectl(Reader *reader, const char *line) {
  line += strspn(line, " \t");
  const bool killed = strstr(line, "OOMKilled") != NULL;
  const bool memory = !strncmp(line, "Medium:", 7) && strstr(line, "Memory");
  if (killed || memory) {
    const int failed = need_report(reader, false);
    if (failed)
      return failed;
    reader->report->killed |= killed;
    reader->report->tmpfs |= memory;
    if (killed && reader->report->scope == WX_OOM_ANY)
      reader->report->scope = WX_OOM_GROUP;
    return 0;
  }
  if (!reader->report)
    return -ENOENT;
  if (!strncmp(line, "Limits:", 7) || !strncmp(line, "Requests:", 9)) {
    reader->report->limits = *line == 'L';
    return 0;
  }
  if (!reader->report->limits || strncmp(line, "memory:", 7) != 0)
    return -ENOENT;
  line += 7;
  put_figure(reader, FIGURE(limit_bytes), LOCAL, take_quantity(line + strspn(line, " \t")));
  return 0;
}

// The last two words of the line, where nothing but a log's or a shell's mark stands before them.
static bool split_pair(const char *line, const char **key, size_t *key_length, const char **value) {
  const char *end = line + strlen(line), *at;
  for (at = end; at > line && !strchr(" \t=:", at[-1]); --at)
    ;
  *value = at;
  while (at > line && strchr(" \t=:", at[-1]))
    --at;
  const char *key_end = at;
  while (at > line && !strchr(" \t:;/+-", at[-1]))
    --at;
  *key = at;
  *key_length = (size_t)(key_end - at);
  while (at > line && strchr(" \t", at[-1]))
    --at;
  return at == line || strchr("]:;>|$#+-/", at[-1]);
}

static int take_pair(Reader *reader, const char *line) {
  const char *key, *value;
  size_t length;
  if (!split_pair(line, &key, &length, &value))
    return -ENOENT;
  if (!length && *reader->heading) {
    key = reader->heading;
    length = strlen(key);
  }
  for (size_t i = 0; i < sizeof keys / sizeof *keys; ++i) {
    if (strlen(keys[i].key) != length || strncmp(keys[i].key, key, length) != 0)
      continue;
    const bool unlimited = keys[i].member == FIGURE(limit_bytes) && !strcmp(value, "max");
    const WxFigure number = unlimited ? WX_CGROUP_NO_LIMIT : take_number(&value, 1);
    if (!unlimited && (!wx_known(number) || *value))
      return -ENOENT;
    // What is there twice is of another moment or another group; but the kernel's report has the
    // limit of the group, and its statistics have that of all groups above it.
    const bool again = keys[i].member == FIGURE(limit_bytes) && keys[i].rank == LOCAL;
    const int failed = need_report(
        reader, !again && has_figure(reader, keys[i].member, keys[i].rank) &&
                    !(keys[i].rank == WHOLE && has_figure(reader, keys[i].member, TREE) &&
                      reader->report->log_of_tree));
    if (!failed)
      put_figure(reader, keys[i].member, keys[i].rank, number);
    return failed;
  }
  return -ENOENT;
}

// `==> memory.current <==`, before the content of a file.
static int take_file_heading(Reader *reader, const char *line) {
  *reader->heading = '\0';
  const char *end = strstr(line, " <==");
  if (strncmp(line, "==> ", 4) != 0 || !end)
    return -ENOENT;
  const char *from = end;
  while (from > line + 4 && from[-1] != '/')
    --from;
  const size_t length = (size_t)(end - from);
  if (length < WX_OOM_NAME) {
    memcpy(reader->heading, from, length);
    reader->heading[length] = '\0';
  }
  return 0;
}

// Each kind of line, once. The first that knows it takes it.
static const Take kinds[] = {take_invocation,  take_usage,  take_group_line, take_constraint,
                             take_together,    take_kill,   take_node,       take_heading,
                             take_task,        take_status, take_kubectl,    take_pair,
                             take_file_heading};

static int take_part(Reader *reader, const char *line) {
  int result = -ENOENT;
  for (size_t i = 0; result == -ENOENT && i < sizeof kinds / sizeof *kinds; ++i)
    result = kinds[i](reader, line);
  if (reader->report && strstr(line, ".NET "))
    reader->report->dotnet = true;
  return result == -ENOENT ? 0 : result;
}

static int take_line(Reader *reader, char *line, char *newline) {
  int result = 0;
  *newline = '\0';
  for (char *rest = wx_log_open(line), *part; !result && rest;) {
    part = strsep(&rest, "\n");
    size_t length = strlen(part);
    while (length && strchr(" \t\r", part[length - 1]))
      part[--length] = '\0';
    result = take_part(reader, wx_log_skip_time(part));
  }
  return result;
}

static int read_lines(Reader *reader, WxPieces *pieces) {
  size_t left = 0;
  for (char *piece;;) {
    const ssize_t size = wx_pieces_next(pieces, left, &piece);
    if (size <= 0)
      return size || !left ? (int)size : take_line(reader, piece, piece + left);
    char *line = piece, *const end = piece + size;
    for (char *newline; (newline = memchr(line, '\n', (size_t)(end - line))); line = newline + 1) {
      const int failed = take_line(reader, line, newline);
      if (failed)
        return failed;
    }
    left = (size_t)(end - line);
  }
}

static bool is_of_tree(const WxOomReport *report) {
  static const size_t needed[] = {FIGURE(anon_bytes), FIGURE(file_bytes), FIGURE(shmem_bytes)};
  for (size_t i = 0; i < sizeof needed / sizeof *needed; ++i)
    if (report->ranks[place_of(needed[i])] < WHOLE)
      return false;
  return true;
}

int wx_oom_read(WxOom *oom, int fd) {
  Reader reader = {.oom = oom};
  WxPieces pieces = {.fd = fd};
  const int result = read_lines(&reader, &pieces);
  wx_pieces_end(&pieces);
  for (size_t i = 0; i < oom->count; ++i) {
    oom->items[i].complete = is_of_tree(&oom->items[i]);
    wx_oom_judge(&oom->items[i]);
  }
  return result || reader.any ? result : -ENODATA;
}

int wx_oom_load(WxOom *oom, const char *path) {
  if (!strcmp(path, "-"))
    return wx_oom_read(oom, STDIN_FILENO);
  const int fd = wx_os_open(path, O_RDONLY, 0);
  if (fd < 0)
    return fd;
  const int result = wx_oom_read(oom, fd);
  const int closed = wx_os_close(fd);
  return result ? result : closed;
}

int wx_oom_problem(const char *path, int error, WxProblem *problem) {
  const char *name = strcmp(path, "-") != 0 ? path : "stdin";
  if (error == -ENODATA)
    return wx_problem(problem, -EINVAL,
                      "%s: no line of it is of a kernel's report of a kill, of `kubectl describe`, "
                      "of memory.stat or of /proc/PID/status",
                      name);
  if (error == -E2BIG)
    return wx_problem(problem, -EINVAL, "%s: expected lines shorter than 64 KiB", name);
  return wx_problem(problem, -EINVAL, "%s: %s", name, strerror(-error));
}

WxOomReport wx_oom_nothing(void) {
  WxOomReport report = {.virtual_bytes = WX_UNKNOWN,
                        .anon_rss_bytes = WX_UNKNOWN,
                        .file_rss_bytes = WX_UNKNOWN,
                        .shmem_rss_bytes = WX_UNKNOWN,
                        .page_tables_bytes = WX_UNKNOWN,
                        .mapped_bytes = WX_UNKNOWN,
                        .unmapped_bytes = WX_UNKNOWN,
                        .unmapped_least_bytes = WX_UNKNOWN};
  for (size_t i = 0; i < sizeof report.group / sizeof(WxFigure); ++i)
    *figure_at(&report, i * sizeof(WxFigure)) = WX_UNKNOWN;
  return report;
}

void wx_oom_free(WxOom *oom) {
  for (size_t i = 0; i < oom->count; ++i)
    free(oom->items[i].tasks);
  free(oom->items);
  *oom = (WxOom){0};
}
