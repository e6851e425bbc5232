#include "measure/process_status.h"

#include "os/grow.h"
#include "os/os.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KIBIBYTE = 1024 };

/// One figure of a file whose lines read `Name: number [kB]`.
typedef struct {
  const char *name; ///< With the colon.
  size_t member;    ///< Offset of the WxFigure it fills.
  int64_t unit;
} Field;

#define FIELD(TYPE, MEMBER, NAME, UNIT)                                                            \
  { NAME, offsetof(TYPE, MEMBER), UNIT }

static const Field status_fields[] = {
    FIELD(WxProcessStatus, rss_bytes, "VmRSS:", KIBIBYTE),
    FIELD(WxProcessStatus, rss_peak_bytes, "VmHWM:", KIBIBYTE),
    FIELD(WxProcessStatus, rss_anon_bytes, "RssAnon:", KIBIBYTE),
    FIELD(WxProcessStatus, rss_file_bytes, "RssFile:", KIBIBYTE),
    FIELD(WxProcessStatus, rss_shmem_bytes, "RssShmem:", KIBIBYTE),
    FIELD(WxProcessStatus, swap_bytes, "VmSwap:", KIBIBYTE),
    FIELD(WxProcessStatus, page_tables_bytes, "VmPTE:", KIBIBYTE),
    FIELD(WxProcessStatus, threads, "Threads:", 1),
    FIELD(WxProcessStatus, parent, "PPid:", 1),
    FIELD(WxProcessStatus, user, "Uid:", 1),
};

static const Field pss_fields[] = {
    FIELD(WxProcessPss, pss_bytes, "Pss:", KIBIBYTE),
    FIELD(WxProcessPss, pss_anon_bytes, "Pss_Anon:", KIBIBYTE),
    FIELD(WxProcessPss, pss_file_bytes, "Pss_File:", KIBIBYTE),
    FIELD(WxProcessPss, pss_shmem_bytes, "Pss_Shmem:", KIBIBYTE),
};

void wx_process_path(char path[static WX_PROCESS_PATH_SIZE], pid_t pid, const char *file) {
  if (pid)
    snprintf(path, WX_PROCESS_PATH_SIZE, "/proc/%d/%s", (int)pid, file);
  else
    snprintf(path, WX_PROCESS_PATH_SIZE, "/proc/self/%s", file);
}

int wx_process_error(int error) {
  return error == -ENOENT ? -ESRCH : error;
}

static int read_file(WxText *text, pid_t pid, const char *file) {
  char path[WX_PROCESS_PATH_SIZE];
  wx_process_path(path, pid, file);
  return wx_process_error(wx_text_read(text, path));
}

static void take_field(const Field *field, const char *line, void *record) {
  const size_t length = strlen(field->name);
  if (strncmp(line, field->name, length) != 0)
    return;
  char *end;
  const int64_t number = strtoll(line + length, &end, 10);
  WxFigure *figure = (void *)((char *)record + field->member);
  if (end != line + length && number >= 0 && number <= INT64_MAX / field->unit)
    *figure = number * field->unit;
}

static void take_fields(const Field *fields, size_t count, const WxText *text, void *record) {
  for (size_t i = 0; i < count; ++i) {
    const WxFigure unknown = WX_UNKNOWN;
    memcpy((char *)record + fields[i].member, &unknown, sizeof unknown);
  }
  for (const char *line = text->data; line && *line;) {
    for (size_t i = 0; i < count; ++i)
      take_field(&fields[i], line, record);
    const char *newline = strchr(line, '\n');
    line = newline ? newline + 1 : NULL;
  }
}

int wx_process_status(WxProcessStatus *status, pid_t pid, WxText *text) {
  const int result = read_file(text, pid, "status");
  take_fields(status_fields, sizeof status_fields / sizeof *status_fields, text, status);
  return result;
}

// The text after the line's name, NULL where there is no such line.
static const char *line_of(const WxText *text, const char *name) {
  const char *at = text->data ? strstr(text->data, name) : NULL;
  return at ? at + strlen(name) : NULL;
}

int wx_process_users(WxProcessUsers *users, pid_t pid, WxText *text) {
  const int result = read_file(text, pid, "status");
  if (result)
    return result;
  const char *process = line_of(text, "\nTgid:");
  const char *ids = line_of(text, "\nUid:");
  uint32_t *id = users->ids;
  int number;
  if (!process || !ids || sscanf(process, "%d", &number) != 1 ||
      sscanf(ids, "%" SCNu32 " %" SCNu32 " %" SCNu32 " %" SCNu32, &id[0], &id[1], &id[2], &id[3]) !=
          WX_PROCESS_USERS)
    return -EINVAL;
  users->process = number;
  return 0;
}

