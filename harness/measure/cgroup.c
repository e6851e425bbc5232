#include "measure/cgroup.h"

#include "measure/mounts.h"
#include "measure/process_status.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VERSIONS = 2 };

/// Version 1 says "no limit" as the largest multiple of the page size.
static const int64_t no_limit_v1 = INT64_MAX - INT64_C(64) * 1024;

/// One figure: which file of the group, and which word in it (NULL: the whole file is the number).
typedef struct {
  size_t member;
  struct {
    const char *file;
    const char *key;
  } source[VERSIONS];
} Field;

#define FIELD(MEMBER, FILE1, KEY1, FILE2, KEY2)                                                    \
  {                                                                                                \
    offsetof(WxCgroupFigures, MEMBER), {                                                           \
      {FILE1, KEY1}, {                                                                             \
        FILE2, KEY2                                                                                \
      }                                                                                            \
    }                                                                                              \
  }

// Rows of the same file stand together, so that each file is read once.
static const Field fields[] = {
    FIELD(usage_bytes, "memory.usage_in_bytes", NULL, "memory.current", NULL),
    FIELD(shmem_bytes, "memory.stat", "total_shmem", "memory.stat", "shmem"),
    FIELD(file_mapped_bytes, "memory.stat", "total_mapped_file", "memory.stat", "file_mapped"),
    FIELD(anon_bytes, "memory.stat", "total_rss", "memory.stat", "anon"),
    FIELD(file_bytes, "memory.stat", "total_cache", "memory.stat", "file"),
    FIELD(limit_bytes, "memory.stat", "hierarchical_memory_limit", NULL, NULL),
    FIELD(kernel_bytes, NULL, NULL, "memory.stat", "kernel"),
    FIELD(slab_bytes, NULL, NULL, "memory.stat", "slab"),
    FIELD(socket_bytes, NULL, NULL, "memory.stat", "sock"),
    FIELD(page_tables_bytes, NULL, NULL, "memory.stat", "pagetables"),
    FIELD(kernel_stack_bytes, NULL, NULL, "memory.stat", "kernel_stack"),
    FIELD(swap_bytes, "memory.stat", "total_swap", "memory.swap.current", NULL),
    FIELD(kernel_bytes, "memory.kmem.usage_in_bytes", NULL, NULL, NULL),
    FIELD(socket_bytes, "memory.kmem.tcp.usage_in_bytes", NULL, NULL, NULL),
    FIELD(oom_kills, "memory.oom_control", "oom_kill", "memory.events", "oom_kill"),
    FIELD(limit_hits, "memory.failcnt", NULL, "memory.events", "max"),
    FIELD(peak_bytes, "memory.max_usage_in_bytes", NULL, "memory.peak", NULL),
};

enum { FIELD_COUNT = sizeof fields / sizeof *fields };

// Puts `root` before the path. False where it does not fit.
static bool put_before(char path[static PATH_MAX], const char *root) {
  const size_t length = strlen(root);
  const size_t own = strlen(path);
  if (length + own >= PATH_MAX)
    return false;
  memmove(path + length, path, own + 1);
  memcpy(path, root, length);
  return true;
}

static int read_file(WxText *text, const char *directory, const char *file) {
  char path[PATH_MAX + 64];
  snprintf(path, sizeof path, "%s/%s", directory, file);
  return wx_text_read(text, path);
}

// Version 2 accounts memory where memory.stat is: the group itself or one above it.
static void climb_to_memory(WxCgroup *group, WxText *text) {
  while (read_file(text, group->directory, "memory.stat")) {
    char *slash = strrchr(group->directory, '/');
    if (strlen(group->directory) <= strlen(group->mount) || !slash) {
      group->version = 0;
      return;
    }
    *slash = '\0';
  }
}

