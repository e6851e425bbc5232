#include "reclaim/task_stat.h"

#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Fields after the command, which is in parentheses and may hold anything: state is the first.
enum {
  STAT_SIZE = 1024,
  FIELDS_TO_PARENT = 1,
  FIELDS_TO_FLAGS = 6,
  FIELDS_TO_THREADS = 17,
  FIELDS_TO_START = 19,
  FIELDS_TO_STACK = 25,
};

static const char *skip_fields(const char *at, int count) {
  for (int i = 0; i < count && at; ++i)
    at = strchr(at, ' ') ? strchr(at, ' ') + 1 : NULL;
  return at;
}

static int parse(const char *text, WxTaskStat *stat) {
  const char *before = strchr(text, '(');
  const char *after = strrchr(text, ')');
  if (!before || !after || after < before || after[1] != ' ')
    return -EPROTO;
  const char *first = after + 2;
  const char *parent = skip_fields(first, FIELDS_TO_PARENT);
  const char *flags = skip_fields(first, FIELDS_TO_FLAGS);
  const char *threads = skip_fields(first, FIELDS_TO_THREADS);
  const char *start = skip_fields(first, FIELDS_TO_START);
  const char *stack = skip_fields(first, FIELDS_TO_STACK);
  if (!parent || !flags || !threads || !start || !stack)
    return -EPROTO;
  *stat = (WxTaskStat){.state = *first,
                       .parent = (pid_t)strtol(parent, NULL, 10),
                       .flags = (unsigned)strtoul(flags, NULL, 10),
                       .threads = (unsigned)strtoul(threads, NULL, 10),
                       .start_ticks = strtoull(start, NULL, 10),
                       .stack = strtoull(stack, NULL, 10)};
  const size_t length = (size_t)(after - before) - 1;
  memcpy(stat->command, before + 1,
         length < sizeof stat->command ? length : sizeof stat->command - 1);
  return 0;
}

int wx_task_stat(int directory, pid_t task, WxTaskStat *stat) {
  char path[32];
  (void)snprintf(path, sizeof path, "%d/stat", (int)task);
  const int fd = wx_os_openat(directory, path, O_RDONLY);
  if (fd < 0)
    return fd == -ENOENT ? -ESRCH : fd;
  char text[STAT_SIZE];
  const ssize_t length = wx_os_read(fd, text, sizeof text - 1);
  wx_os_close_reader(fd);
  if (length <= 0)
    return length == 0 || length == -ENOENT ? -ESRCH : (int)length;
  text[length] = '\0';
  return parse(text, stat);
}

bool wx_task_has_ended(int directory, pid_t task) {
  WxTaskStat stat;
  return !wx_task_stat(directory, task, &stat) && stat.state == 'Z';
}