int wx_process_pss(WxProcessPss *pss, pid_t pid, WxText *text) {
  const int result = read_file(text, pid, "smaps_rollup");
  take_fields(pss_fields, sizeof pss_fields / sizeof *pss_fields, text, pss);
  if (result != -ESRCH)
    return result;
  char path[WX_PROCESS_PATH_SIZE]; // The process, or only this file of it, is not there.
  wx_process_path(path, pid, "status");
  struct stat status;
  return wx_process_error(wx_os_stat(path, &status));
}

WxMappingCounts wx_process_count_mappings(const WxMaps *maps, const char *path) {
  WxMappingCounts counts = {0};
  size_t *const by_access[] = {&counts.none, &counts.executable, &counts.writable, &counts.both};
  for (size_t i = 0; i < maps->count; ++i) {
    const WxMapping *mapping = &maps->items[i];
    if (path ? strcmp(mapping->path, path) != 0 : strcmp(mapping->path, "[vsyscall]") == 0)
      continue;
    const unsigned access = mapping->protection & (WX_WRITE | WX_EXECUTE);
    ++*(mapping->protection == WX_READ ? &counts.read_only : by_access[access]);
    ++counts.count;
    counts.bytes += mapping->end - mapping->start;
  }
  return counts;
}

/// What is used of /proc/PID/stat.
typedef struct {
  char state;
  pid_t parent;
  uint64_t faults_minor;
  uint64_t faults_major;
  uint64_t start;
  uint64_t vm_bytes;
  uint64_t code;
  uint64_t stack;
} Stat;

// The text after the command's name, which is in brackets and may itself hold brackets and spaces.
static int parse_stat(const WxText *text, Stat *stat) {
  const char *bracket = text->data ? strrchr(text->data, ')') : NULL;
  int parent;
  const int got = bracket ? sscanf(bracket + 1,
                                   " %c %d %*d %*d %*d %*d %*u %" SCNu64 " %*u %" SCNu64
                                   " %*u %*u %*u %*d %*d %*d %*d %*d %*d %" SCNu64 " %" SCNu64
                                   " %*d %*u %" SCNu64 " %*u %" SCNu64,
                                   &stat->state, &parent, &stat->faults_minor, &stat->faults_major,
                                   &stat->start, &stat->vm_bytes, &stat->code, &stat->stack)
                          : 0;
  if (got != 8)
    return -EINVAL;
  stat->parent = parent;
  return 0;
}

static int read_stat(pid_t pid, Stat *stat, WxText *text) {
  const int result = read_file(text, pid, "stat");
  return result ? result : parse_stat(text, stat);
}

// As read_stat(), of a process that has not ended.
static int read_living_stat(pid_t pid, Stat *stat, WxText *text) {
  const int result = read_stat(pid, stat, text);
  return !result && (stat->state == 'Z' || stat->state == 'X') ? -ESRCH : result;
}

int wx_process_start_time(pid_t pid, uint64_t *ticks, WxText *text) {
  Stat stat;
  const int result = read_living_stat(pid, &stat, text);
  if (!result)
    *ticks = stat.start;
  return result;
}

int wx_process_mark(WxProcessMark *mark, pid_t pid, WxText *text) {
  Stat stat;
  const int result = read_living_stat(pid, &stat, text);
  if (!result)
    *mark =
        (WxProcessMark){.vm_bytes = stat.vm_bytes, .faults = stat.faults_minor + stat.faults_major};
  return result;
}

bool wx_process_mark_equal(const WxProcessMark *a, const WxProcessMark *b) {
  return a->vm_bytes == b->vm_bytes && a->faults == b->faults;
}

int wx_process_life(WxProcessLife *life, pid_t pid, WxText *text) {
  Stat stat;
  const int result = read_living_stat(pid, &stat, text);
  if (!result)
    *life = (WxProcessLife){stat.start, stat.vm_bytes, stat.code, stat.stack};
  return !result && !stat.vm_bytes ? -ESRCH : result;
}

bool wx_process_life_equal(const WxProcessLife *a, const WxProcessLife *b) {
  return a->started == b->started && a->code == b->code && a->stack == b->stack;
}

WxFigure wx_process_number(const char *path, const char *key, WxText *text) {
  if (wx_text_read(text, path))
    return WX_UNKNOWN;
  const char *found = strstr(text->data, key);
  if (!found)
    return WX_UNKNOWN;
  found += strlen(key);
  char *end;
  errno = 0;
  const long long number = strtoll(found, &end, 10);
  return end > found && !errno ? number : WX_UNKNOWN;
}