// The directory of the group whose /proc/PID/cgroup is in `groups`: that of a memory controller of
// version 1 where there is one, wherever version 2 is mounted as well. `text` gets the mounts.
static int find_directory(WxCgroup *group, const char *groups, const char *root, WxText *text) {
  const int failed = read_file(text, root, "/proc/self/mountinfo");
  if (failed)
    return failed;
  size_t point_length;
  char *directory = group->directory;
  const bool first = wx_cgroup_directory(groups, text->data, "memory", directory, &point_length);
  if (!first && !wx_cgroup_directory(groups, text->data, NULL, directory, &point_length))
    return 0;
  memcpy(group->mount, directory, point_length);
  if (put_before(directory, root) && put_before(group->mount, root))
    group->version = first ? 1 : 2;
  return 0;
}

int wx_cgroup_find(WxCgroup *group, pid_t pid, const char *root, WxText *text) {
  *group = (WxCgroup){0};
  WxText groups = {0};
  char file[WX_PROCESS_PATH_SIZE];
  wx_process_path(file, pid, "cgroup");
  int result = wx_process_error(read_file(&groups, root, file));
  if (!result)
    result = find_directory(group, groups.data, root, text);
  if (!result && group->version == 2)
    climb_to_memory(group, text);
  wx_text_free(&groups);
  return result;
}

static bool parse_number(const char *text, WxFigure *figure) {
  char *end;
  errno = 0;
  const int64_t number = strtoll(text, &end, 10);
  if (end == text || errno || number < 0)
    return false;
  *figure = number;
  return true;
}

static void take_keyed(const char *text, const char *key, WxFigure *figure) {
  const size_t length = strlen(key);
  for (const char *line = text; line && *line;) {
    if (strncmp(line, key, length) == 0 && line[length] == ' ' &&
        parse_number(line + length + 1, figure))
      return;
    const char *newline = strchr(line, '\n');
    line = newline ? newline + 1 : NULL;
  }
}

// A file that is not there, or may not be read, leaves its figures unknown.
static int read_fields(WxCgroupFigures *figures, const WxCgroup *group, WxText *text) {
  const char *held = NULL; // The file in `text`.
  for (size_t i = 0; i < FIELD_COUNT; ++i) {
    const char *file = fields[i].source[group->version - 1].file;
    const char *key = fields[i].source[group->version - 1].key;
    if (!file)
      continue;
    if (!held || strcmp(held, file) != 0) {
      const int result = read_file(text, group->directory, file);
      if (result == -ENOMEM)
        return result;
      held = file;
    }
    WxFigure *figure = (void *)((char *)figures + fields[i].member);
    if (text->length && key)
      take_keyed(text->data, key, figure);
    else if (text->length)
      (void)parse_number(text->data, figure);
  }
  return 0;
}

// Version 2: the lowest memory.max from the group up to the mount point. "max" is none; the root
// group has no such file.
static void read_limit(WxCgroupFigures *figures, const WxCgroup *group, WxText *text) {
  char directory[PATH_MAX];
  memcpy(directory, group->directory, sizeof directory);
  figures->limit_bytes = WX_CGROUP_NO_LIMIT;
  while (strlen(directory) >= strlen(group->mount)) {
    WxFigure limit;
    if (!read_file(text, directory, "memory.max") && parse_number(text->data, &limit) &&
        limit < figures->limit_bytes)
      figures->limit_bytes = limit;
    char *slash = strrchr(directory, '/');
    if (!slash)
      return;
    *slash = '\0';
  }
}

int wx_cgroup_read(WxCgroupFigures *figures, const WxCgroup *group, WxText *text) {
  for (size_t i = 0; i < FIELD_COUNT; ++i) {
    const WxFigure unknown = WX_UNKNOWN;
    memcpy((char *)figures + fields[i].member, &unknown, sizeof unknown);
  }
  if (group->version == 0)
    return 0;
  const int result = read_fields(figures, group, text);
  if (group->version == 2)
    read_limit(figures, group, text);
  else if (figures->limit_bytes >= no_limit_v1)
    figures->limit_bytes = WX_CGROUP_NO_LIMIT;
  return result;
}