int wx_process_parent(pid_t pid, pid_t *parent, WxText *text) {
  Stat stat;
  const int result = read_stat(pid, &stat, text);
  if (!result)
    *parent = stat.parent;
  return result;
}

int wx_processes_add(WxProcesses *processes, pid_t pid) {
  pid_t *pids = wx_grown(processes->pids, &processes->capacity, processes->count, sizeof *pids);
  if (!pids)
    return -ENOMEM;
  processes->pids = pids;
  pids[processes->count++] = pid;
  return 0;
}

static int visit_process(long number, void *context) {
  return wx_processes_add(context, (pid_t)number);
}

int wx_process_all(WxProcesses *found) {
  found->count = 0;
  return wx_directory_numbers("/proc", visit_process, found);
}

bool wx_processes_contain(const WxProcesses *processes, pid_t pid) {
  for (size_t i = 0; i < processes->count; ++i)
    if (processes->pids[i] == pid)
      return true;
  return false;
}

void wx_processes_free(WxProcesses *processes) {
  free(processes->pids);
  *processes = (WxProcesses){0};
}

/* A process and its descendants
 * -------------------------------------------------------------------------------------------------
 */

/// A walk over the threads of one process, each of which has children of its own.
typedef struct {
  WxProcesses *found;
  pid_t pid;
  WxText *text;
  bool listed; ///< Some thread's children could be read.
} Walk;

static int add_numbers(WxProcesses *found, const char *text) {
  for (;;) {
    char *end;
    const long number = strtol(text, &end, 10);
    if (end == text)
      return 0;
    if (wx_processes_add(found, (pid_t)number))
      return -ENOMEM;
    text = end;
  }
}

static int visit_thread(long thread, void *context) {
  Walk *walk = context;
  char file[64];
  snprintf(file, sizeof file, "task/%ld/children", thread);
  char path[WX_PROCESS_PATH_SIZE];
  wx_process_path(path, walk->pid, file);
  const int result = wx_text_read(walk->text, path);
  if (result == -ENOENT || result == -ESRCH) // The thread has ended, or the kernel has no list.
    return 0;
  if (result)
    return result;
  walk->listed = true;
  return add_numbers(walk->found, walk->text->data);
}

static int add_children(Walk *walk) {
  char path[WX_PROCESS_PATH_SIZE];
  wx_process_path(path, walk->pid, "task");
  walk->listed = false;
  return wx_process_error(wx_directory_numbers(path, visit_thread, walk));
}

int wx_process_descendants(WxProcesses *found, pid_t root, WxText *text) {
  found->count = 0;
  int result = wx_processes_add(found, root ? root : getpid());
  for (size_t next = 0; !result && next < found->count; ++next) {
    Walk walk = {.found = found, .pid = found->pids[next], .text = text};
    result = add_children(&walk);
    if (!result && next == 0 && !walk.listed)
      return wx_process_descendants_by_parents(found, root, text);
    if (result == -ESRCH && next > 0) // A descendant that has ended meanwhile.
      result = 0;
  }
  return result;
}

// The parent of each process of `all`; 0 for one that has gone.
static int read_parents(const WxProcesses *all, pid_t *parents, WxText *text) {
  for (size_t i = 0; i < all->count; ++i) {
    const int result = wx_process_parent(all->pids[i], &parents[i], text);
    if (result && result != -ESRCH)
      return result;
    if (result)
      parents[i] = 0;
  }
  return 0;
}

// Adds generation after generation, until one has no children.
static int add_descendants(WxProcesses *found, const WxProcesses *all, const pid_t *parents) {
  for (size_t next = 0; next < found->count; ++next)
    for (size_t i = 0; i < all->count; ++i)
      if (parents[i] == found->pids[next] && wx_processes_add(found, all->pids[i]))
        return -ENOMEM;
  return 0;
}

int wx_process_descendants_by_parents(WxProcesses *found, pid_t root, WxText *text) {
  found->count = 0;
  WxProcesses all = {0};
  pid_t *parents = NULL;
  int result = wx_processes_add(found, root ? root : getpid());
  if (!result)
    result = wx_process_all(&all);
  if (!result && !wx_processes_contain(&all, found->pids[0]))
    result = -ESRCH;
  if (!result && !(parents = calloc(all.count + 1, sizeof *parents)))
    result = -ENOMEM;
  if (!result)
    result = read_parents(&all, parents, text);
  if (!result)
    result = add_descendants(found, &all, parents);
  free(parents);
  wx_processes_free(&all);
  return result;
}
